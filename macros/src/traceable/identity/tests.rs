use syn::{Generics, Type, parse_quote};

use super::{argument_identity, identity};
use crate::text::text;
use crate::traceable::scope::Scope;

fn parse(ty: &str) -> Type {
    syn::parse_str(ty).expect("a type")
}

fn scope(generics: &str) -> Scope {
    let mut parsed: Generics =
        syn::parse_str(generics.split(" where").next().expect("generics")).expect("generics");
    if let Some(at) = generics.find("where") {
        parsed.where_clause = Some(syn::parse_str(&generics[at..]).expect("where"));
    }
    Scope::default().with_generics(&parsed)
}

#[track_caller]
fn opens(scope: &Scope, ty: &str, wanted: &str) {
    let found = identity(&parse(ty), scope).map(text);
    assert_eq!(found.as_deref(), Some(wanted), "{ty}");
}

#[track_caller]
fn is_opaque(scope: &Scope, ty: &str) {
    assert_eq!(identity(&parse(ty), scope).map(text), None, "{ty}");
}

#[test]
fn every_lifetime_but_static_is_left_open() {
    let scope = scope("<'a, 'b>");
    opens(&scope, "&'a str", "&str");
    opens(&scope, "&'a mut Parser<'b>", "&mut Parser<'_>");
    opens(&scope, "Parser<'static>", "Parser<'static>");
    opens(&scope, "Option<&'static str>", "Option<&'static str>");
    opens(&scope, "Box<dyn Read + 'a>", "Box<dyn Read + '_>");
    opens(&scope, "&'a (dyn Visit<'b> + Send)", "&(dyn Visit<'_> + Send)");
    opens(&scope, "(Cow<'a, [u8]>, [&'b u8; 3])", "(Cow<'_, [u8]>, [&u8; 3])");
}

#[test]
fn an_argument_that_is_a_static_reference_is_lent_like_any_other() {
    let found = argument_identity(&parse("&'static Parser<'static>"), &Scope::default());
    assert_eq!(found.map(text).as_deref(), Some("&Parser<'static>"));
}

#[test]
fn parts_with_binders_of_their_own_stay() {
    let scope = scope("<'a, T>");
    opens(&scope, "fn(&str) -> &str", "fn(&str) -> &str");
    opens(&scope, "for<'x> fn(&'x str) -> &'x str", "for<'x> fn(&'x str) -> &'x str");
    opens(&scope, "Box<dyn Fn(&str) -> usize + 'a>", "Box<dyn Fn(&str) -> usize + '_>");
    opens(&scope, "&dyn for<'x> Visit<'x>", "&dyn for<'x> Visit<'x>");
    is_opaque(&scope, "fn(&'a str)");
    is_opaque(&scope, "fn(T)");
    is_opaque(&scope, "Box<dyn Fn(&'a str)>");
    is_opaque(&scope, "&dyn for<'x> Visit<'x, 'a>");
}

#[test]
fn what_may_hide_lifetimes_is_opaque() {
    let scope = scope("<'a, T, const N: usize>");
    for ty in [
        "T",
        "Vec<T>",
        "&T",
        "T::Item",
        "<T as Iterator>::Item",
        "impl Read",
        "_",
        "name!()",
        "!",
        "Self",
    ] {
        is_opaque(&scope, ty);
    }
    is_opaque(&scope, "<Parser<'a> as Iterator>::Item");
    is_opaque(&scope, "[u8; Self::LEN]");
    opens(&scope, "<u8 as Parse>::Error", "<u8 as Parse>::Error");
    opens(&scope, "[u8; N]", "[u8; N]");
    opens(&scope, "Ring<N>", "Ring<N>");
}

#[test]
fn a_static_bound_makes_a_parameter_tell() {
    opens(&scope("<T: Send + 'static>"), "Vec<T>", "Vec<T>");
    opens(&scope("<T> where T: 'static"), "&T", "&T");
    is_opaque(&scope("<'a, T: 'a>"), "T");
}

#[test]
fn self_is_the_type_of_the_impl() {
    let types = [(parse_quote!(Item), parse_quote!(&'a Self))];
    let known = |ty: &str, generics| scope(generics).with_self(&parse(ty), &types);
    opens(&known("Ledger", "<>"), "&mut Self", "&mut Ledger");
    opens(&known("Parser<'a>", "<'a>"), "Option<Self>", "Option<Parser<'_>>");
    opens(&known("Parser<'a>", "<'a>"), "Self::Item", "&Parser<'_>");
    opens(&known("dyn Read", "<>"), "&Self", "&(dyn Read + 'static)");
    opens(&known("dyn Read + Send + 'a", "<'a>"), "&Self", "&(dyn Read + Send + '_)");
    is_opaque(&known("Vec<T>", "<T>"), "&Self");
    is_opaque(&known("Ledger", "<>"), "Self::Unknown");
    is_opaque(&known("Ledger", "<>"), "fn(Self)");
}

#[test]
fn a_type_that_names_itself_ends() {
    let types = [(parse_quote!(Item), parse_quote!(Self::Item))];
    is_opaque(&Scope::default().with_self(&parse("u8"), &types), "Self::Item");
}
