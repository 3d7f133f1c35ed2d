//! The expansion of one traceable function that passed its checks.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, FnArg, Pat, PatIdent, ReturnType, Safety, Type, Visibility, parse_quote};

use super::scope::Scope;
use super::{describe, hint, receiver};
use crate::args::Runtime;
use crate::function::{Body, Function, is_attr};

/// `function` with its body behind a call through the runtime's entry.
pub(crate) fn function(mut function: Function, scope: &Scope, runtime: &Runtime) -> TokenStream {
    let Body::Block(block) = function.body.clone() else {
        return function.into_token_stream();
    };
    let private = runtime.private();
    // Generated code is shown at the function's name in errors.
    let span = Span::call_site().located_at(function.sig.ident.span());
    let describe = describe::closure(&function, scope, &private, span);
    let (inner_attrs, body) = body_of(&block, &function);
    function.attrs.extend(inner_attrs);
    if is_crate_local(&function, scope) {
        function.attrs.push(parse_quote!(#[inline]));
    }

    let mut passed = Vec::new();
    let mut params = Vec::new();
    for (index, input) in function.sig.inputs.iter_mut().enumerate() {
        let argument = split(input, index);
        passed.push(argument.passed);
        params.push(argument.param);
    }

    let call = format_ident!("call_{}", passed.len(), span = span);
    let unsafe_ = matches!(function.sig.safety, Safety::Unsafe(_));
    let lints = unsafe_.then(|| quote!(#[allow(unused_unsafe)]));
    let hinted = hint::hinted(&body, &function.sig.output, scope);
    let hint_lints = hinted.is_some().then(hint::lints);
    let body = hinted.unwrap_or_else(|| body.into_token_stream());
    let output = closure_output(&function.sig.output);
    let body = if unsafe_ { quote!({ unsafe #body }) } else { body.into_token_stream() };
    let mut outer = Group::new(
        proc_macro2::Delimiter::Brace,
        quote_spanned! {span=>
            #private::#call(
                #describe,
                #(#passed,)*
                #lints #hint_lints |#(#params),*| #output #body
            )
        },
    );
    outer.set_span(block.span());
    function.body = Body::Block(outer);
    function.into_token_stream()
}

/// Whether only its own crate can call it, and nothing is said yet of how it is compiled.
///
/// What is left of such a function is a call through its entry: every caller in the crate may have
/// that call in its place. Elsewhere `#[inline]` would compile the body again in every crate that
/// calls it, which is for the user to want.
fn is_crate_local(function: &Function, scope: &Scope) -> bool {
    let local = match &function.vis {
        Visibility::Public(_) => false,
        Visibility::Restricted(_) => true,
        Visibility::Inherited if function.sig.receiver().is_some() => scope.has_private_methods(),
        Visibility::Inherited => scope.has_private_methods() || scope.known_self().is_none(),
    };
    let free = function.sig.abi.is_none()
        && function.attrs.iter().all(|attr| {
            ["allow", "cfg", "deny", "doc", "expect", "must_use", "warn"]
                .iter()
                .any(|name| is_attr(attr, name))
        });
    local && free
}

/// One argument, after the outer function's own declaration of it was simplified.
struct Argument {
    /// What the outer function passes on.
    passed: TokenStream,
    /// What the body's closure declares. It has no type: the passed value has it already, and a
    /// written one would make an elided lifetime the closure's own.
    param: TokenStream,
}

fn split(input: &mut FnArg, index: usize) -> Argument {
    match input {
        FnArg::Receiver(receiver) => {
            let lints = take_lints(&mut receiver.attrs);
            let mutability = receiver.mutability.take();
            let name = Ident::new(receiver::NAME, receiver.self_token.span);
            let self_token = receiver.self_token;
            Argument { passed: quote!(#self_token), param: quote!(#(#lints)* #mutability #name) }
        }
        FnArg::Typed(typed) => {
            let lints = take_lints(&mut typed.attrs);
            let pattern = typed.pat.clone();
            let name = match &*pattern {
                Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => ident.clone(),
                _ => Ident::new(&format!("__arg{index}"), Span::mixed_site()),
            };
            *typed.pat = parse_quote!(#name);
            // It is used now, whatever its name says.
            let text = name.to_string();
            let underscore = text.starts_with('_') && !text.starts_with("__");
            let lint = underscore.then(|| quote!(#[allow(clippy::used_underscore_binding)]));
            Argument { passed: quote!(#lint #name), param: quote!(#(#lints)* #pattern) }
        }
    }
}

/// Lint levels go with the pattern they are about; other attributes stay outside.
fn take_lints(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    attrs
        .extract_if(.., |attr| {
            ["allow", "warn", "deny", "forbid", "expect"].iter().any(|level| is_attr(attr, level))
        })
        .collect()
}

/// The body's tokens with `self` renamed, and its inner attributes made outer ones.
fn body_of(block: &Group, function: &Function) -> (Vec<Attribute>, Group) {
    let (attrs, mut tokens) = inner_attributes(block);
    if function.sig.receiver().is_some() {
        tokens = receiver::rename_self(tokens);
    }
    let mut body = Group::new(proc_macro2::Delimiter::Brace, tokens);
    body.set_span(block.span());
    (attrs, body)
}

/// The body's inner attributes, made outer ones, and the rest of it.
fn inner_attributes(block: &Group) -> (Vec<Attribute>, TokenStream) {
    let mut first = block.stream().into_iter();
    let mut next_is = |wanted: char| matches!(first.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted);
    if !(next_is('#') && next_is('!')) {
        return (Vec::new(), block.stream());
    }
    let parser = |input: syn::parse::ParseStream| {
        Ok((input.call(Attribute::parse_inner)?, input.parse::<TokenStream>()?))
    };
    let parsed = syn::parse::Parser::parse2(parser, block.stream());
    let (mut attrs, tokens) = parsed.unwrap_or_else(|_| (Vec::new(), block.stream()));
    for attr in &mut attrs {
        attr.style = syn::AttrStyle::Outer;
    }
    (attrs, tokens)
}

/// The closure's return type: the function's, with `_` for each `impl Trait`.
fn closure_output(output: &ReturnType) -> TokenStream {
    struct Infer;
    impl VisitMut for Infer {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            match ty {
                Type::ImplTrait(_) => *ty = parse_quote!(_),
                _ => visit_mut::visit_type_mut(self, ty),
            }
        }
    }
    match output {
        ReturnType::Default => quote!(-> ()),
        ReturnType::Type(arrow, ty) => {
            let mut ty = ty.clone();
            Infer.visit_type_mut(&mut ty);
            quote!(#arrow #ty)
        }
    }
}
