//! Where the body of a traceable function goes, and what runs it while the function's switch is armed.
//!
//! ```text
//! in the function        in the stub's closure       where
//! as written             a call of the function      the function's path is known
//! as written             the same tokens             a small body without macros, items or attributes
//! a call of the closure  as written, `self` renamed  anything else
//! ```
//!
//! The first form changes nothing about the body, so it is the one for all that may depend on where it
//! stands. The second saves an armed call the way through the function. The third is what is left where a
//! function does not know its own path: under an attribute of its own, unless it is seen to be an inherent method.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{FnArg, GenericParam, Pat, PatIdent, ReturnType, Safety, Visibility};

use super::scope::Scope;
use crate::function::{Function, is_attr};
use crate::tokens::any_word;

/// What runs the body while the switch is armed.
pub(super) enum Form {
    /// A copy of it.
    Copied,
    /// The function, called again by this path.
    Again(TokenStream),
    /// A closure that holds it.
    Moved,
}

impl Form {
    pub(super) fn of(function: &Function, body: &Group, scope: &Scope) -> Self {
        // A function cannot name its own `impl Trait` for another lifetime than the one it was called with, and
        // two bodies would be two types.
        if is_opaque(&function.sig.output) {
            return Self::Moved;
        }
        if is_simple(function, body) {
            return Self::Copied;
        }
        if let Some(path) = own_path(function, scope) {
            return Self::Again(path);
        }
        // In a closure it would not find its caller.
        if is_tracked(function) && is_plain(body.stream(), &mut Limits::TRACKED.clone()) {
            return Self::Copied;
        }
        Self::Moved
    }
}

/// Whether a copy of the body means the same, and costs little.
fn is_simple(function: &Function, body: &Group) -> bool {
    !is_tracked(function) && is_plain(body.stream(), &mut Limits::SMALL.clone())
}

fn is_tracked(function: &Function) -> bool {
    function.attrs.iter().any(|attr| is_attr(attr, "track_caller"))
}

/// Whether there is an `impl Trait` in the type of the result.
pub(super) fn is_opaque(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => any_word(ty.to_token_stream(), |word| word == "impl"),
    }
}

/// What a body may be that is in the program twice.
#[derive(Clone)]
struct Limits {
    /// The most tokens.
    tokens: usize,
    /// Whether macros of the standard library may be called: those that leave nothing but an expression.
    macros: bool,
}

impl Limits {
    const SMALL: Self = Self { tokens: 64, macros: false };
    /// Functions that track their caller mostly panic.
    const TRACKED: Self = Self { tokens: 512, macros: true };
}

/// Macros that may be called twice as well as once.
const MACROS: [&str; 21] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprintln",
    "format",
    "format_args",
    "matches",
    "panic",
    "println",
    "stringify",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Whether these tokens can be read without knowing what they expand to, and are few.
fn is_plain(tokens: TokenStream, limits: &mut Limits) -> bool {
    /// Words whose meaning depends on where they stand.
    const WORDS: [&str; 4] = ["async", "await", "move", "union"];
    let (mut after_name, mut called) = (None, false);
    for token in tokens {
        let Some(fewer) = limits.tokens.checked_sub(1) else { return false };
        limits.tokens = fewer;
        let plain = match &token {
            TokenTree::Ident(word) => {
                !begins_item(word) && !WORDS.iter().any(|other| word == other)
            }
            TokenTree::Punct(punct) => !matches!(punct.as_char(), '#' | '$'),
            TokenTree::Group(group) => {
                !called && group.delimiter() != Delimiter::None && is_plain(group.stream(), limits)
            }
            TokenTree::Literal(_) => true,
        };
        if !plain {
            return false;
        }
        // A macro's call is a name, `!` and a group; `a != (b)` and `return !(a)` are none.
        let is_call = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '!');
        called = is_call
            && after_name
                .is_some_and(|name: String| !limits.macros || !MACROS.contains(&name.as_str()));
        after_name = match &token {
            TokenTree::Ident(word) => Some(word.to_string()).filter(|word| !is_operator_word(word)),
            _ => None,
        };
    }
    true
}

/// Words after which `!` begins an expression.
fn is_operator_word(word: &str) -> bool {
    ["return", "if", "while", "match", "in", "else", "break", "mut"].contains(&word)
}

/// Whether an item may begin with this word.
pub(super) fn begins_item(word: &Ident) -> bool {
    const WORDS: [&str; 12] = [
        "const",
        "enum",
        "extern",
        "fn",
        "impl",
        "macro_rules",
        "mod",
        "static",
        "struct",
        "trait",
        "type",
        "use",
    ];
    WORDS.iter().any(|other| word == other)
}

/// The path by which the function can call itself, if it is known for certain.
fn own_path(function: &Function, scope: &Scope) -> Option<TokenStream> {
    let name = &function.sig.ident;
    // A destructor cannot be called.
    if name == "drop" && function.sig.receiver().is_some() {
        return None;
    }
    let prefix = match scope.own_prefix() {
        Some(prefix) => prefix.clone(),
        // Only what is in an inherent `impl` says who may call it, and knows `Self`.
        None if !matches!(function.vis, Visibility::Inherited) && knows_self(function) => {
            quote!(Self::)
        }
        None => return None,
    };
    // An argument of the same name hides the function.
    if prefix.is_empty() && function.sig.inputs.iter().any(|input| binds(input, name)) {
        return None;
    }
    let params = function.sig.generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    });
    let params: Vec<_> = params.collect();
    let generics = (!params.is_empty()).then(|| quote!(::<#(#params),*>));
    Some(quote!(#prefix #name #generics))
}

/// Whether the function can only stand where there is a `Self`.
fn knows_self(function: &Function) -> bool {
    function.sig.receiver().is_some()
        || any_word(function.sig.to_token_stream(), |word| word == "Self")
}

fn binds(input: &FnArg, name: &syn::Ident) -> bool {
    match input {
        FnArg::Receiver(_) => false,
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(PatIdent { ident, .. }) => ident == name,
            // It is bound behind the switch.
            _ => false,
        },
    }
}

/// Whether the function is `unsafe`.
pub(super) fn is_unsafe(function: &Function) -> bool {
    matches!(function.sig.safety, Safety::Unsafe(_))
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;

    use super::{Limits, is_plain};

    fn plain(text: &str) -> bool {
        is_plain(text.parse::<TokenStream>().expect("tokens"), &mut Limits::SMALL.clone())
    }

    #[test]
    fn what_a_macro_may_expand_to_is_not_copied() {
        assert!(plain("a + b[1].c(&d)? == !e && f != g"));
        assert!(plain("if !a { return !b } else { match !c { _ => 1 } }"));
        for text in ["vec![1]", "a + f!(b)", "{ g! { } }", "#[x] 1", "a::b!()"] {
            assert!(!plain(text), "{text}");
        }
    }

    #[test]
    fn what_is_known_to_leave_an_expression_may_be_copied_into_a_function_that_tracks_its_caller() {
        let copied =
            |text: &str| is_plain(text.parse().expect("tokens"), &mut Limits::TRACKED.clone());
        assert!(copied("assert!(a > 1, \"{b}\"); std::panic!(\"{}\", vec![c].len())"));
        for text in ["tracing::info!(a)", "assert!({ static A: u8 = 1; A } > 1)", "assert!(f!(1))"]
        {
            assert!(!copied(text), "{text}");
        }
    }

    #[test]
    fn what_may_only_be_there_once_is_not_copied() {
        for text in ["static A: u8 = 1; A", "fn f() {} f()", "use a::b; b()", "|| async { 1 }"] {
            assert!(!plain(text), "{text}");
        }
        assert!(!plain(&"a;".repeat(Limits::SMALL.tokens)));
    }
}
