//! What the expansions of all kinds share.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, ReturnType, Type, Visibility};

use super::Kind;
use super::param::Param;
use super::parse::ProbeFn;
use crate::args::ProbeArgs;
use crate::errors::Errors;
use crate::function::is_attr;

/// What a kind's file says of a probe that passed its checks.
pub(crate) struct Shape {
    /// The kind's trait.
    pub(crate) implements: TokenStream,
    pub(crate) params: Vec<Param>,
    /// The last parameter of an exit probe, where that is the result.
    pub(crate) returned: Option<Returned>,
    /// Members of the trait besides `params` and `call`.
    pub(crate) members: TokenStream,
    /// `-> Type` of the probe function.
    pub(crate) output: TokenStream,
}

/// How an exit probe takes the result.
pub(crate) struct Returned {
    /// The result's type, as written.
    pub(crate) written: Type,
    /// The result's type, open.
    pub(crate) ty: Type,
    /// The parameter's type, open.
    pub(crate) param: TokenStream,
    /// `Option<&R>`: the probe runs on unwinding too.
    pub(crate) optional: bool,
}

/// Only `#[fmod_ret]` probes return something.
pub(crate) fn refuse_result(kind: Kind, probe: &ProbeFn, errors: &mut Errors) {
    if let ReturnType::Type(_, output) = &probe.0.sig.output
        && !matches!(&**output, Type::Tuple(unit) if unit.elems.is_empty())
    {
        errors.push(
            output,
            format_args!(
                "{} `#[{}]` probe returns nothing; `#[fmod_ret]` decides results",
                kind.article(),
                kind.name()
            ),
        );
    }
}

/// The probe's type, and everything about it.
pub(crate) fn expand(kind: Kind, probe: ProbeFn, args: &ProbeArgs, shape: &Shape) -> TokenStream {
    let private = args.runtime.private();
    let name = probe.0.sig.ident.clone();
    let identity = identity(&name, &name, args);
    let sleepable = args.sleepable;
    let (implements, members) = (&shape.implements, &shape.members);
    let descriptions = shape.params.iter().map(|param| param.description(&private));
    if kind == Kind::Poll {
        let begin = quote!(#private::poll_link(Self {}));
        let implementation = quote! {
            #identity

            #[allow(elided_lifetimes_in_paths)]
            impl #private::PollProbe for #name {
                const SLEEPABLE: bool = #sleepable;

                #[inline(always)]
                fn call(&self, ctx: &#private::Polling<'_>) {
                    #name(ctx);
                }
            }
        };
        return item(probe, &private, begin, implementation);
    }
    let call = call(kind, &quote!(#name), shape, None, &private);
    let begin = if args.future.is_some() { "mod_ret_future_link" } else { kind.begin() };
    let begin = format_ident!("{begin}");
    let begin = quote!(#private::#begin(Self {}));
    item(
        probe,
        &private,
        begin,
        quote! {
            #identity

            #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
            // SAFETY: `call` reads the arguments that `params` names, as `params` names them.
            unsafe impl #implements for #name {
                const SLEEPABLE: bool = #sleepable;

                fn params() -> ::std::vec::Vec<#private::Param> {
                    ::std::vec::Vec::from([#(#descriptions),*])
                }

                #members

                #call
            }
        },
    )
}

/// What a type is called, where it stands, and the patterns of its attribute: what every kind has.
pub(super) fn identity(ty: &Ident, name: &Ident, args: &ProbeArgs) -> TokenStream {
    let (private, patterns) = (args.runtime.private(), &args.patterns);
    let text = syn::ext::IdentExt::unraw(name).to_string();
    quote! {
        impl #private::Probe for #ty {
            const NAME: &'static str = #text;
            const MODULE: &'static str = ::core::module_path!();
            const PATTERNS: &'static [&'static str] = &[#(#patterns),*];
        }
    }
}

/// What is left of a probe that was refused: enough for its uses to compile.
pub(crate) fn refused(probe: ProbeFn, args: &ProbeArgs) -> TokenStream {
    item(probe, &args.runtime.private(), quote!(::core::unreachable!()), quote!())
}

/// The type, the function that stands for it among values, and in a scope of its own the user's function, the
/// type's functions and `implementations`.
///
/// A unit struct would be a constant as well, and every local and every argument of its name in the module would be
/// compared with it. A function's name is free for them.
fn item(
    probe: ProbeFn,
    private: &TokenStream,
    begin: TokenStream,
    implementations: TokenStream,
) -> TokenStream {
    let attaching = attaching(&probe.0.vis, private, &begin);
    item_with(probe, &attaching, &implementations)
}

/// As [`item`], with these functions of the type.
pub(super) fn item_with(
    probe: ProbeFn,
    functions: &TokenStream,
    implementations: &TokenStream,
) -> TokenStream {
    let mut function = probe.0;
    let name = function.sig.ident.clone();
    let vis = std::mem::replace(&mut function.vis, syn::Visibility::Inherited);
    let conditions: Vec<_> =
        function.attrs.iter().filter(|attr| is_attr(attr, "cfg")).cloned().collect();
    let outside: Vec<_> = function.attrs.extract_if(.., |attr| goes_outside(attr)).collect();
    // A caller that is compiled for the probe, in whatever unit of code, has the probe in it.
    let inline =
        (!function.attrs.iter().any(|attr| is_attr(attr, "inline"))).then(|| quote!(#[inline]));
    let lints = signature_lints();
    quote! {
        #(#outside)*
        #[allow(non_camel_case_types, clippy::exhaustive_structs)]
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #vis struct #name {}

        #(#conditions)*
        /// The probe, for a link that has others.
        #[allow(dead_code)]
        #[inline]
        #vis fn #name() -> #name {
            #name {}
        }

        #(#conditions)*
        const _: () = {
            #[allow(dead_code)]
            #inline
            #lints
            #function

            #implementations

            impl #name {
                #functions
            }
        };
    }
}

/// Of clippy's advice what is about a signature: what is traced has chosen it, and another would not fit. Nor may the
/// function be `const`.
pub(super) fn signature_lints() -> TokenStream {
    quote! {
        #[allow(
            clippy::borrowed_box,
            clippy::box_collection,
            clippy::boxed_local,
            clippy::large_types_passed_by_value,
            clippy::missing_const_for_fn,
            clippy::needless_pass_by_ref_mut,
            clippy::needless_pass_by_value,
            clippy::ptr_arg,
            clippy::rc_buffer,
            clippy::redundant_allocation,
            clippy::ref_option,
            clippy::too_many_arguments,
            clippy::trivially_copy_pass_by_ref,
            clippy::unnecessary_wraps,
            clippy::vec_box
        )]
    }
}

/// Names for so many parameters that hide nothing of the user's: a probe may be called `p0`.
pub(super) fn parameter_names(count: usize) -> Vec<Ident> {
    (0..count).map(|index| format_ident!("p{index}", span = Span::mixed_site())).collect()
}

/// What attaches the probe of a type.
pub(super) fn attaching(
    vis: &Visibility,
    private: &TokenStream,
    begin: &TokenStream,
) -> TokenStream {
    quote! {
        /// Attaches the probe to the functions its attribute selects.
        ///
        /// # Errors
        ///
        /// As the link builder's `attach`.
        #[allow(dead_code)]
        #vis fn attach() -> ::core::result::Result<#private::Link, #private::Error> {
            Self::link().attach()
        }

        /// Begins a link of the probe with the functions its attribute selects.
        #[allow(dead_code)]
        #[must_use]
        #vis fn link() -> #private::LinkBuilder {
            #begin
        }
    }
}

/// Documentation and conditions are the type's; lint levels and the rest the function's.
fn goes_outside(attr: &Attribute) -> bool {
    ["doc", "cfg", "deprecated"].iter().any(|name| is_attr(attr, name))
}

/// The method that reads the arguments and calls the user's function.
///
/// It goes through a shim whose parameters have the user's types with every lifetime open, so the
/// borrow checker proves that the user's function asks nothing of a lifetime: the types'
/// identities, which are checked when the probe is attached, say no more than that.
///
/// The exit half of a session is also handed the value of the call, of type `state`.
pub(super) fn call(
    kind: Kind,
    function: &TokenStream,
    shape: &Shape,
    state: Option<&Type>,
    private: &TokenStream,
) -> TokenStream {
    let context = Ident::new(kind.context(), Span::call_site());
    let names = parameter_names(shape.params.len());
    let types = shape.params.iter().map(|param| &param.open);
    let reads =
        shape.params.iter().enumerate().map(|(index, param)| param.read(index, &context, private));
    let output = &shape.output;
    let borrow_nothing = (kind == Kind::Fexit).then(|| {
        let values = names.iter().zip(&shape.params).filter(|(_, param)| param.is_value());
        let proofs = values.map(|(name, param)| {
            let span = Span::call_site().located_at(param.span());
            quote_spanned!(span=> __borrows_nothing(&#name);)
        });
        quote! {
            fn __borrows_nothing<T: 'static>(_: &T) {}
            #(#proofs)*
        }
    });
    let (ret_param, ret_name) = match &shape.returned {
        Some(Returned { param, .. }) => (quote!(ret: #param), quote!(ret)),
        None => (quote!(), quote!()),
    };
    let read_ret = shape.returned.as_ref().map(read_ret(&context, private));
    let (state_param, state) = match state {
        Some(ty) => (quote!(state: #ty,), quote!(state,)),
        None => (quote!(), quote!()),
    };
    quote! {
        #[inline(always)]
        unsafe fn call(&self, ctx: &#private::#context<'_>, #state_param) #output {
            #[inline(always)]
            fn __shim(ctx: &#private::#context<'_>, #state_param #(#names: #types,)* #ret_param) #output {
                #borrow_nothing
                #function(ctx, #state #(#names,)* #ret_name)
            }
            #read_ret
            // SAFETY: the promise of `call`: the context is of a call of a function whose types have been
            // compared with those that `params` names, and each is read as `params` names it.
            __shim(ctx, #state #(unsafe { #reads },)* #ret_name)
        }
    }
}

fn read_ret(context: &Ident, private: &TokenStream) -> impl FnOnce(&Returned) -> TokenStream {
    let read = quote!(#private::#context::returned);
    move |Returned { ty, optional, .. }| {
        if *optional {
            // SAFETY: as of the arguments, with the result's type.
            return quote!(let ret = unsafe { #read::<#ty>(ctx) };);
        }
        quote! {
            // SAFETY: as above.
            let ::core::option::Option::Some(ret) = (unsafe { #read::<#ty>(ctx) }) else {
                return;
            };
        }
    }
}
