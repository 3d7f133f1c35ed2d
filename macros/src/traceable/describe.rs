//! The static description of a traceable function: what listings show and probes are checked
//! against.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    FnArg, Pat, PatIdent, PatType, Receiver, ReceiverKind, ReturnType, Token, Type, TypeReference,
    parse_quote,
};

use super::identity::{argument_identity, identity};
use super::scope::Scope;
use crate::function::Function;
use crate::text::text;

/// The capture-less closure that returns the function's static description.
pub(crate) fn closure(
    function: &Function,
    scope: &Scope,
    private: &TokenStream,
    span: Span,
) -> TokenStream {
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
            let (name, id) = (argument_name(pat), type_id(argument_identity(ty, scope), private));
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
    quote_spanned! {span=>
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
        Pat::Ident(PatIdent { subpat: None, ident, .. }) => bare(ident),
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
    sig.inputs.pop_punct();
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
