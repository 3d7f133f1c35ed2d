//! `#[fexit]`: runs after the origin, however it ended, and reads its result.

use quote::quote;
use syn::{GenericArgument, PatType, PathArguments, Type};

use super::Kind;
use super::expand::{Returned, Shape};
use super::param::{Param, open};
use super::parse::ProbeFn;
use crate::args::{MAX_ARGS, ProbeArgs};
use crate::errors::Errors;
use crate::function::ungrouped;
use crate::text::text;

/// Checks the parameters and the result, and says how the probe is called.
pub(crate) fn shape(probe: &ProbeFn, args: &ProbeArgs, errors: &mut Errors) -> Shape {
    super::expand::refuse_result(Kind::Fexit, probe, errors);
    let mut typed = probe.params();
    let returned = typed.last().and_then(|last| returned(last, errors));
    if returned.is_some() {
        typed.pop();
    }
    let params: Vec<_> =
        typed.iter().filter_map(|typed| Param::at_exit(&typed.ty, errors)).collect();
    let private = args.runtime.private();
    debug_assert!(params.len() <= MAX_ARGS || !errors.is_empty());
    let in_slot = returned.as_ref().map(|Returned { ty, .. }| {
        quote! {
            const RET_IN_SLOT: ::core::option::Option<bool> =
                ::core::option::Option::Some(#private::Slot::holds::<#ty>());
        }
    });
    let asked = match &returned {
        Some(Returned { ty, written, .. }) => {
            let written = text(written);
            quote!(::core::option::Option::Some(
                #private::RetParam::of::<#ty>(#written, #private::type_id_of::<fn(#ty)>())
            ))
        }
        None => quote!(::core::option::Option::None),
    };
    Shape {
        implements: quote!(#private::ExitProbe),
        params,
        returned,
        members: quote! {
            #in_slot

            fn ret() -> ::core::option::Option<#private::RetParam> {
                #asked
            }
        },
        output: quote!(),
    }
}

/// The last parameter, if it is the result: `&R`, or `Option<&R>` to run on unwinding too.
fn returned(last: &PatType, errors: &mut Errors) -> Option<Returned> {
    let (reference, optional) = match ungrouped(&last.ty) {
        Type::Reference(reference) => (reference, false),
        other => (reference_in_option(other)?, true),
    };
    if let Some(token) = &reference.mutability {
        errors.push(token, "a probe does not change the result: take it by `&`");
    }
    let written = (*reference.elem).clone();
    let ty = open(&written, errors).unwrap_or_else(|| written.clone());
    let mut reference = reference.clone();
    *reference.elem = ty.clone();
    reference.lifetime = None;
    let param =
        if optional { quote!(::core::option::Option<#reference>) } else { quote!(#reference) };
    Some(Returned { written, ty, param, optional })
}

/// The `&R` of `Option<&R>`.
fn reference_in_option(ty: &Type) -> Option<&syn::TypeReference> {
    let Type::Path(path) = ungrouped(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else {
        return None;
    };
    let GenericArgument::Type(inner) = generics.args.first()? else { return None };
    match ungrouped(inner) {
        Type::Reference(reference) => Some(reference),
        _ => None,
    }
}
