use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::{Fragment, held};

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("tokens")
}

/// With `fragment` in the place of `$`.
#[track_caller]
fn holds(around: &str, fragment: &str, wanted: &str) {
    let around = tokens(around).into_iter().map(|token| match token {
        TokenTree::Punct(punct) if punct.as_char() == '$' => {
            TokenTree::Group(Group::new(Delimiter::None, tokens(fragment)))
        }
        other => other,
    });
    let found = held(&around.collect::<Vec<_>>()).to_string();
    assert_eq!(found, tokens(wanted).to_string());
}

#[test]
fn what_something_reaches_into_is_held_together() {
    holds("2 * $", "1 + a", "2 * (1 + a)");
    holds("$ * 2", "1 + a", "(1 + a) * 2");
    holds("! $", "a || b", "! (a || b)");
    holds("$ .pow(2)", "- 1", "(- 1) .pow(2)");
    holds("$ (3)", "| x | x", "(| x | x) (3)");
    holds("$ (3)", "a.b", "(a.b) (3)");
    holds("$ as u8", "a + b", "(a + b) as u8");
    holds("a == $", "b == c", "a == (b == c)");
    holds("if $ {}", "A { b : 1 } == c", "if (A { b : 1 } == c) {}");
    holds("x : & $ = y", "dyn A + B", "x : & (dyn A + B) = y");
    holds("match x { } $ + 1", "if a { 1 } else { 2 }", "match x { } (if a { 1 } else { 2 }) + 1");
}

#[test]
fn what_something_reaches_into_is_held_together_where_one_tree_is_wanted_too() {
    let around: Vec<TokenTree> = tokens("a & $ , 0").into_iter().collect();
    for (fragment, wanted) in [("1 | 4", "(1 | 4)"), ("x", "x"), ("1 + 2", "(1 + 2)")] {
        let group = Group::new(Delimiter::None, tokens(fragment));
        let fragment = Fragment { group: &group, before: &around[..2], after: &around[3..] };
        assert_eq!(fragment.held(group.stream(), true).to_string(), tokens(wanted).to_string());
    }
    // Nothing reaches into it, but it counts as one.
    let group = Group::new(Delimiter::None, tokens("1 + 2"));
    let fragment = Fragment { group: &group, before: &[], after: &[] };
    assert_eq!(fragment.held(group.stream(), true).to_string(), tokens("(1 + 2)").to_string());
    assert_eq!(fragment.held(group.stream(), false).to_string(), tokens("1 + 2").to_string());
}

#[test]
fn a_fragment_in_a_fragment_is_held_together() {
    let inner = TokenTree::Group(Group::new(Delimiter::None, tokens("1 + 2")));
    let outer: TokenStream = [inner].into_iter().chain(tokens("* 3")).collect();
    let outer = TokenTree::Group(Group::new(Delimiter::None, outer));
    let all: Vec<TokenTree> = tokens("x =").into_iter().chain([outer]).collect();
    assert_eq!(held(&all).to_string(), tokens("x = (1 + 2) * 3").to_string());
}

#[test]
fn what_nothing_reaches_into_stays() {
    for (around, fragment) in [
        ("let x = $ ;", "1 + a"),
        ("f . g ; $ ; x", "a += b"),
        ("x ; $ let y = 1 ;", "if a { 1 } else { 2 }"),
        ("$ => a ,", "A | B"),
        ("$ if b => a ,", "A | B"),
        ("let x : Vec < $ > = y ;", "& str"),
        ("let x : & $ = y ;", "Vec < u8 >"),
        ("let $ { a } = y ;", "self :: x :: Y"),
        ("$ x", "impl A for B { fn a (& self) {} }"),
        ("$ ; x", "let a = 1 + b"),
        ("- $", "a . b (c) ?"),
        ("2 * $ ( 1 )", "a :: b"),
        ("x += $ ;", "a + b"),
    ] {
        holds(around, fragment, &around.replace('$', fragment));
    }
}
