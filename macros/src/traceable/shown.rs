//! What can be shown of a call: each argument, the result, and which variant of `Result` or `Option` that is.
//!
//! The text decides only what is not asked at all. What a value's type has is found by the compiler, which knows it:
//! see `site/shown.rs` of the runtime.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{FnArg, Pat, PatType, ReturnType, Type};

use super::scope::Scope;
use crate::errors::Errors;
use crate::function::{Function, ungrouped};
use crate::tokens::any_word;

/// Stands for the result among the names of what is redacted.
const RESULT: &str = "return";

/// A part of the closure that describes a function.
pub(super) struct Shown {
    /// Its parameters: one for each argument and one for the result.
    pub(super) params: Vec<TokenStream>,
    /// What can be shown of each argument, of the result, and which variant that is.
    pub(super) values: Vec<TokenStream>,
}

impl Shown {
    pub(super) fn of(
        function: &Function,
        scope: &Scope,
        private: &TokenStream,
        span: Span,
    ) -> Self {
        let mut shown = Self { params: Vec::new(), values: Vec::new() };
        let place = Span::mixed_site().located_at(span);
        let is_redacted = |input: &FnArg| scope.redacted().iter().any(|name| names(input, name));
        for (index, input) in function.sig.inputs.iter().enumerate() {
            if is_redacted(input) {
                shown.params.push(quote_spanned!(span=> _));
                shown.values.push(quote_spanned!(span=> #private::Shown::REDACTED));
                continue;
            }
            let name = format_ident!("__a{index}", span = place);
            shown.values.push(quote_spanned!(span=> #name.__gtramp_shown()));
            shown.params.push(name.into_token_stream());
        }
        let result = format_ident!("__r", span = place);
        let unknown = quote_spanned!(span=> #private::Shown::UNKNOWN);
        let (is_asked, value) = match &function.sig.output {
            _ if scope.redacted().iter().any(|name| name == RESULT) => {
                (false, quote_spanned!(span=> #private::Shown::REDACTED))
            }
            // What a future gives is not settled where this stands.
            _ if function.sig.asyncness.is_some() => (false, unknown.clone()),
            ReturnType::Default => (false, quote_spanned!(span=> #private::Shown::UNIT)),
            // What it is, the body says, perhaps not in one place.
            ReturnType::Type(_, ty) if is_of_the_body(ty) => (false, unknown.clone()),
            ReturnType::Type(..) => (true, quote_spanned!(span=> #result.__gtramp_shown())),
        };
        shown.values.push(value);
        shown.values.push(match &function.sig.output {
            ReturnType::Type(_, ty) if is_asked && may_have_variants(ty) => {
                quote_spanned!(span=> #result.__gtramp_variant())
            }
            _ => unknown,
        });
        shown.params.push(if is_asked {
            result.into_token_stream()
        } else {
            quote_spanned!(span=> _)
        });
        shown
    }
}

/// Refuses to redact what none of the functions has.
pub(super) fn check<'a>(
    names_of_arguments: &[Ident],
    functions: impl IntoIterator<Item = &'a Function>,
    errors: &mut Errors,
) {
    let functions: Vec<_> = functions.into_iter().collect();
    for name in names_of_arguments {
        let is_there = name == RESULT
            || functions
                .iter()
                .flat_map(|function| &function.sig.inputs)
                .any(|input| names(input, name));
        if !is_there {
            errors.push(name, format_args!("there is no argument `{name}` to be redacted"));
        }
    }
}

/// Whether the argument is of this name, or a pattern with it.
fn names(input: &FnArg, name: &Ident) -> bool {
    match input {
        FnArg::Receiver(_) => name == "self",
        FnArg::Typed(PatType { pat, .. }) => match &**pat {
            Pat::Ident(pattern) if pattern.subpat.is_none() => pattern.ident == *name,
            pattern => any_word(pattern.to_token_stream(), |word| word == name),
        },
    }
}

fn is_of_the_body(ty: &Type) -> bool {
    matches!(ungrouped(ty), Type::Never(_)) || any_word(ty.to_token_stream(), |word| word == "impl")
}

/// Whether it may be a `Result` or an `Option`, by whatever name.
fn may_have_variants(ty: &Type) -> bool {
    const NAMES: [&str; 21] = [
        "Box", "String", "Vec", "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8",
        "isize", "str", "u128", "u16", "u32", "u64", "u8", "usize", "Arc",
    ];
    match ungrouped(ty) {
        Type::Path(path) => {
            path.qself.is_some()
                || path.path.get_ident().is_none_or(|name| !NAMES.iter().any(|known| name == known))
        }
        Type::Macro(_) => true,
        _ => false,
    }
}
