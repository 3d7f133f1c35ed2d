//! What the macros write, compared with `tests/expected/<case>.expanded.rs`. `GTRAMP_BLESS=1`
//! accepts what they write now.

use std::path::Path;
use std::{env, fs};

use proc_macro2::TokenStream;

use crate::probe::{Kind, probe, replace, session};
use crate::traceable::traceable;

/// Expands the first attribute of `tests/expected/<case>.rs`.
#[track_caller]
fn case(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected");
    let input = fs::read_to_string(folder.join(format!("{name}.rs"))).expect("a case");
    let (attribute, item) = input.split_once("]\n").expect("an attribute on a line of its own");
    let (macro_name, args) = attribute
        .trim_start_matches("#[")
        .split_once('(')
        .map_or((attribute.trim_start_matches("#["), ""), |(name, args)| {
            (name, args.trim_end_matches(')'))
        });
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    let (args, item) = (parse(args), parse(item));
    let expanded = match macro_name {
        "traceable" => traceable(args, item, None),
        "fentry" => probe(Kind::Fentry, args, item),
        "fexit" => probe(Kind::Fexit, args, item),
        "fsession" => session(args, item),
        "replace" => replace(args, item),
        "fmod_ret" => probe(Kind::FmodRet, args, item),
        other => panic!("no macro {other}"),
    };
    let file = syn::parse2(expanded).expect("items");
    compare(&folder.join(format!("{name}.expanded.rs")), &prettyplease::unparse(&file));
}

#[track_caller]
fn compare(path: &Path, found: &str) {
    if env::var_os("GTRAMP_BLESS").is_some_and(|value| value == "1") {
        fs::write(path, found).expect("writable");
        return;
    }
    let wanted = fs::read_to_string(path).unwrap_or_default();
    assert!(wanted == found, "{} differs; GTRAMP_BLESS=1 accepts:\n{found}", path.display());
}

#[test]
fn a_function() {
    case("function");
}

#[test]
fn a_replacement() {
    case("replacement");
}

#[test]
fn an_async_replacement() {
    case("replacement_async");
}

#[test]
fn a_replacement_that_borrows() {
    case("replacement_that_borrows");
}

#[test]
fn a_tracepoint() {
    let tokens = "posted, account: &str = &self.name, amount: u64".parse().expect("tokens");
    let expanded = crate::tracepoint::tracepoint(tokens);
    let file = syn::parse2(quote::quote!(fn main() { #expanded })).expect("items");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/tracepoint.expanded.rs");
    compare(&path, &prettyplease::unparse(&file));
}

#[test]
fn a_closure_as_a_replacement() {
    let tokens = "move |ledger: &Ledger, amount: u64| -> u64 { ledger.fee.min(limit) + amount }";
    closure("replacing_closure", tokens);
}

#[test]
fn a_closure_as_a_replacement_that_borrows() {
    closure("replacing_closure_that_borrows", "for<'t> |one: &'t str, _: &str| -> &'t str { one }");
}

#[track_caller]
fn closure(name: &str, tokens: &str) {
    let expanded = crate::probe::replacement(tokens.parse().expect("tokens"));
    let file = syn::parse2(quote::quote!(fn main() { #expanded })).expect("items");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected");
    compare(&folder.join(format!("{name}.expanded.rs")), &prettyplease::unparse(&file));
}

#[test]
fn a_function_that_returns_a_closure() {
    case("returns_closure");
}

#[test]
fn an_impl_block() {
    case("impl_block");
}

#[test]
fn a_module_with_one_refusal() {
    case("refusal");
}

#[test]
fn skipping() {
    case("skip");
}

#[test]
fn an_entry_probe() {
    case("fentry");
}

#[test]
fn an_exit_probe() {
    case("fexit");
}

#[test]
fn a_modify_return_probe() {
    case("fmod_ret");
}

#[test]
fn a_session() {
    case("fsession");
}

#[test]
fn a_refused_probe() {
    case("refused_probe");
}
