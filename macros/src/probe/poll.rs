//! `#[poll]`: runs before and after each poll of an async function's future.

use quote::quote;

use super::Kind;
use super::expand::{Shape, refuse_result};
use super::parse::ProbeFn;
use crate::args::ProbeArgs;
use crate::errors::Errors;

/// Checks that it takes the context alone.
pub(crate) fn shape(probe: &ProbeFn, args: &ProbeArgs, errors: &mut Errors) -> Shape {
    refuse_result(Kind::Poll, probe, errors);
    for param in probe.params() {
        errors.push(
            param,
            "a `#[poll]` probe takes the context alone: at a poll the future has taken the function's arguments; read \
             them at entry",
        );
    }
    let private = args.runtime.private();
    Shape {
        implements: quote!(#private::PollProbe),
        params: Vec::new(),
        returned: None,
        members: quote!(),
        output: quote!(),
    }
}
