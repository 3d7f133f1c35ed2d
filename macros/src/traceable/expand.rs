//! The expansion of one traceable function that passed its checks.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, FnArg, Pat, PatIdent, PatType, Receiver, ReceiverKind, ReturnType, Safety, Token,
    Type, TypeReference, parse_quote,
};

use super::identity::{Scope, argument_identity, identity};
use super::receiver;
use crate::args::Runtime;
use crate::function::{Body, Function, is_attr};
use crate::text::text;

/// `function` with its body behind a call through the runtime's entry.
pub(crate) fn function(mut function: Function, scope: &Scope, runtime: &Runtime) -> TokenStream {
    let Body::Block(block) = function.body.clone() else {
        return function.into_token_stream();
    };
    let private = runtime.private();
    let describe = describe(&function, scope, &private);
    let (inner_attrs, body) = body_of(&block, &function);
    function.attrs.extend(inner_attrs);

    let mut passed = Vec::new();
    let mut params = Vec::new();
    for (index, input) in function.sig.inputs.iter_mut().enumerate() {
        let argument = split(input, index);
        passed.push(argument.passed);
        params.push(argument.param);
    }

    let span = placed_at(&function.sig.ident);
    let call = format_ident!("call_{}", passed.len(), span = span);
    let unsafe_ = matches!(function.sig.safety, Safety::Unsafe(_));
    let lints = unsafe_.then(|| quote!(#[allow(unused_unsafe)]));
    let output = closure_output(&function.sig.output);
    let body = if unsafe_ {
        quote!({ unsafe #body })
    } else {
        body.into_token_stream()
    };
    let mut outer = Group::new(
        proc_macro2::Delimiter::Brace,
        quote_spanned! {span=>
            #private::#call(
                #describe,
                #(#passed,)*
                #lints |#(#params),*| #output #body
            )
        },
    );
    outer.set_span(block.span());
    function.body = Body::Block(outer);
    function.into_token_stream()
}

/// Generated code, shown at the function's name: in errors, and as the line of the call.
fn placed_at(name: &Ident) -> Span {
    Span::call_site().located_at(name.span())
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
            Argument {
                passed: quote!(#self_token),
                param: quote!(#(#lints)* #mutability #name),
            }
        }
        FnArg::Typed(typed) => {
            let lints = take_lints(&mut typed.attrs);
            let pattern = typed.pat.clone();
            let name = match &*pattern {
                Pat::Ident(PatIdent {
                    by_ref: None,
                    subpat: None,
                    ident,
                    ..
                }) => ident.clone(),
                _ => Ident::new(&format!("__arg{index}"), Span::mixed_site()),
            };
            *typed.pat = parse_quote!(#name);
            Argument {
                passed: quote!(#name),
                param: quote!(#(#lints)* #pattern),
            }
        }
    }
}

/// Lint levels go with the pattern they are about; other attributes stay outside.
fn take_lints(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    attrs
        .extract_if(.., |attr| {
            ["allow", "warn", "deny", "forbid", "expect"]
                .iter()
                .any(|level| is_attr(attr, level))
        })
        .collect()
}

/// The body's tokens with `self` renamed, and its inner attributes made outer ones.
fn body_of(block: &Group, function: &Function) -> (Vec<Attribute>, Group) {
    let parser = |input: syn::parse::ParseStream| {
        Ok((
            input.call(Attribute::parse_inner)?,
            input.parse::<TokenStream>()?,
        ))
    };
    let parsed = syn::parse::Parser::parse2(parser, block.stream());
    let (mut attrs, mut tokens) = parsed.unwrap_or_else(|_| (Vec::new(), block.stream()));
    for attr in &mut attrs {
        attr.style = syn::AttrStyle::Outer;
    }
    if function.sig.receiver().is_some() {
        tokens = receiver::rename_self(tokens);
    }
    let mut body = Group::new(proc_macro2::Delimiter::Brace, tokens);
    body.set_span(block.span());
    (attrs, body)
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

/// The capture-less closure that returns the function's static description.
fn describe(function: &Function, scope: &Scope, private: &TokenStream) -> TokenStream {
    let sig = &function.sig;
    let name = bare(&sig.ident);
    let generics = scope.generics().iter().map(ToString::to_string);
    let args = sig.inputs.iter().map(|input| match input {
        FnArg::Receiver(receiver) => {
            let ty = receiver_type(receiver, &scope.self_type());
            let written = receiver_type(receiver, &parse_quote!(Self));
            let id = type_id(argument_identity(&written, scope), private);
            let ty = text(ty);
            quote!(#private::ArgSource { name: "self", ty: #ty, id: #id })
        }
        FnArg::Typed(PatType { pat, ty, .. }) => {
            let (name, id) = (
                argument_name(pat),
                type_id(argument_identity(ty, scope), private),
            );
            let ty = text(ty);
            quote!(#private::ArgSource { name: #name, ty: #ty, id: #id })
        }
    });
    let unit = parse_quote!(());
    let ret = match &sig.output {
        ReturnType::Default => &unit,
        ReturnType::Type(_, ty) => &**ty,
    };
    let (ret_ty, ret_id) = (text(ret), type_id(identity(ret, scope), private));
    let signature = signature(function);
    // Only the user's own span makes `line!` name the function's line, not the attribute's.
    let place = quote_spanned! {sig.ident.span()=>
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        column: ::core::column!(),
    };
    quote_spanned! {placed_at(&sig.ident)=>
        || const { &#private::Source {
            name: #name,
            #place
            signature: #signature,
            generics: &[#(#generics),*],
            args: &[#(#args),*],
            ret: #private::RetSource { ty: #ret_ty, id: #ret_id },
        } }
    }
}

fn type_id(identity: Option<Type>, private: &TokenStream) -> TokenStream {
    match identity {
        Some(ty) => quote!(::core::option::Option::Some(#private::type_id_of::<fn(#ty)>)),
        None => quote!(::core::option::Option::None),
    }
}

/// The type of `self`, for this `Self`.
fn receiver_type(receiver: &Receiver, self_ty: &Type) -> Type {
    match &receiver.kind {
        ReceiverKind::Reference(and, lifetime, mutability) => {
            let elem = match self_ty {
                Type::TraitObject(_) => parse_quote!((#self_ty)),
                _ => self_ty.clone(),
            };
            Type::Reference(TypeReference {
                attrs: Vec::new(),
                and_token: *and,
                lifetime: lifetime.clone(),
                mutability: *mutability,
                elem: Box::new(elem),
            })
        }
        ReceiverKind::Typed(_, ty) => (**ty).clone(),
        _ => self_ty.clone(),
    }
}

fn argument_name(pat: &Pat) -> String {
    match pat {
        Pat::Ident(PatIdent {
            subpat: None,
            ident,
            ..
        }) => bare(ident),
        _ => text(pat),
    }
}

/// The name without `r#`.
fn bare(ident: &Ident) -> String {
    syn::ext::IdentExt::unraw(ident).to_string()
}

/// The signature for listings: from the name on, without `where`.
fn signature(function: &Function) -> String {
    let mut sig = function.sig.clone();
    sig.generics.where_clause = None;
    for input in &mut sig.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                receiver.attrs.clear();
                receiver.mutability = None;
            }
            FnArg::Typed(typed) => {
                typed.attrs.clear();
                if let Pat::Ident(name) = &mut *typed.pat {
                    name.mutability = None::<Token![mut]>;
                }
            }
        }
    }
    let (ident, generics, inputs, output) = (&sig.ident, &sig.generics, &sig.inputs, &sig.output);
    text(quote!(#ident #generics (#inputs) #output))
}
