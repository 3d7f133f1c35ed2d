//! The probe attributes: a function becomes a type that can be attached.
//!
//! `parse` reads, `check` refuses what no probe may be, one file per kind knows that kind's
//! parameters and result, and `expand` writes what all kinds share. Whether a probe fits a function
//! is not decided here: the expansion only tells the runtime what the probe asks for.

mod check;
mod expand;
mod fentry;
mod fexit;
mod fmod_ret;
mod fsession;
mod output;
mod param;
mod parse;
mod poll;
mod replace;
mod replacement;

use proc_macro2::TokenStream;
use quote::quote;
use syn::FnArg;

use self::parse::ProbeFn;
use crate::args::ProbeArgs;
use crate::errors::Errors;

pub(crate) use self::fsession::session;
pub(crate) use self::replace::replace;
pub(crate) use self::replacement::replacement;

/// Which attribute it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Fentry,
    Fexit,
    FmodRet,
    Poll,
}

impl Kind {
    /// The attribute's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fentry => "fentry",
            Self::Fexit => "fexit",
            Self::FmodRet => "fmod_ret",
            Self::Poll => "poll",
        }
    }

    /// What stands before its name.
    pub(crate) fn article(self) -> &'static str {
        if self == Self::Poll { "a" } else { "an" }
    }

    /// The runtime's function that begins a link of such a probe.
    pub(crate) fn begin(self) -> &'static str {
        match self {
            Self::Fentry => "entry_link",
            Self::Fexit => "exit_link",
            Self::FmodRet => "mod_ret_link",
            Self::Poll => "poll_link",
        }
    }

    /// The context's type.
    pub(crate) fn context(self) -> &'static str {
        match self {
            Self::Fentry => "Entry",
            Self::Fexit => "Exit",
            Self::FmodRet => "ModRet",
            Self::Poll => "Polling",
        }
    }
}

/// The whole macro: attribute tokens and item tokens in, item tokens out.
pub(crate) fn probe(kind: Kind, attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = ProbeArgs::parse(attribute, &mut errors);
    if kind != Kind::FmodRet {
        args.refuse_future(&mut errors);
    }
    let mut probe = match syn::parse2::<ProbeFn>(item.clone()) {
        Ok(probe) => probe,
        Err(error) => {
            errors.push_error(error);
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
    };
    probe.be_one(&mut errors);
    check::check(kind, &probe, &mut errors);
    let shape = match kind {
        Kind::Fentry => fentry::shape(&probe, &args, &mut errors),
        Kind::Fexit => fexit::shape(&probe, &args, &mut errors),
        Kind::FmodRet => fmod_ret::shape(&probe, &args, &mut errors),
        Kind::Poll => poll::shape(&probe, &args, &mut errors),
    };
    if errors.is_empty() {
        return expand::expand(kind, probe, &args, &shape);
    }
    let errors = errors.into_tokens();
    // A method stays one: in an `impl` block there can be no struct.
    if let Some(FnArg::Receiver(_)) = probe.context() {
        let function = probe.0;
        return quote!(#[allow(dead_code)] #function #errors);
    }
    let refused = expand::refused(probe, &args);
    quote!(#refused #errors)
}
