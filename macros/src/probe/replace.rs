//! `#[replace]`: a function that can be put in the place of others.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{FnArg, GenericParam, ReturnType, Type, parse_quote};

use super::check::{params, qualifiers};
use super::expand::{identity, item_with, parameter_names};
use super::param::open;
use super::parse::ProbeFn;
use crate::args::{MAX_ARGS, ProbeArgs};
use crate::errors::Errors;
use crate::text::text;
use crate::traceable::{Scope, Side, borrowing};

/// The whole macro: attribute tokens and item tokens in, item tokens out.
pub(crate) fn replace(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = ProbeArgs::parse(attribute, &mut errors);
    args.refuse_future(&mut errors);
    let mut replacement = match syn::parse2::<ProbeFn>(item.clone()) {
        Ok(replacement) => replacement,
        Err(error) => {
            errors.push_error(error);
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
    };
    replacement.be_one(&mut errors);
    qualifiers("a replacement", &replacement, &mut errors);
    for param in &replacement.0.sig.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            errors.push(param, "a replacement cannot be generic: write one for each type");
        }
    }
    if args.sleepable {
        errors.push(
            &replacement.0.sig.ident,
            "a replacement may block as the function may; leave out `sleepable`",
        );
    }
    params(&replacement, &mut errors);
    if let Some(param) = replacement.0.sig.inputs.iter().nth(MAX_ARGS) {
        errors
            .push(param, format_args!("no traceable function has more than {MAX_ARGS} arguments"));
    }
    let typed = types(&replacement, &mut errors);
    if errors.is_empty() {
        return expand(replacement, &args, &typed);
    }
    let errors = errors.into_tokens();
    let function = replacement.0;
    quote!(#[allow(dead_code)] #function #errors)
}

/// A type as it is written, and with every lifetime open.
pub(super) struct Typed {
    pub(super) written: Type,
    pub(super) open: Type,
}

impl Typed {
    pub(super) fn new(ty: &Type, errors: &mut Errors) -> Option<Self> {
        Some(Self { written: ty.clone(), open: open(ty, errors)? })
    }

    fn described(&self, private: &TokenStream) -> (String, TokenStream) {
        let open = &self.open;
        (text(&self.written), quote!(#private::type_id_of::<fn(#open)>()))
    }

    /// The `Param` of an argument of this type.
    pub(super) fn as_param(&self, private: &TokenStream) -> TokenStream {
        let (open, (written, id)) = (&self.open, self.described(private));
        quote_spanned!(self.written.span()=> #private::Param::moved::<#open>(#written, #id))
    }

    /// The `RetParam` of a result of this type.
    pub(super) fn as_ret(&self, private: &TokenStream) -> TokenStream {
        let (open, (written, id)) = (&self.open, self.described(private));
        quote!(#private::RetParam::of::<#open>(#written, #id))
    }
}

/// The arguments' types, and last the result's.
fn types(replacement: &ProbeFn, errors: &mut Errors) -> Vec<Typed> {
    let sig = &replacement.0.sig;
    let mut types = Vec::new();
    for input in &sig.inputs {
        match input {
            FnArg::Typed(typed) => types.extend(Typed::new(&typed.ty, errors)),
            FnArg::Receiver(receiver) => errors.push(
                receiver.self_token,
                "a replacement is not a method: what it replaces may be one, and hands it its `self` as the first \
                 argument, `ledger: &Ledger`",
            ),
        }
    }
    let unit = parse_quote!(());
    let output = match &sig.output {
        ReturnType::Default => &unit,
        ReturnType::Type(_, ty) => &**ty,
    };
    types.extend(Typed::new(output, errors));
    types
}

fn expand(replacement: ProbeFn, args: &ProbeArgs, types: &[Typed]) -> TokenStream {
    let private = args.runtime.private();
    let sig = replacement.0.sig.clone();
    let (name, vis) = (&sig.ident, replacement.0.vis.clone());
    let identity = identity(name, name, args);
    let (ret, params) = types.split_last().expect("there is a result");
    let descriptions = params.iter().map(|param| param.as_param(&private));
    let ret_described = ret.as_ret(&private);
    let ret_open = &ret.open;
    let names = parameter_names(params.len());
    let count = params.len();
    let (asyncness, is_async) = (&sig.asyncness, sig.asyncness.is_some());
    let (inline, awaited) =
        if is_async { (quote!(), quote!(.await)) } else { (quote!(#[inline(always)]), quote!()) };
    // What an async one returns is no result of the function's, but what its future is.
    let returned = if is_async {
        quote_spanned!(sig.ident.span()=> #private::future_slot(__shim(#(#names),*)))
    } else {
        quote! {
            let ret = __shim(#(#names),*);
            // SAFETY: the promise of `run`: behind the arguments is the address of room for the result, where
            // that is needed.
            unsafe { #private::returned(slots, #count, ret) }
        }
    };
    let shim = match borrowing(&sig, &Scope::default(), Side::Replacement) {
        // What it asks of lifetimes is what its type says, which is compared.
        Some(pointer) => Shim {
            signature: quote!(::core::option::Option::Some(#private::type_id_of::<#pointer>())),
            function: quote!(let __shim: #pointer = #name;),
            take: params.iter().map(|_| quote!(_)).collect(),
        },
        // It asks nothing of lifetimes, which the borrow checker proves: see `super::expand`.
        None => {
            let open: Vec<_> = params.iter().map(|param| &param.open).collect();
            let span = proc_macro2::Span::call_site().located_at(ret.written.span());
            let proof = quote_spanned!(span=> __borrows_nothing(&ret););
            Shim {
                signature: quote!(::core::option::Option::None),
                function: quote! {
                    fn __borrows_nothing<T: 'static>(_: &T) {}
                    #inline
                    #asyncness fn __shim(#(#names: #open),*) -> #ret_open {
                        let ret = #name(#(#names),*) #awaited;
                        #proof
                        ret
                    }
                },
                take: open.iter().map(|open| quote!(#open)).collect(),
            }
        }
    };
    let Shim { signature, function, take } = shim;
    let reads = names.iter().zip(&take).enumerate().map(|(index, (name, take))| {
        quote! {
            // SAFETY: the promise of `run`: it is the slot of this argument, whose value nobody else takes.
            let #name = unsafe { #private::taken::<#take>(slots, #index) };
        }
    });
    let functions = quote! {
        /// Puts it in the place of the functions its attribute selects.
        ///
        /// # Errors
        ///
        /// As the patch builder's `apply`.
        #[allow(dead_code)]
        #vis fn apply() -> ::core::result::Result<#private::Patch, #private::Error> {
            Self::patch().apply()
        }

        /// Begins a patch that puts it in the place of the functions its attribute selects.
        #[allow(dead_code)]
        #[must_use]
        #vis fn patch() -> #private::PatchBuilder {
            #private::replacing(Self {})
        }
    };
    let implementations = quote! {
        #identity

        #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
        // SAFETY: `run` takes the arguments that `params` names, and asks no more of lifetimes than its types say:
        // the shim proves it, or `signature` is the type of pointers to it.
        unsafe impl #private::Replacement for #name {
            const IS_ASYNC: bool = #is_async;

            fn params() -> ::std::vec::Vec<#private::Param> {
                ::std::vec::Vec::from([#(#descriptions),*])
            }

            fn ret() -> #private::RetParam {
                #ret_described
            }

            fn signature() -> ::core::option::Option<::core::any::TypeId> {
                #signature
            }

            unsafe fn run(slots: *mut #private::Slot) -> #private::Slot {
                #function
                #(#reads)*
                #returned
            }
        }
    };
    item_with(replacement, &functions, &implementations)
}

/// How the user's function is called.
struct Shim {
    signature: TokenStream,
    function: TokenStream,
    /// The types of its arguments.
    take: Vec<TokenStream>,
}
