//! `#[fmod_ret]`: runs before the origin and may decide the result in its place.

use quote::quote;
use syn::Type;

use super::expand::Shape;
use super::output::handed_on;
use super::param::Param;
use super::parse::ProbeFn;
use crate::args::ProbeArgs;
use crate::errors::Errors;
use crate::text::text;

/// Checks the parameters and the result, and says how the probe is called.
pub(crate) fn shape(probe: &ProbeFn, args: &ProbeArgs, errors: &mut Errors) -> Shape {
    let params =
        probe.params().iter().filter_map(|typed| Param::at_entry(&typed.ty, errors)).collect();
    let private = args.runtime.private();
    let decided = decided(probe, errors).unwrap_or_else(|| syn::parse_quote!(()));
    let written = text(&decided);
    Shape {
        implements: quote!(#private::ModRetProbe),
        params,
        returned: None,
        members: quote! {
            type Ret = #decided;

            fn ret() -> #private::RetParam {
                #private::RetParam::of::<#decided>(#written, #private::type_id_of::<fn(#decided)>())
            }
        },
        output: quote!(-> ::core::ops::ControlFlow<#decided>),
    }
}

/// The `R` of `-> ControlFlow<R>`.
fn decided(probe: &ProbeFn, errors: &mut Errors) -> Option<Type> {
    const WANTED: &str = "a `#[fmod_ret]` probe returns `ControlFlow<R>`, `R` being what the function returns: \
        `Break(value)` skips the function and returns `value`, `Continue(())` lets it run";
    let borrows = "the value is the caller's to keep: its type cannot borrow from the call";
    handed_on(probe, "ControlFlow", WANTED, borrows, errors)
}
