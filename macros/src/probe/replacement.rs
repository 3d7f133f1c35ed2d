//! `replacement!`: a closure that can be put in the place of functions.
//!
//! It is boxed as an object of the type that its text says, and the object is called: so whatever it has captured, its
//! type is one that can be written, with every lifetime open that is open in the function. What calls it is a
//! closure that captures nothing, so types may be those of a generic function around it.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::visit_mut::VisitMut;
use syn::{
    ExprClosure, GenericParam, Lifetime, Pat, ReturnType, Signature, Token, Type, parse_quote,
};

use super::expand::{parameter_names, signature_lints};
use super::replace::Typed;
use crate::args::{MAX_ARGS, Runtime};
use crate::errors::Errors;
use crate::held::Held;
use crate::traceable::{Scope, Side, borrowing};

/// What is written in the parentheses.
struct Replacement {
    runtime: Runtime,
    closure: ExprClosure,
}

impl Parse for Replacement {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let runtime = Runtime::parse_first(input)?;
        let missing = "a replacement is a closure with its types: `|amount: u64| -> u64 { .. }`";
        let closure = input.parse().map_err(|error| syn::Error::new(error.span(), missing))?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { runtime, closure })
    }
}

/// The whole macro.
pub(crate) fn replacement(tokens: TokenStream) -> TokenStream {
    let Replacement { runtime, mut closure } = match syn::parse2(tokens) {
        Ok(replacement) => replacement,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    Held.visit_expr_mut(&mut closure.body);
    if let Some(token) = &closure.constness {
        errors.push(token, "a replacement runs at run time only; leave out `const`");
    }
    if let Some(token) = &closure.asyncness {
        errors.push(
            token,
            "a closure in the place of a body runs to its end inside the call; of an async function the body is \
             replaced by an `async fn` with `#[replace]`",
        );
    }
    let (patterns, sig) = signature(&closure, &mut errors);
    if let Some(pattern) = patterns.get(MAX_ARGS) {
        errors.push(
            pattern,
            format_args!("no traceable function has more than {MAX_ARGS} arguments"),
        );
    }
    let types = types(&sig, &mut errors);
    if errors.is_empty() {
        return expand(&closure, &patterns, &sig, &types, &runtime);
    }
    let errors = errors.into_tokens();
    quote!({ #errors ::core::unreachable!() })
}

/// The arguments' patterns, and the signature of a function with the closure's types.
fn signature(closure: &ExprClosure, errors: &mut Errors) -> (Vec<Pat>, Signature) {
    let (mut patterns, mut inputs) = (Vec::new(), Vec::<Type>::new());
    for input in &closure.inputs {
        match input {
            Pat::Type(typed) => {
                patterns.push((*typed.pat).clone());
                let mut ty = (*typed.ty).clone();
                Held.visit_type_mut(&mut ty);
                inputs.push(ty);
            }
            other => errors.push(
                other,
                "its type is compared with that of the function's argument: write it, `amount: u64`",
            ),
        }
    }
    let (lifetimes, mut output) = (closure.lifetimes.as_ref(), closure.output.clone());
    if let ReturnType::Type(_, ty) = &mut output {
        Held.visit_type_mut(ty);
    }
    let params = lifetimes.into_iter().flat_map(|bound| &bound.lifetimes);
    let params: Vec<_> = params.collect();
    let names = parameter_names(inputs.len());
    let mut sig: Signature = parse_quote!(fn replacement(#(#names: #inputs),*) #output);
    sig.generics = parse_quote!(<#(#params),*>);
    let known = sig.generics.params.iter().filter_map(|param| match param {
        GenericParam::Lifetime(param) => Some(param.lifetime.ident.to_string()),
        _ => None,
    });
    let mut undeclared = Undeclared { known: known.collect(), errors };
    undeclared.visit_signature_mut(&mut sig.clone());
    (patterns, sig)
}

/// Finds lifetimes that the closure does not begin with.
struct Undeclared<'e> {
    known: HashSet<String>,
    errors: &'e mut Errors,
}

impl VisitMut for Undeclared<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        let name = lifetime.ident.to_string();
        if !self.known.contains(&name) && name != "static" && name != "_" {
            let message = format!(
                "it is whatever the call has: begin the closure with `for<'{name}>`, or leave it out"
            );
            self.errors.push(lifetime, message);
        }
    }

    // These have binders of their own.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}
    fn visit_trait_bound_mut(&mut self, _: &mut syn::TraitBound) {}
}

/// The arguments' types, and last the result's.
fn types(sig: &Signature, errors: &mut Errors) -> Vec<Typed> {
    let inputs = sig.inputs.iter().filter_map(|input| match input {
        syn::FnArg::Typed(typed) => Some(&*typed.ty),
        syn::FnArg::Receiver(_) => None,
    });
    let unit = parse_quote!(());
    let output = match &sig.output {
        ReturnType::Default => &unit,
        ReturnType::Type(_, ty) => &**ty,
    };
    inputs.chain([output]).filter_map(|ty| Typed::new(ty, errors)).collect()
}

fn expand(
    closure: &ExprClosure,
    patterns: &[Pat],
    sig: &Signature,
    types: &[Typed],
    runtime: &Runtime,
) -> TokenStream {
    let private = runtime.private();
    let (ret, params) = types.split_last().expect("there is a result");
    let (descriptions, described) =
        (params.iter().map(|param| param.as_param(&private)), ret.as_ret(&private));
    let (names, count) = (parameter_names(params.len()), params.len());
    let open: Vec<_> = params.iter().map(|param| &param.open).collect();
    let ret_open = &ret.open;
    let called = match borrowing(sig, &Scope::default(), Side::Replacement) {
        Some(pointer) => borrows(&pointer, &private, &open),
        None => {
            // It asks nothing of lifetimes, which the borrow checker proves: see `super::expand`.
            let span = Span::call_site().located_at(ret.written.span());
            let proof = quote_spanned!(span=> #private::borrows_nothing(&__gtramp_ret));
            let object = quote! {
                dyn ::core::ops::Fn(#(#open),*) -> #ret_open + ::core::marker::Send + ::core::marker::Sync
            };
            Called {
                signature: quote!(::core::option::Option::None),
                shim: quote! {
                    let __gtramp_shim: fn(*const ::std::boxed::Box<#object>, #(#open),*) -> #ret_open =
                        |__gtramp_closure, #(#names),*| {
                            // SAFETY: the promise of `run`.
                            let __gtramp_closure = unsafe { &*__gtramp_closure };
                            let __gtramp_ret = __gtramp_closure(#(#names),*);
                            #proof;
                            __gtramp_ret
                        };
                },
                call: quote!(__gtramp_shim(__gtramp_closure.cast(), #(#names),*)),
                take: open.iter().map(|open| quote!(#open)).collect(),
                object,
            }
        }
    };
    let Called { object, signature, shim, call, take } = called;
    let reads = names.iter().zip(&take).enumerate().map(|(index, (name, take))| {
        quote! {
            // SAFETY: the promise of `run`: it is the slot of this argument, whose value nobody else takes.
            let #name = unsafe { #private::taken::<#take>(__gtramp_slots, #index) };
        }
    });
    let (attrs, capture, body) = (&closure.attrs, &closure.capture, &closure.body);
    let lints = signature_lints();
    // A constant of the user's would be compared with what is bound by its name, wherever the name stands.
    let local = |name| syn::Ident::new(name, Span::mixed_site());
    let (boxed, run) = (local("__gtramp_boxed"), local("__gtramp_run"));
    quote!({
        #lints
        #[allow(clippy::type_complexity)]
        #(#attrs)*
        let #boxed: ::std::boxed::Box<#object> = ::std::boxed::Box::new(#capture |#(#patterns),*| #body);
        #[allow(clippy::borrowed_box, clippy::type_complexity, clippy::too_many_arguments)]
        let #run: unsafe fn(*const (), *mut #private::Slot) -> #private::Slot = |__gtramp_closure, __gtramp_slots| {
            #shim
            #(#reads)*
            let __gtramp_ret = #call;
            // SAFETY: the promise of `run`: behind the arguments is the address of room for the result, where that
            // is needed.
            unsafe { #private::returned(__gtramp_slots, #count, __gtramp_ret) }
        };
        // SAFETY: `run` takes the arguments that are described, and asks no more of lifetimes than its types say: the
        // shim proves it, or `signature` is the type of pointers to such functions.
        unsafe {
            #private::replacing_by(
                #boxed,
                ::std::vec::Vec::from([#(#descriptions),*]),
                #described,
                #signature,
                #run,
            )
        }
    })
}

/// How the closure is called.
struct Called {
    /// Its type when it is boxed.
    object: TokenStream,
    signature: TokenStream,
    shim: TokenStream,
    call: TokenStream,
    /// The types of its arguments.
    take: Vec<TokenStream>,
}

/// What it asks of lifetimes is what its type says, which is compared.
fn borrows(pointer: &Type, private: &TokenStream, open: &[&Type]) -> Called {
    let Type::FnPtr(of) = pointer else { unreachable!("it is the type of a pointer") };
    let (lifetimes, output) = (&of.lifetimes, &of.output);
    let inputs = of.inputs.iter().map(|input| &input.ty);
    let object = quote! {
        dyn #lifetimes ::core::ops::Fn(#(#inputs),*) #output + ::core::marker::Send + ::core::marker::Sync
    };
    let names = parameter_names(open.len());
    Called {
        signature: quote!(::core::option::Option::Some(#private::type_id_of::<#pointer>())),
        shim: quote! {
            // SAFETY: the promise of `run`.
            let __gtramp_closure = unsafe { &*__gtramp_closure.cast::<::std::boxed::Box<#object>>() };
        },
        call: quote!(__gtramp_closure(#(#names),*)),
        take: open.iter().map(|_| quote!(_)).collect(),
        object,
    }
}
