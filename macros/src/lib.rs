//! The attribute macros of gtramp. Use them through the `gtramp` crate, which re-exports them
//! and holds everything their expansions name.
//!
//! Every macro works the same way: it *parses* into a struct of its own, *checks* it, collecting
//! all mistakes at the smallest span each, and *expands*. On a mistake the user's item is still
//! emitted, so that one mistake does not bring a hundred.

mod args;
mod errors;
mod function;
mod probe;
mod text;
mod traceable;

use proc_macro::TokenStream;

/// Makes a function traceable.
#[proc_macro_attribute]
pub fn traceable(attribute: TokenStream, item: TokenStream) -> TokenStream {
    traceable::traceable(attribute.into(), item.into()).into()
}

/// Makes a probe that runs before the functions it is attached to.
#[proc_macro_attribute]
pub fn fentry(attribute: TokenStream, item: TokenStream) -> TokenStream {
    probe::probe(probe::Kind::Fentry, attribute.into(), item.into()).into()
}

/// Makes a probe that runs after the functions it is attached to.
#[proc_macro_attribute]
pub fn fexit(attribute: TokenStream, item: TokenStream) -> TokenStream {
    probe::probe(probe::Kind::Fexit, attribute.into(), item.into()).into()
}

/// Makes a probe that may decide a result in a function's place.
#[proc_macro_attribute]
pub fn fmod_ret(attribute: TokenStream, item: TokenStream) -> TokenStream {
    probe::probe(probe::Kind::FmodRet, attribute.into(), item.into()).into()
}
