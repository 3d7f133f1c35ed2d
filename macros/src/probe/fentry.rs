//! `#[fentry]`: runs before the origin and reads its arguments.

use quote::quote;

use super::Kind;
use super::expand::Shape;
use super::param::Param;
use super::parse::ProbeFn;
use crate::args::ProbeArgs;
use crate::errors::Errors;

/// Checks the parameters and the result, and says how the probe is called.
pub(crate) fn shape(probe: &ProbeFn, args: &ProbeArgs, errors: &mut Errors) -> Shape {
    super::expand::refuse_result(Kind::Fentry, probe, errors);
    params(probe, args, errors)
}

/// As [`shape`], whatever it returns.
pub(super) fn params(probe: &ProbeFn, args: &ProbeArgs, errors: &mut Errors) -> Shape {
    let params =
        probe.params().iter().filter_map(|typed| Param::at_entry(&typed.ty, errors)).collect();
    let private = args.runtime.private();
    Shape {
        implements: quote!(#private::EntryProbe),
        params,
        returned: None,
        members: quote!(),
        output: quote!(),
    }
}
