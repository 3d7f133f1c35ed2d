//! Which functions can be traced, and what to say of the others.

use proc_macro2::TokenTree;
use syn::{Attribute, FnArg, Meta};

use super::future::Returned;
use super::parse::Kind;
use crate::args::MAX_ARGS;
use crate::errors::Errors;
use crate::function::{Body, Function, conditional, is_attr};

/// Where the function stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// Under an attribute of its own.
    Alone,
    /// In a container that carries the attribute.
    In(Kind),
}

/// What to do with a function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Expand it.
    Trace,
    /// Emit it as it was written: there is nothing to trace, or it was refused.
    Leave,
}

/// Records everything that keeps `function` from being traced.
pub(crate) fn check(function: &Function, place: Place, errors: &mut Errors) -> Verdict {
    if place != Place::Alone && has_nothing_to_trace(function) {
        return Verdict::Leave;
    }
    let mut refusals = Refusals { place, errors, any: false };
    refusals.signature(function);
    refusals.arguments(function);
    refusals.attributes(&function.attrs);
    if refusals.any { Verdict::Leave } else { Verdict::Trace }
}

/// A method that a trait only asks for, or a test: the container's attribute does not mean it.
fn has_nothing_to_trace(function: &Function) -> bool {
    matches!(function.body, Body::Missing(_))
        || function.attrs.iter().any(|attr| is_attr(attr, "test") || is_attr(attr, "bench"))
}

struct Refusals<'a> {
    place: Place,
    errors: &'a mut Errors,
    any: bool,
}

impl Refusals<'_> {
    fn push_at(&mut self, span: proc_macro2::Span, message: &str) {
        self.any = true;
        self.errors.push_error(syn::Error::new(span, message));
    }

    fn push(&mut self, tokens: impl quote::ToTokens, message: &str) {
        self.any = true;
        match self.place {
            Place::Alone => self.errors.push(tokens, message),
            Place::In(_) => self.errors.push(
                tokens,
                format_args!("{message}; put `#[traceable(skip)]` on it to leave it out"),
            ),
        }
    }

    fn signature(&mut self, function: &Function) {
        let sig = &function.sig;
        if let Some(token) = &sig.constness {
            self.push(token, "a `const fn` cannot be traced: probes do not run at compile time");
        }
        if let Some(said) = function.is_future
            && sig.asyncness.is_none()
            && Returned::of(function).is_none()
        {
            self.push_at(
                said,
                "the future that this function returns cannot be traced: its body has to be \
                 `async move { .. }` or `Box::pin(async move { .. })`, and its result \
                 `impl Future<Output = ..>` or `Pin<Box<dyn Future<Output = ..>>>`",
            );
        }
        if let Some(variadic) = &sig.variadic {
            self.push(
                variadic.dots,
                "a variadic function cannot be traced: its arguments are not known",
            );
        }
        if let Body::Missing(semi) = &function.body {
            self.push(
                semi,
                "a function without a body cannot be traced; trace its implementations",
            );
        }
    }

    fn arguments(&mut self, function: &Function) {
        let inputs = &function.sig.inputs;
        if let Some(first_too_many) = inputs.iter().nth(MAX_ARGS) {
            let message = format!(
                "a traceable function has at most {MAX_ARGS} arguments and this one has {}; \
                 the generator's configuration may allow fewer, but not more",
                inputs.len(),
            );
            self.push(first_too_many, &message);
        }
        for input in inputs {
            let (FnArg::Receiver(syn::Receiver { attrs, .. })
            | FnArg::Typed(syn::PatType { attrs, .. })) = input;
            for attr in attrs.iter().filter(|attr| decides(attr)) {
                self.push(
                    attr,
                    "an argument that depends on `cfg` cannot be traced; put the `cfg` on the function",
                );
            }
        }
    }

    fn attributes(&mut self, attrs: &[Attribute]) {
        for attr in attrs.iter().filter(|attr| is_naked(attr)) {
            self.push(
                attr,
                "a naked function cannot be traced: its body is its whole machine code",
            );
        }
    }
}

/// `#[cfg(..)]`, also behind a `cfg_attr`.
fn decides(attr: &Attribute) -> bool {
    match &attr.meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => conditional(list)
            .is_some_and(|metas| metas.iter().any(|meta| meta.path().is_ident("cfg"))),
        _ => is_attr(attr, "cfg"),
    }
}

/// `#[naked]` or `#[unsafe(naked)]`
fn is_naked(attr: &Attribute) -> bool {
    is_attr(attr, "naked")
        || is_attr(attr, "unsafe")
            && attr.meta.require_list().is_ok_and(|list| {
                matches!(list.tokens.clone().into_iter().next(), Some(TokenTree::Ident(name)) if name == "naked")
            })
}
