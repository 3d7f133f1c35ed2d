//! Puts `#[::gtramp::traceable]` on every function of a crate, and links [`gtramp_transplant`] into it.
//!
//! The attribute goes to each `impl` block and trait as a whole, and to functions that stand in neither:
//! that is how it is meant. With `--single` every method has one of its own.
//!
//! It only ever inserts text, none with a line break before the end of a file: lines keep their
//! numbers. What a `macro_rules!` or another macro's call contains stays as it is, and so do functions
//! that cannot be traced. What could be but is known to fail is said by a file: `--leave FILE`, each line
//! of which is `crate path:line name`, and then why.
//!
//! Usage: `annotate [--leave FILE] [--single] [--without-probes] FOLDER..`, where a folder is the
//! crate's, named for it. Without probes, it does not link what attaches.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use lexopt::{Arg, ValueExt as _};
use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{
    Attribute, FnArg, FnModifiers, ImplItemFn, ItemFn, ItemImpl, ItemTrait, Signature, TraitItemFn,
    Visibility,
};

const ATTRIBUTE: &str = "#[::gtramp::traceable] ";
const SKIP: &str = "#[::gtramp::traceable(skip)] ";

/// As many arguments as there are callers for.
const MAX_ARGS: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = Vec::new();
    let mut options = Options { leave: Leave::default(), single: false, probes: true };
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("leave") => {
                options.leave = Leave::parse(&fs::read_to_string(args.value()?)?)?
            }
            Arg::Long("single") => options.single = true,
            Arg::Long("without-probes") => options.probes = false,
            Arg::Value(folder) => folders.push(PathBuf::from(folder.string()?)),
            _ => return Err(arg.unexpected().into()),
        }
    }
    let gtramp = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("a folder above")?;
    for folder in folders {
        annotate_crate(&folder, gtramp, &options)?;
    }
    Ok(())
}

struct Options {
    leave: Leave,
    single: bool,
    probes: bool,
}

fn annotate_crate(folder: &Path, gtramp: &Path, options: &Options) -> Result<(), Box<dyn Error>> {
    let name = folder.file_name().and_then(|name| name.to_str()).ok_or("a folder's name")?;
    let mut counts = Counts::new();
    for file in sources(&folder.join("src"))? {
        let path = file.strip_prefix(folder)?.to_string_lossy().into_owned();
        let leave = |line, function: &str| options.leave.names(name, &path, line, function);
        let text = fs::read_to_string(&file)?;
        let places = find(&text, options.single, &leave, &mut counts)
            .map_err(|error| format!("{path}: {error}"))?;
        let mut text = insert(&text, &places).map_err(|error| format!("{path}: {error}"))?;
        if options.probes && path == "src/lib.rs" {
            text.push_str("\nextern crate gtramp_transplant as _;\n");
        }
        fs::write(&file, text)?;
    }
    if counts.get(LEFT).copied().unwrap_or_default() != options.leave.of(name) {
        return Err(format!("{name}: a line of --leave names no function").into());
    }
    depend(&folder.join("Cargo.toml"), gtramp)?;
    let counts: Vec<_> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    println!("{name}: {}", counts.join(", "));
    Ok(())
}

/// Adds the two dependencies, and makes the crate a workspace of its own.
fn depend(manifest: &Path, gtramp: &Path) -> Result<(), Box<dyn Error>> {
    let mut text = fs::read_to_string(manifest)?;
    for (name, folder) in [("gtramp", "runtime"), ("gtramp-transplant", "transplant")] {
        let path = gtramp.join(folder);
        let path = path.to_str().ok_or("a path in UTF-8")?;
        text.push_str(&format!("\n[dependencies.{name}]\npath = {path:?}\n"));
    }
    fs::write(manifest, text)?;
    Ok(())
}

/// Every file of Rust in `folder` and those below.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Functions that are left as they are, and why nobody need know here.
#[derive(Default)]
struct Leave(Vec<[String; 4]>);

impl Leave {
    fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let parse = |line: &str| {
            let mut words = line.split_whitespace();
            let (krate, (path, number)) = (words.next()?, words.next()?.split_once(':')?);
            Some([krate, path, number, words.next()?].map(str::to_owned))
        };
        lines
            .map(|line| parse(line).ok_or_else(|| format!("what is `{line}`?")))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn names(&self, krate: &str, path: &str, line: usize, function: &str) -> bool {
        let line = line.to_string();
        self.0
            .iter()
            .any(|entry| entry.each_ref().map(|word| &**word) == [krate, path, &line, function])
    }

    fn of(&self, krate: &str) -> usize {
        self.0.iter().filter(|entry| entry[0] == krate).count()
    }
}

/// How many functions there are of each kind.
type Counts = BTreeMap<&'static str, usize>;

/// The kind of those that `--leave` names.
const LEFT: &str = "left as they are";

/// Text to insert.
struct Place {
    offset: usize,
    text: &'static str,
}

/// Where the functions of a file are made traceable.
fn find(
    text: &str,
    single: bool,
    leave: &dyn Fn(usize, &str) -> bool,
    counts: &mut Counts,
) -> syn::Result<Vec<Place>> {
    // The parser passes over a byte order mark before it counts.
    let begin = text.len() - text.trim_start_matches('\u{feff}').len();
    let file = syn::parse_file(text)?;
    let mut finder = Finder { begin, single, leave, places: Vec::new(), counts };
    finder.visit_file(&file);
    finder.places.sort_by_key(|place| place.offset);
    Ok(finder.places)
}

/// The text with what is to be inserted.
fn insert(text: &str, places: &[Place]) -> Result<String, String> {
    let begins =
        ["async", "auto", "const", "default", "extern", "fn", "impl", "pub", "trait", "unsafe"];
    let mut out = String::with_capacity(text.len() + places.len() * ATTRIBUTE.len());
    let mut done = 0;
    for Place { offset, text: inserted } in places {
        let rest = text.get(*offset..).unwrap_or_default();
        if !begins.iter().any(|word| rest.starts_with(word)) {
            return Err(format!("no function begins at byte {offset}"));
        }
        out.push_str(&text[done..*offset]);
        out.push_str(inserted);
        done = *offset;
    }
    out.push_str(&text[done..]);
    Ok(out)
}

struct Finder<'a> {
    /// The byte at which the parser began to count.
    begin: usize,
    /// Methods have attributes of their own.
    single: bool,
    leave: &'a dyn Fn(usize, &str) -> bool,
    places: Vec<Place>,
    counts: &'a mut Counts,
}

impl Finder<'_> {
    /// A function with a body, and whether the block in which it stands has the attribute.
    fn function(&mut self, attrs: &[Attribute], sig: &Signature, begin: Span, in_block: bool) {
        let kind = kind(attrs, sig);
        let left = kind == TRACEABLE
            && (self.leave)(sig.ident.span().start().line, &sig.ident.to_string());
        *self.counts.entry(if left { LEFT } else { kind }).or_default() += 1;
        match (kind == TRACEABLE && !left, in_block) {
            (true, false) => self.insert(begin, ATTRIBUTE),
            // A block's attribute does not mean tests.
            (false, true) if kind != TESTS => self.insert(begin, SKIP),
            _ => {}
        }
    }

    fn insert(&mut self, begin: Span, text: &'static str) {
        self.places.push(Place { offset: self.begin + begin.byte_range().start, text });
    }
}

impl Visit<'_> for Finder<'_> {
    fn visit_item_fn(&mut self, node: &ItemFn) {
        let begin = begin(&node.vis, &node.modifiers, node.sig.span());
        self.function(&node.attrs, &node.sig, begin, false);
        visit::visit_item_fn(self, node);
    }

    fn visit_item_impl(&mut self, node: &ItemImpl) {
        if !self.single {
            let bare = ItemImpl { attrs: Vec::new(), ..node.clone() };
            self.insert(bare.span(), ATTRIBUTE);
        }
        visit::visit_item_impl(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &ImplItemFn) {
        let begin = begin(&node.vis, &node.modifiers, node.sig.span());
        self.function(&node.attrs, &node.sig, begin, !self.single);
        visit::visit_impl_item_fn(self, node);
    }

    fn visit_item_trait(&mut self, node: &ItemTrait) {
        if !self.single {
            let bare = ItemTrait { attrs: Vec::new(), ..node.clone() };
            self.insert(bare.span(), ATTRIBUTE);
        }
        visit::visit_item_trait(self, node);
    }

    fn visit_trait_item_fn(&mut self, node: &TraitItemFn) {
        if node.default.is_some() {
            self.function(&node.attrs, &node.sig, node.sig.span(), !self.single);
        }
        visit::visit_trait_item_fn(self, node);
    }
}

/// The first token behind a function's attributes.
fn begin(vis: &Visibility, modifiers: &FnModifiers, sig: Span) -> Span {
    match (vis, &modifiers.defaultness) {
        (Visibility::Inherited, None) => sig,
        (Visibility::Inherited, Some(default)) => default.span(),
        _ => vis.span(),
    }
}

const TRACEABLE: &str = "traceable";
const TESTS: &str = "tests";

/// What to call a function: traceable, or what keeps it from that.
fn kind(attrs: &[Attribute], sig: &Signature) -> &'static str {
    let has = |name: &str| attrs.iter().any(|attr| attr.path().is_ident(name));
    let is_conditional = |input: &FnArg| {
        let (FnArg::Receiver(syn::Receiver { attrs, .. })
        | FnArg::Typed(syn::PatType { attrs, .. })) = input;
        attrs.iter().any(|attr| attr.path().is_ident("cfg"))
    };
    let is_naked = |attr: &Attribute| {
        attr.path().is_ident("unsafe")
            && attr.parse_args::<syn::Ident>().is_ok_and(|name| name == "naked")
    };
    if has("test") || has("bench") {
        TESTS
    } else if sig.constness.is_some() {
        "const"
    } else if sig.asyncness.is_some() {
        "async"
    } else if sig.variadic.is_some() {
        "variadic"
    } else if has("naked") || attrs.iter().any(is_naked) {
        "naked"
    } else if sig.inputs.len() > MAX_ARGS {
        "of too many arguments"
    } else if sig.inputs.iter().any(is_conditional) {
        "of conditional arguments"
    } else {
        TRACEABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn annotated(text: &str, single: bool) -> String {
        let leave = |line, name: &str| (line, name) == (1, "known");
        let places = find(text, single, &leave, &mut Counts::new()).expect("Rust");
        insert(text, &places).expect("places")
    }

    /// `@` stands for the attribute, `~` for one that skips.
    #[track_caller]
    fn annotates(expected: &str, single: bool) {
        let text = expected.replace(['@', '~'], "");
        assert_eq!(annotated(&text, single), expected.replace('@', ATTRIBUTE).replace('~', SKIP));
    }

    #[test]
    fn functions_blocks_and_traits_are_annotated_where_they_begin() {
        annotates(
            "/// é\n#[inline] @pub(crate) fn a() { @fn nested() {} }\n\
             /// A.\n@impl A { default fn b(&self) {} ~pub const fn c() {} #[test] fn d() {} }\n\
             @unsafe impl B for A {}\n@pub trait T { fn e(); fn f() {} ~async fn g() {} }\n\
             mod m { @pub fn h() {} }\n",
            false,
        );
    }

    #[test]
    fn every_method_may_have_an_attribute_of_its_own() {
        annotates(
            "impl A { @default fn b(&self) {} #[cfg(x)]\n    @unsafe extern \"C\" fn c() {} }\n\
             trait T { fn d(); @fn e() {} async fn f() {} }\n",
            true,
        );
    }

    #[test]
    fn what_cannot_be_traced_stays() {
        let thirteen = "_: u8, ".repeat(13);
        let text = format!(
            "fn known() {{}} const fn a() {{}}\nasync fn b() {{}}\n#[test]\nfn c() {{}}\n\
             #[unsafe(naked)]\nextern \"C\" fn d() {{}}\nfn e({thirteen}) {{}}\n\
             fn f(#[cfg(x)] a: u8) {{}}\nmacro_rules! g {{ () => {{ fn g() {{}} }} }}\n\
             h! {{ fn h() {{}} }}\nextern \"C\" {{ fn i(); }}\n"
        );
        annotates(&text, false);
    }

    #[test]
    fn a_byte_order_mark_shifts_nothing() {
        annotates("\u{feff}@fn a() {}", false);
    }
}
