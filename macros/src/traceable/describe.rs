//! The description of a traceable function: what listings show, what probes are checked against, and how its
//! arguments and its result are shown.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{FnArg, Pat, PatIdent, PatType, ReturnType, Token, Type, parse_quote};

use super::identity::{Opaque, argument_identity, identity};
use super::scope::{Scope, receiver_type};
use super::shown::Shown;
use super::signature::{Side, borrowing};
use super::unseen::Unseen;
use crate::function::Function;
use crate::text::text;

/// The capture-less closure that returns the function's static description, and what can be shown of a call.
pub(crate) fn closure(
    function: &Function,
    scope: &Scope,
    private: &TokenStream,
    span: Span,
) -> TokenStream {
    described(function, scope, private, span, "")
}

/// The same of a tracepoint, which is written as a function here.
pub(crate) fn tracepoint(function: Function, private: &TokenStream, span: Span) -> TokenStream {
    // It may stand in any function of any block.
    let scope = Scope::alone(Unseen::Letters);
    described(&function, &scope, private, span, "tracepoint ")
}

/// `kind` stands before the signature.
fn described(
    function: &Function,
    scope: &Scope,
    private: &TokenStream,
    span: Span,
    kind: &str,
) -> TokenStream {
    let sig = &function.sig;
    let generics: Vec<_> = scope.generics().iter().map(ToString::to_string).collect();
    let mut lines = vec![format!("{kind}{}", signature(function)), generics.join(", ")];
    let mut ids = Vec::new();
    for input in &sig.inputs {
        let (name, shown, identity) = match input {
            FnArg::Receiver(receiver) => {
                let written = receiver_type(receiver, &parse_quote!(Self));
                let shown = text(receiver_type(receiver, &scope.self_type()));
                ("self".to_owned(), shown, argument_identity(&written, scope))
            }
            FnArg::Typed(PatType { pat, ty, .. }) => {
                (argument_name(pat), text(ty), argument_identity(ty, scope))
            }
        };
        lines.extend([name, type_line(shown, &identity)]);
        ids.push(type_id(identity, private));
    }
    let unit = parse_quote!(());
    let ret = match &sig.output {
        ReturnType::Default => &unit,
        ReturnType::Type(_, ty) => &**ty,
    };
    let result = identity(ret, scope);
    lines.push(type_line(text(ret), &result));
    ids.push(type_id(result, private));
    // A literal in a type may have an end of line in it.
    let lines: Vec<_> = lines.iter().map(|line| line.replace('\n', " ")).collect();
    let text = lines.join("\n");
    // Only the user's own span makes `line!` name the function's line, not the attribute's.
    let place = quote_spanned! {sig.ident.span()=>
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        column: ::core::column!(),
    };
    let borrowing = match borrowing(sig, scope, Side::Function) {
        Some(pointer) => quote!(::core::option::Option::Some(#private::type_id_of::<#pointer>)),
        None => quote!(::core::option::Option::None),
    };
    // SAFETY (of what is written): the description is this function's, and its identities are the types that are
    // written there, or opaque.
    let source = quote_spanned! {span=>
        const {
            &#private::Source {
                text: #text,
                #place
                ids: &[#(#ids),*],
                promise: unsafe { #private::Promise::new() },
                signature: #borrowing,
            }
        }
    };
    let Shown { params, values } = Shown::of(function, scope, private, span);
    quote_spanned!(span=> |#(#params),*| (#source, [#(#values),*]))
}

fn type_id(identity: Result<Type, Opaque>, private: &TokenStream) -> TokenStream {
    match identity {
        Ok(ty) => quote!(#private::type_id_of::<fn(#ty)>),
        Err(_) => quote!(#private::opaque),
    }
}

/// A type as it is written, and behind a tab why it is opaque.
fn type_line(shown: String, identity: &Result<Type, Opaque>) -> String {
    match identity {
        Ok(_) => shown,
        Err(why) => format!("{shown}\t{}", why.word()),
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

/// The signature for listings: from the name on, or from `async`, without `where`.
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
    let asyncness = &sig.asyncness;
    text(quote!(#asyncness #ident #generics (#inputs) #output))
}
