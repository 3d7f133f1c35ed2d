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
use syn::{FnArg, GenericParam, Pat, PatIdent, ReturnType, Safety, Type, Visibility};

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

/// Bodies of more tokens are in the program once.
const SMALL: usize = 64;

impl Form {
    pub(super) fn of(function: &Function, body: &Group, scope: &Scope) -> Self {
        // Behind a call that never returns, the compiler takes the body for dead.
        if matches!(&function.sig.output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)))
        {
            return Self::Moved;
        }
        // A function cannot name its own `impl Trait` for another lifetime than the one it was called with, and
        // two bodies would be two types.
        if is_opaque(&function.sig.output) {
            return Self::Moved;
        }
        if is_simple(function, body) {
            return Self::Copied;
        }
        own_path(function, scope).map_or(Self::Moved, Self::Again)
    }
}

/// Whether a copy of the body means the same, and costs little.
fn is_simple(function: &Function, body: &Group) -> bool {
    let is_tracked = function.attrs.iter().any(|attr| is_attr(attr, "track_caller"));
    let mut left = SMALL;
    !is_tracked && is_plain(body.stream(), &mut left)
}

fn is_opaque(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => any_word(ty.to_token_stream(), |word| word == "impl"),
    }
}

/// Whether these tokens can be read without knowing what they expand to, and are few.
fn is_plain(tokens: TokenStream, left: &mut usize) -> bool {
    /// Words whose meaning depends on where they stand.
    const WORDS: [&str; 4] = ["async", "await", "move", "union"];
    let (mut after_name, mut called) = (false, false);
    for token in tokens {
        let Some(fewer) = left.checked_sub(1) else { return false };
        *left = fewer;
        let plain = match &token {
            TokenTree::Ident(word) => {
                !begins_item(word) && !WORDS.iter().any(|other| word == other)
            }
            TokenTree::Punct(punct) => !matches!(punct.as_char(), '#' | '$'),
            TokenTree::Group(group) => {
                !called && group.delimiter() != Delimiter::None && is_plain(group.stream(), left)
            }
            TokenTree::Literal(_) => true,
        };
        if !plain {
            return false;
        }
        // A macro's call is a name, `!` and a group; `a != (b)` and `return !(a)` are none.
        called = after_name && matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '!');
        after_name =
            matches!(&token, TokenTree::Ident(word) if !is_operator_word(&word.to_string()));
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
        // Only an inherent method says who may call it.
        None if function.sig.receiver().is_some()
            && !matches!(function.vis, Visibility::Inherited) =>
        {
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

    use super::{SMALL, is_plain};

    fn plain(text: &str) -> bool {
        is_plain(text.parse::<TokenStream>().expect("tokens"), &mut { SMALL })
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
    fn what_may_only_be_there_once_is_not_copied() {
        for text in ["static A: u8 = 1; A", "fn f() {} f()", "use a::b; b()", "|| async { 1 }"] {
            assert!(!plain(text), "{text}");
        }
        assert!(!plain(&"a;".repeat(SMALL)));
    }
}
