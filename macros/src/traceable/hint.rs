//! A hint for the body of a function that returns `impl Fn(..)`.
//!
//! `fn f() -> impl Fn(&str) -> &str { |x| x }` compiles because the compiler knows what the last
//! expression is to be: a closure for every lifetime. A body that stands in a closure itself has
//! no such type to look at, for `impl Trait` cannot be written there. So it is handed through a
//! function that asks for the same trait:
//!
//! ```text
//! { fn __hint<F: Fn(&str) -> &str>(result: F) -> F { result }  __hint::<_>({ |x| x }) }
//! ```

use std::collections::HashSet;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Lifetime, PathArguments, ReturnType, TraitBound, Type, TypeParamBound};

use super::identity::collect;
use super::scope::Scope;

/// The body with its hint, where the result is an `impl Fn(..)` whose types can be named in a
/// function of its own.
pub(crate) fn hinted(body: &Group, output: &ReturnType, scope: &Scope) -> Option<TokenStream> {
    let bound = closure_bound(output)?;
    let (mut bound_lifetimes, mut lifetimes) = (HashSet::new(), HashSet::new());
    let mut names = Vec::new();
    collect(bound.to_token_stream(), &mut bound_lifetimes, &mut lifetimes, &mut names);
    if names.iter().any(|name| !can_be_named(name, scope)) {
        return None;
    }
    // What belongs to a parameter asks for its bounds, which are not repeated.
    if has_projection(bound.to_token_stream(), scope) {
        return None;
    }
    let mut lifetimes: Vec<_> = lifetimes.difference(&bound_lifetimes).collect();
    lifetimes.sort();
    let lifetimes =
        lifetimes.iter().map(|name| Lifetime::new(&format!("'{name}"), Span::call_site()));
    let types: Vec<_> = scope.sized().iter().filter(|name| names.contains(name)).collect();
    let span = Span::call_site().located_at(body.span());
    Some(quote_spanned! {span=>
        {
            fn __hint<#(#lifetimes,)* #(#types,)* __F: #bound>(result: __F) -> __F {
                result
            }
            __hint::<#(#types,)* _>(#body)
        }
    })
}

/// The `Fn(..) -> ..` of `-> impl Fn(..) -> .. + ..`.
fn closure_bound(output: &ReturnType) -> Option<&TraitBound> {
    let ReturnType::Type(_, ty) = output else { return None };
    let Type::ImplTrait(ty) = &**ty else { return None };
    ty.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last()?;
            matches!(last.arguments, PathArguments::Parenthesized(_)).then_some(bound)
        }
        _ => None,
    })
}

/// Whether a type parameter is followed by `::`.
fn has_projection(tokens: TokenStream, scope: &Scope) -> bool {
    let mut after_parameter = false;
    tokens.into_iter().any(|token| {
        let found = match &token {
            TokenTree::Punct(punct) => after_parameter && punct.as_char() == ':',
            TokenTree::Group(group) => has_projection(group.stream(), scope),
            _ => false,
        };
        after_parameter =
            matches!(&token, TokenTree::Ident(name) if scope.generics().contains(name));
        found
    })
}

/// Whether a function inside the body may mention `name`: not what belongs to the outer one, except
/// for its sized type parameters, which are passed on.
///
/// Under an attribute of its own, a method does not show the parameters of its `impl` block. What
/// looks like one, such as `T`, is taken for one.
fn can_be_named(name: &Ident, scope: &Scope) -> bool {
    let text = name.to_string();
    if scope.generics().contains(name) {
        return scope.sized().contains(name);
    }
    let looks_like_a_parameter = text.len() == 1 && text.starts_with(|c: char| c.is_uppercase());
    text != "Self" && text != "impl" && !looks_like_a_parameter
}

/// Lints that the call of the hint would raise.
pub(crate) fn lints() -> TokenStream {
    quote!(#[allow(unused_braces, unreachable_code)])
}
