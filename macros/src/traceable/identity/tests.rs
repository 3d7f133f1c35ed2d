use syn::{Generics, Type, parse_quote};

use super::{argument_identity, identity};
use crate::text::text;
use crate::traceable::scope::Scope;
use crate::traceable::unseen::Unseen;

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
    assert_eq!(found.as_deref(), Ok(wanted), "{ty}");
}

#[track_caller]
fn is_opaque(scope: &Scope, ty: &str) {
    assert!(identity(&parse(ty), scope).is_err(), "{ty}");
}

#[track_caller]
fn is_opaque_for(scope: &Scope, ty: &str, why: &str) {
    let found = identity(&parse(ty), scope).map(text).map_err(|why| why.word());
    assert_eq!(found, Err(why.to_owned()), "{ty}");
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
    assert_eq!(found.map(text).as_deref(), Ok("&Parser<'static>"));
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

#[test]
fn what_a_parameter_hides_self_does_not_show() {
    let types = [(parse_quote!(Item), parse_quote!(Option<T>))];
    let block = scope("<'a>").with_self(&parse("Foo<T, { N }>"), &types);
    opens(&block, "&Self", "&Foo<T, { N }>");
    for generics in ["<T: 'static>", "<const N: usize>"] {
        is_opaque_for(
            &block.with_generics(&syn::parse_str(generics).expect("generics")),
            "&Self",
            "?",
        );
    }
    let method = block.with_generics(&parse_quote!(<T: 'static>));
    is_opaque_for(&method, "Self::Item", "?");
    let other = block.with_generics(&parse_quote!(<U: 'static>));
    opens(&other, "(Self::Item, U)", "(Option<T>, U)");
}

#[test]
fn of_two_declarations_neither_is_sure() {
    let twice = "<#[cfg(a)] T, #[cfg(not(a))] T: 'static>";
    is_opaque_for(&scope(twice), "T", "T");
    is_opaque_for(&scope("<#[cfg(a)] T: 'static, #[cfg(not(a))] T>"), "T", "T");
}

#[test]
fn a_projection_is_as_open_as_the_bounds_of_its_type() {
    let static_self = "<'a, R, S: Service<R> + 'static, I: Iterator<Item = u8> + 'static>";
    is_opaque_for(&scope(static_self), "S::Out", "R");
    opens(&scope(static_self), "(S, I::Item)", "(S, I::Item)");
    is_opaque(&scope("<'a, S: 'static> where S: Service<&'a str>"), "S::Out");
    is_opaque(&scope("<'a, S: Lend + 'static>"), "S::Out<'a>");
    opens(&scope("<S> where S: FnOnce(&str) -> u8 + 'static"), "S::Output", "S::Output");
    is_opaque_for(&scope("<R, S: FnOnce() -> R + 'static>"), "S::Output", "R");
}

#[test]
fn a_method_alone_does_not_show_the_parameters_of_its_block() {
    let method = Scope::alone(Unseen::Any);
    is_opaque_for(&method, "Vec<Val>", "?Val");
    is_opaque_for(&method, "&Key", "?Key");
    is_opaque_for(&method, "Key::Out", "?Key");
    is_opaque_for(&method, "fn(Key)", "?Key");
    is_opaque_for(&method, "<Key as Parse>::Out", "?Key");
    is_opaque_for(&method, "Self", "Self");
    opens(
        &method,
        "Result<Vec<String>, Box<dyn Any<u8>>>",
        "Result<Vec<String>, Box<dyn Any<u8>>>",
    );
    opens(&method, "bank::Ledger", "bank::Ledger");
    opens(&method, "Parser<'a>", "Parser<'_>");
    opens(&method.with_generics(&parse_quote!(<Key: 'static>)), "Key", "Key");

    opens(&method, "[u8; N]", "[u8; N]");

    let function = Scope::alone(Unseen::Letters);
    opens(&function.with_generics(&parse_quote!(<const N: usize>)), "Ring<N>", "Ring<N>");
    is_opaque_for(&function, "Vec<K1>", "?K1");
    opens(&function, "Ledger", "Ledger");
    let bounded = function.with_generics(&Generics {
        where_clause: Some(parse_quote!(where Key: Hash)),
        ..Generics::default()
    });
    is_opaque_for(&bounded, "Key", "Key");
}

#[test]
fn what_may_be_rewritten_tells_nothing() {
    is_opaque_for(&Scope::default().with_rewritten(true), "Option<&'static str>", "?");
}

#[test]
fn the_self_of_a_static_trait_tells() {
    let scope = Scope::default().with_supertraits(&parse_quote!(Send + 'static));
    opens(&scope, "&Self", "&Self");
    is_opaque_for(&scope, "Self::Item", "Self");
    is_opaque_for(&Scope::default().with_supertraits(&parse_quote!(Send)), "&Self", "Self");
}

#[test]
fn invisible_groups_hide_nothing() {
    let group = |ty: Type| {
        let stream = quote::ToTokens::into_token_stream(ty);
        let group = proc_macro2::Group::new(proc_macro2::Delimiter::None, stream);
        syn::parse2::<Type>(proc_macro2::TokenTree::Group(group).into()).expect("a type")
    };
    let found = argument_identity(&group(parse_quote!(&'static str)), &Scope::default());
    assert_eq!(found.map(text).as_deref(), Ok("&str"));
    let object = Scope::default().with_self(&group(parse_quote!(dyn Read)), &[]);
    opens(&object, "&Self", "&(dyn Read + 'static)");
}
