//! `#[fmod_ret]`: runs before the origin and may decide the result in its place.

use quote::quote;
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use super::expand::Shape;
use super::param::{Param, first_borrow};
use super::parse::ProbeFn;
use crate::args::ProbeArgs;
use crate::errors::Errors;
use crate::function::ungrouped;
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
    let sig = &probe.0.sig;
    let ReturnType::Type(_, output) = &sig.output else {
        errors.push(&sig.ident, WANTED);
        return None;
    };
    let Some(decided) = break_type(output) else {
        errors.push(output, WANTED);
        return None;
    };
    if let Some(borrowed) = first_borrow(&decided) {
        let message = "the value is the caller's to keep: its type cannot borrow from the call";
        errors.push_error(syn::Error::new(borrowed, message));
        return None;
    }
    Some(decided)
}

fn break_type(output: &Type) -> Option<Type> {
    let Type::Path(path) = ungrouped(output) else {
        return None;
    };
    let last = path.path.segments.last().filter(|last| last.ident == "ControlFlow")?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else {
        return None;
    };
    match generics.args.first()? {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }
}
