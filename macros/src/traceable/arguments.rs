//! What the arguments of a traceable function are called, and where their patterns are bound.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, Path, Token, Type, parse_quote};

use super::receiver;
use crate::function::{Function, is_attr, ungrouped};
use crate::tokens::may_mention;

/// The arguments of a function whose body stands behind its switch.
///
/// Each has a name there, for the switch. Where it is written otherwise, the body binds it: a pattern, and an
/// argument that it does not use or whose lint levels are about that. All behind the first of them are bound as
/// well, in order: so they are dropped in the order in which arguments are.
pub(super) struct Arguments {
    /// As the function declares them.
    pub(super) declared: Punctuated<FnArg, Token![,]>,
    pub(super) names: Vec<Ident>,
    /// Whether that is how they were written.
    pub(super) are_as_written: bool,
    /// What binds them.
    pub(super) behind: TokenStream,
}

impl Arguments {
    pub(super) fn of(function: &Function, body: &Group) -> Self {
        let mut declared = function.sig.inputs.clone();
        let (mut names, mut behind) = (Vec::new(), TokenStream::new());
        let (mut bind, mut are_as_written) = (false, true);
        for (index, (input, written)) in declared.iter_mut().zip(&function.sig.inputs).enumerate() {
            let name = split(input, index, "self").name;
            names.push(name.clone());
            let FnArg::Typed(typed) = written else {
                *input = written.clone();
                continue;
            };
            let is_first = !bind;
            bind = bind || is_bound_behind(typed, body);
            let pattern = &typed.pat;
            if !bind {
                if is_name(pattern) {
                    *input = written.clone();
                } else {
                    are_as_written = false;
                }
                continue;
            }
            are_as_written = false;
            if !is_first && !is_name(pattern) {
                behind.extend(quote!(let #name = #name;));
            }
            if !matches!(**pattern, Pat::Wild(_)) {
                let lints = typed.attrs.iter().filter(|attr| is_lint(attr));
                behind.extend(quote!(#(#lints)* let #pattern = #name;));
            }
        }
        Self { declared, names, are_as_written, behind }
    }
}

/// Whether the body binds the argument, for its own sake.
fn is_bound_behind(argument: &PatType, body: &Group) -> bool {
    match &*argument.pat {
        Pat::Wild(_) => false,
        Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => {
            let name = ident.to_string();
            argument.attrs.iter().any(is_lint)
                || !name.starts_with('_')
                    && !may_mention(body.stream(), name.trim_start_matches("r#"))
        }
        _ => true,
    }
}

fn is_name(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Ident(PatIdent { by_ref: None, subpat: None, .. }))
}

/// One argument, after the outer function's own declaration of it was simplified.
pub(super) struct Argument {
    /// What the outer function calls it.
    pub(super) name: Ident,
    /// What the body's closure declares. It has no type: the passed value has it already, and a
    /// written one would make an elided lifetime the closure's own.
    pub(super) param: TokenStream,
}

/// All arguments of a function, in order: what it calls them, and what the body's closure declares.
pub(super) fn split_all(function: &mut Function) -> (Vec<Ident>, Vec<TokenStream>) {
    let own = receiver::name_in(function);
    let inputs = function.sig.inputs.iter_mut().enumerate();
    inputs
        .map(|(index, input)| {
            let Argument { name, param } = split(input, index, own);
            (name, param)
        })
        .unzip()
}

/// `own` is what the closure calls the receiver.
pub(super) fn split(input: &mut FnArg, index: usize, own: &str) -> Argument {
    match input {
        FnArg::Receiver(receiver) => {
            let lints = take_lints(&mut receiver.attrs);
            let mutability = receiver.mutability.take();
            let span = receiver.self_token.span;
            let renamed = Ident::new(own, span);
            let param = quote!(#(#lints)* #mutability #renamed);
            Argument { name: Ident::new("self", span), param }
        }
        FnArg::Typed(typed) => {
            let lints = take_lints(&mut typed.attrs);
            let pattern = typed.pat.clone();
            let name = match &*pattern {
                Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => ident.clone(),
                _ => Ident::new(&format!("__arg{index}"), Span::mixed_site()),
            };
            *typed.pat = parse_quote!(#name);
            Argument { name, param: quote!(#(#lints)* #pattern) }
        }
    }
}

/// Lint levels go with the pattern they are about; other attributes stay outside.
fn take_lints(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    attrs.extract_if(.., |attr| is_lint(attr)).collect()
}

pub(super) fn is_lint(attr: &Attribute) -> bool {
    ["allow", "warn", "deny", "forbid", "expect", "cfg_attr"]
        .iter()
        .any(|level| is_attr(attr, level))
}

/// Whether the argument is seen to be an array that is passed by value, or to contain one.
pub(super) fn is_large(input: &FnArg) -> bool {
    fn has_array(ty: &Type) -> bool {
        match ty {
            Type::Array(_) => true,
            Type::Tuple(tuple) => tuple.elems.iter().any(has_array),
            Type::Paren(inner) => has_array(&inner.elem),
            Type::Group(inner) => has_array(&inner.elem),
            _ => false,
        }
    }
    matches!(input, FnArg::Typed(typed) if has_array(&typed.ty))
}

/// Whether an argument may be a `!`, and what it is passed to be dead code: it can be written as the result of
/// a projection.
pub(super) fn may_have_a_never(function: &Function) -> bool {
    function.sig.inputs.iter().any(|input| match input {
        FnArg::Receiver(_) => false,
        FnArg::Typed(typed) => match ungrouped(&typed.ty) {
            Type::Never(_) => true,
            Type::Path(path) => path.qself.is_some() || is_projection_of_self(&path.path),
            _ => false,
        },
    })
}

fn is_projection_of_self(path: &Path) -> bool {
    path.segments.len() > 1 && path.segments[0].ident == "Self"
}
