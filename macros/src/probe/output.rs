//! What a probe returns: `Name<T>`, where `T` is handed on to somebody.

use syn::{GenericArgument, PathArguments, ReturnType, Type};

use super::param::first_borrow;
use super::parse::ProbeFn;
use crate::errors::Errors;
use crate::function::ungrouped;

/// The `T` of `-> Name<T>`, which must borrow nothing; what to say otherwise.
pub(super) fn handed_on(
    probe: &ProbeFn,
    name: &str,
    wanted: &str,
    borrows: &str,
    errors: &mut Errors,
) -> Option<Type> {
    let sig = &probe.0.sig;
    let ReturnType::Type(_, output) = &sig.output else {
        errors.push(&sig.ident, wanted);
        return None;
    };
    let Some(handed_on) = first_argument(output, name) else {
        errors.push(output, wanted);
        return None;
    };
    if let Some(borrowed) = first_borrow(&handed_on) {
        errors.push_error(syn::Error::new(borrowed, borrows));
        return None;
    }
    Some(handed_on)
}

/// The `T` of `Name<T, ..>`.
fn first_argument(ty: &Type, name: &str) -> Option<Type> {
    let Type::Path(path) = ungrouped(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else { return None };
    match generics.args.first()? {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }
}
