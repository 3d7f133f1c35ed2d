//! `assert!(self.a)`, which says at run time what it was handed.
//!
//! So what it is handed says it instead, where it is false:
//!
//! ```text
//! assert!(!!(__self.a) || assertion!(self.a))
//! ```
//!
//! The macro stays what it was, whoever has defined it. `!!` leaves a `bool` of all that it takes.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote_spanned;

use super::{is_punct, is_word};
use crate::tokens::respanned;

/// Whether the call of `name` with these arguments shows them.
pub(super) fn shows_its_condition(name: &Ident, arguments: &[TokenTree]) -> bool {
    let mut commas = (0..arguments.len()).filter(|&at| is_punct(arguments.get(at), ','));
    ["assert", "debug_assert"].iter().any(|assert| name == assert)
        && !is_word(arguments.first(), "let")
        && commas.next().is_none_or(|comma| comma + 1 == arguments.len())
}

/// The arguments that say what was written.
pub(super) fn said(
    name: &Ident,
    written: &TokenStream,
    renamed: TokenStream,
    private: &TokenStream,
) -> TokenStream {
    let mut condition: Vec<TokenTree> = renamed.into_iter().collect();
    if is_punct(condition.last(), ',') {
        condition.pop();
    }
    // The place of the panic is that of its macro, so what calls it stands in the source.
    let span = name.span();
    let private = respanned(private.clone(), |_| span);
    quote_spanned!(span=> !!(#(#condition)*) || #private::assertion!(#written))
}
