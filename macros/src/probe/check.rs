//! What no probe function may be, of whichever kind.

use syn::{FnArg, GenericParam, Receiver, Safety, Type, TypePath};

use super::Kind;
use super::parse::ProbeFn;
use crate::args::MAX_ARGS;
use crate::errors::Errors;
use crate::function::{Body, is_attr, ungrouped};

/// Records everything that is wrong apart from the single parameters.
pub(crate) fn check(kind: Kind, probe: &ProbeFn, errors: &mut Errors) {
    qualifiers("a probe", probe, errors);
    if let Some(token) = &probe.0.sig.asyncness {
        errors.push(token, "a probe runs to its end inside the call; it cannot be `async`");
    }
    generics(probe, errors);
    context(kind, probe, errors);
    params(probe, errors);
}

/// `what` is what it is called.
pub(super) fn qualifiers(what: &str, probe: &ProbeFn, errors: &mut Errors) {
    let sig = &probe.0.sig;
    if let Some(token) = &sig.constness {
        errors.push(token, format_args!("{what} runs at run time only; leave out `const`"));
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors
            .push(token, format_args!("{what} is called from safe code; put the `unsafe` inside"));
    }
    if let Some(abi) = &sig.abi {
        errors.push(abi, format_args!("{what} is an ordinary Rust function"));
    }
    if let Some(variadic) = &sig.variadic {
        errors.push(variadic.dots, format_args!("{what} names the arguments it takes"));
    }
    if let Body::Missing(semi) = &probe.0.body {
        errors.push(semi, format_args!("{what} needs a body"));
    }
}

fn generics(probe: &ProbeFn, errors: &mut Errors) {
    for param in &probe.0.sig.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            errors.push(
                param,
                "a probe cannot be generic: it is attached as one function; write one for each type, or take \
                 the context alone and ask it with `ctx.arg::<T>(index)`",
            );
        }
    }
}

fn context(kind: Kind, probe: &ProbeFn, errors: &mut Errors) {
    let wanted = kind.context();
    let message = format!("the first parameter of a probe is its context: `ctx: &{wanted}`");
    match probe.context() {
        None => errors.push(&probe.0.sig.ident, message),
        Some(FnArg::Receiver(receiver)) => {
            errors.push(receiver.self_token, format_args!("a probe is not a method; {message}"))
        }
        Some(FnArg::Typed(typed)) => {
            let Type::Reference(reference) = ungrouped(&typed.ty) else {
                return errors.push(&typed.ty, message);
            };
            if let Some(token) = &reference.mutability {
                errors.push(token, format_args!("a context is shared: `&{wanted}`"));
            }
            let Type::Path(TypePath { qself: None, path, .. }) = ungrouped(&reference.elem) else {
                return errors.push(&typed.ty, message);
            };
            let Some(last) = path.segments.last() else {
                return;
            };
            let known = [Kind::Fentry, Kind::Fexit, Kind::FmodRet, Kind::Poll].map(Kind::context);
            let name = last.ident.to_string();
            if name != wanted && known.contains(&name.as_str()) {
                errors.push(
                    &last.ident,
                    format_args!(
                        "{} `#[{}]` probe is handed `&{wanted}`",
                        kind.article(),
                        kind.name()
                    ),
                );
            } else if is_plain_data(&name) {
                errors.push(&typed.ty, message);
            }
        }
    }
}

/// Types that nobody would call a context: an argument whose context was forgotten.
fn is_plain_data(name: &str) -> bool {
    ["str", "String", "Vec", "Option", "Result", "Box", "bool", "char"].contains(&name)
        || name.starts_with(['u', 'i', 'f']) && name[1..].chars().all(|c| c.is_ascii_digit())
}

pub(super) fn params(probe: &ProbeFn, errors: &mut Errors) {
    for input in &probe.0.sig.inputs {
        let attrs = match input {
            FnArg::Receiver(Receiver { attrs, .. }) => attrs,
            FnArg::Typed(typed) => &typed.attrs,
        };
        for attr in attrs.iter().filter(|attr| is_attr(attr, "cfg")) {
            errors.push(attr, "a parameter cannot depend on `cfg`; put the `cfg` on the function");
        }
    }
    let too_many = probe.0.sig.inputs.iter().nth(MAX_ARGS + 2);
    if let Some(param) = too_many {
        errors
            .push(param, format_args!("no traceable function has more than {MAX_ARGS} arguments"));
    }
}
