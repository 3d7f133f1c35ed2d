//! Reads one source file: its traceable functions, the types it defines, the modules it names.

use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, GenericParam, Generics, Meta, Signature, Token, Type};

/// What one file holds.
#[derive(Default)]
pub(super) struct Scanned {
    pub(super) functions: Vec<Marked>,
    pub(super) types: Vec<String>,
    pub(super) submodules: Vec<Submodule>,
}

/// A function marked as traceable.
pub(super) struct Marked {
    pub(super) owner: Owner,
    /// Its name, after those of the functions around it.
    pub(super) name: String,
    pub(super) package: String,
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) args: usize,
    pub(super) generics: Vec<String>,
    /// Why the attribute refuses it, if it does.
    pub(super) refusal: Option<String>,
}

/// What a function's path begins with.
#[derive(Clone)]
pub(super) enum Owner {
    /// A module, a function or a trait, by its path.
    Path(String),
    /// The type of an `impl`, as written there.
    Impl {
        /// The path of what the `impl` stands in.
        module: String,
        /// The segments of the type's path; none for a type that has no path.
        written: Vec<String>,
        /// The type's text.
        text: String,
    },
}

/// `mod name;`
pub(super) struct Submodule {
    pub(super) name: String,
    /// The path of the module it stands in.
    pub(super) parent: String,
    /// The inline modules of this file around it.
    pub(super) inline: Vec<String>,
    /// Its `#[path]`s.
    pub(super) paths: Vec<String>,
    /// Under a `#[cfg]`: it need not exist.
    pub(super) conditional: bool,
    pub(super) line: usize,
}

/// Reads `text`, the file of the module `path`, if it marks nothing and declares its modules and
/// types at the start of a line: most files of most crates, which then need not be parsed.
pub(super) fn unmarked(text: &str, path: &str) -> Option<Scanned> {
    if text.contains("traceable") || text.contains("#[path") || text.contains("cfg_attr") {
        return None;
    }
    let mut scanned = Scanned::default();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        let declaration = line.trim_start();
        let indented = declaration.len() < line.len();
        if declaration.starts_with('#') && declaration.contains(" mod ") {
            return None;
        }
        let declaration = match declaration.strip_prefix("pub") {
            Some(rest) if rest.starts_with('(') => {
                rest.split_once(')').map_or(rest, |(_, rest)| rest)
            }
            Some(rest) => rest,
            None => declaration,
        };
        let mut words = declaration.split_whitespace();
        match (words.next(), words.next()) {
            (Some("mod"), Some(name)) if name.ends_with(';') && indented => return None,
            (Some("mod"), Some(name)) if name.ends_with(';') => {
                scanned.submodules.push(Submodule {
                    name: name.trim_end_matches(';').trim_start_matches("r#").to_owned(),
                    parent: path.to_owned(),
                    inline: Vec::new(),
                    paths: Vec::new(),
                    // Whether it is under a `#[cfg]`, or in a comment, is not known.
                    conditional: true,
                    line: index + 1,
                })
            }
            (Some("struct" | "enum" | "union"), Some(name)) if !indented => {
                let end =
                    name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
                scanned.types.push(format!("{path}::{}", &name[..end]));
            }
            _ => {}
        }
    }
    Some(scanned)
}

/// Reads `text`, the file of the module `path`.
pub(super) fn file(text: &str, path: &str, package: &str, file: &Path) -> syn::Result<Scanned> {
    let parsed = syn::parse_file(text)?;
    let mut scan = Scan {
        package,
        file,
        owner: Owner::Path(path.to_owned()),
        name: Vec::new(),
        inline: Vec::new(),
        generics: Vec::new(),
        traced: false,
        found: Scanned::default(),
    };
    scan.visit_file(&parsed);
    Ok(scan.found)
}

struct Scan<'f> {
    package: &'f str,
    file: &'f Path,
    owner: Owner,
    /// Functions around.
    name: Vec<String>,
    /// Inline modules around.
    inline: Vec<String>,
    generics: Vec<String>,
    /// A container around carries the attribute.
    traced: bool,
    found: Scanned,
}

/// What a `#[traceable]` says.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    None,
    Trace,
    Skip,
}

impl Scan<'_> {
    /// The path of the place where the scan is.
    fn here(&self) -> String {
        let owner = match &self.owner {
            Owner::Path(path) => path.clone(),
            Owner::Impl { module, text, .. } => format!("{module}::{text}"),
        };
        let parts = [owner].into_iter().chain(self.name.iter().cloned());
        parts.collect::<Vec<_>>().join("::")
    }

    /// Goes into a container and comes out again.
    fn within(
        &mut self,
        owner: Owner,
        attrs: &[Attribute],
        generics: Option<&Generics>,
        inside: impl FnOnce(&mut Self),
    ) {
        let traced = match mark(attrs) {
            Mark::Trace => true,
            Mark::Skip => false,
            Mark::None => self.traced,
        };
        let outer =
            (self.owner.clone(), std::mem::take(&mut self.name), self.generics.len(), self.traced);
        self.owner = owner;
        self.traced = traced;
        self.generics.extend(generics.into_iter().flat_map(names));
        inside(self);
        self.generics.truncate(outer.2);
        (self.owner, self.name, self.traced) = (outer.0, outer.1, outer.3);
    }

    fn function(
        &mut self,
        attrs: &[Attribute],
        sig: &Signature,
        has_body: bool,
        inside: impl FnOnce(&mut Self),
    ) {
        let marked = match mark(attrs) {
            Mark::Trace => true,
            Mark::Skip => false,
            Mark::None => self.traced && !is_test(attrs),
        };
        let outer = self.generics.len();
        self.generics.extend(names(&sig.generics));
        self.name.push(sig.ident.to_string());
        // The attribute on a container does not mean what has no body.
        let alone = mark(attrs) == Mark::Trace && !self.traced;
        if marked && (has_body || alone) {
            self.found.functions.push(Marked {
                owner: self.owner.clone(),
                name: self.name.join("::"),
                package: self.package.to_owned(),
                file: self.file.to_owned(),
                line: sig.ident.span().start().line,
                args: sig.inputs.len(),
                generics: self.generics.clone(),
                refusal: refusal(attrs, sig, has_body),
            });
        }
        // The attribute does not reach functions inside functions, and their generics are their own.
        let traced = std::mem::replace(&mut self.traced, false);
        let generics = std::mem::take(&mut self.generics);
        inside(self);
        self.generics = generics;
        self.traced = traced;
        self.name.pop();
        self.generics.truncate(outer);
    }

    fn defines(&mut self, name: &syn::Ident) {
        self.found.types.push(format!("{}::{name}", self.here()));
    }
}

impl<'ast> Visit<'ast> for Scan<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = item.ident.to_string();
        let name = name.trim_start_matches("r#").to_owned();
        let here = self.here();
        match &item.content {
            Some(_) => {
                self.inline.push(name.clone());
                let owner = Owner::Path(format!("{here}::{name}"));
                self.within(owner, &item.attrs, None, |scan| visit::visit_item_mod(scan, item));
                self.inline.pop();
            }
            None => self.found.submodules.push(Submodule {
                name,
                parent: here,
                inline: self.inline.clone(),
                paths: item.attrs.iter().flat_map(paths).collect(),
                conditional: item.attrs.iter().any(|attr| attr.path().is_ident("cfg")),
                line: item.ident.span().start().line,
            }),
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let owner = Owner::Impl {
            module: self.here(),
            written: written(&item.self_ty),
            text: text(&item.self_ty),
        };
        self.within(owner, &item.attrs, Some(&item.generics), |scan| {
            visit::visit_item_impl(scan, item)
        });
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let owner = Owner::Path(format!("{}::{}", self.here(), item.ident));
        self.within(owner, &item.attrs, Some(&item.generics), |scan| {
            visit::visit_item_trait(scan, item)
        });
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.attrs, &item.sig, true, |scan| visit::visit_item_fn(scan, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.attrs, &item.sig, true, |scan| visit::visit_impl_item_fn(scan, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        let has_body = item.default.is_some();
        self.function(&item.attrs, &item.sig, has_body, |scan| {
            visit::visit_trait_item_fn(scan, item)
        });
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.defines(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.defines(&item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.defines(&item.ident);
        visit::visit_item_union(self, item);
    }
}

/// Why the attribute refuses a function with this signature, whatever callers there are.
fn refusal(attrs: &[Attribute], sig: &Signature, has_body: bool) -> Option<String> {
    let names = |attr: &Attribute, name: &str| {
        unconditional(&attr.meta).iter().any(|meta| meta.path().is_ident(name))
    };
    let depends_on_cfg = sig.inputs.iter().any(|input| {
        let (FnArg::Receiver(syn::Receiver { attrs, .. })
        | FnArg::Typed(syn::PatType { attrs, .. })) = input;
        attrs.iter().any(|attr| names(attr, "cfg"))
    });
    let is_naked = attrs.iter().any(|attr| {
        names(attr, "naked")
            || names(attr, "unsafe")
                && attr.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "naked")
    });
    let reasons = [
        (sig.constness.is_some(), "it is a `const fn`"),
        (sig.asyncness.is_some(), "it is an `async fn`"),
        (sig.variadic.is_some(), "it is variadic"),
        (is_naked, "it is naked"),
        (!has_body, "it has no body"),
        (depends_on_cfg, "an argument depends on `cfg`"),
    ];
    reasons.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason.to_owned())
}

/// What the attributes say, those under a `cfg_attr` included.
fn mark(attrs: &[Attribute]) -> Mark {
    let marks = attrs.iter().flat_map(|attr| unconditional(&attr.meta));
    marks.fold(Mark::None, |mark, meta| {
        if meta.path().segments.last().is_none_or(|last| last.ident != "traceable") {
            return mark;
        }
        let skips = match &meta {
            Meta::List(list) => list.tokens.to_string().split(',').any(|arg| arg.trim() == "skip"),
            _ => false,
        };
        if skips || mark == Mark::Skip { Mark::Skip } else { Mark::Trace }
    })
}

/// An attribute, or those that a `cfg_attr` stands for.
fn unconditional(meta: &Meta) -> Vec<Meta> {
    let Meta::List(list) = meta else {
        return vec![meta.clone()];
    };
    if !list.path.is_ident("cfg_attr") {
        return vec![meta.clone()];
    }
    let parsed = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let inner = parsed.into_iter().flatten().skip(1);
    inner.flat_map(|meta| unconditional(&meta)).collect()
}

fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("test") || attr.path().is_ident("bench"))
}

/// The texts of `#[path = ".."]`.
fn paths(attr: &Attribute) -> Vec<String> {
    let metas = unconditional(&attr.meta).into_iter();
    metas
        .filter_map(|meta| match meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match pair.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

fn names(generics: &Generics) -> Vec<String> {
    let params = generics.params.iter();
    params
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(param.ident.to_string()),
            GenericParam::Const(param) => Some(param.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        })
        .collect()
}

/// The segments of a type that is a path, without generic arguments.
fn written(ty: &Type) -> Vec<String> {
    match ty {
        Type::Path(path) if path.qself.is_none() => {
            path.path.segments.iter().map(|segment| segment.ident.to_string()).collect()
        }
        Type::Paren(inner) => written(&inner.elem),
        Type::Group(inner) => written(&inner.elem),
        _ => Vec::new(),
    }
}

/// A type's text, roughly as the compiler prints it.
fn text(ty: &Type) -> String {
    let segments = written(ty);
    if let Some(last) = segments.last() {
        return last.clone();
    }
    let tokens = quote::quote!(#ty).to_string();
    tokens
        .replace(" :: ", "::")
        .replace(" ,", ",")
        .replace("& ", "&")
        .replace("[ ", "[")
        .replace(" ]", "]")
}
