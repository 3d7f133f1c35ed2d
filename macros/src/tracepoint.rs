//! `tracepoint!`: a switch in the middle of a function, with values that are made while it is armed.
//!
//! It is described as a function would be that has its name, its arguments and an empty body. Beside the switch stands
//! a note in the form of SystemTap's static probes, which `perf`, bpftrace and uftrace read; what they put their own
//! breakpoint on is an instruction of its own, so that both can be there at once.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut as _;
use syn::{Expr, Ident, Token, Type, parse_quote};

use crate::args::{MAX_ARGS, Runtime};
use crate::function::Function;
use crate::held::Held;
use crate::traceable::describe_tracepoint;

/// What is written in the parentheses.
struct Tracepoint {
    runtime: Runtime,
    name: Ident,
    arguments: Punctuated<Argument, Token![,]>,
}

/// `name: Type = value`, or `name: Type` for what has that name.
struct Argument {
    name: Ident,
    ty: Type,
    value: Expr,
}

impl Parse for Argument {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let name: Ident = input.parse()?;
        if !input.peek(Token![:]) {
            let message = format!("a value has a name and a type: `{name}: Type = value`");
            return Err(syn::Error::new(name.span(), message));
        }
        input.parse::<Token![:]>()?;
        let mut ty = input.parse()?;
        Held.visit_type_mut(&mut ty);
        let mut value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            input.parse()?
        } else {
            parse_quote!(#name)
        };
        Held.visit_expr_mut(&mut value);
        Ok(Self { name, ty, value })
    }
}

impl Parse for Tracepoint {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let runtime = Runtime::parse_first(input)?;
        let missing =
            "a tracepoint has a name, and then its values: `tracepoint!(posted, amount: u64)`";
        let name = input.parse().map_err(|error| syn::Error::new(error.span(), missing))?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let arguments = input.call(Punctuated::parse_terminated)?;
        Ok(Self { runtime, name, arguments })
    }
}

/// The whole macro.
pub(crate) fn tracepoint(tokens: TokenStream) -> TokenStream {
    let Tracepoint { runtime, name, arguments } = match syn::parse2(tokens) {
        Ok(tracepoint) => tracepoint,
        Err(error) => return error.into_compile_error(),
    };
    if let Some(argument) = arguments.iter().nth(MAX_ARGS) {
        let message = format!("a tracepoint has no more than {MAX_ARGS} values");
        return syn::Error::new(argument.name.span(), message).into_compile_error();
    }
    let types = arguments.iter().map(|argument| &argument.ty);
    let values = arguments.iter().map(|argument| &argument.value);
    let values = match arguments.len() {
        0 => quote!(|| {}),
        _ => quote!(|| -> (#(#types,)*) { (#(#values,)*) }),
    };
    if !cfg!(feature = "enabled") {
        return quote!({ let _ = #values; });
    }
    let private = runtime.private();
    let inputs = arguments.iter().map(|Argument { name, ty, .. }| quote!(#name: #ty));
    let as_function = quote!(fn #name(#(#inputs),*) {});
    let function = |input: ParseStream| Function::parse_after(Vec::new(), input);
    let function = function.parse2(as_function).expect("it was just written");
    let describe = describe_tracepoint(function, &private, Span::call_site());
    let ignored = arguments.iter().map(|_| quote!(_));
    let count = arguments.len();
    let switch = format_ident!("tracepoint_{count}");
    let note = note(&name);
    quote!({
        #note
        #private::#switch(#values, |#(#ignored),*| {}, #describe)
    })
}

/// The note, as `sys/sdt.h` of SystemTap writes it (version 3), without arguments: they are not there while the
/// tracepoint is off.
fn note(name: &Ident) -> TokenStream {
    let provider = std::env::var("CARGO_CRATE_NAME").unwrap_or_else(|_| "gtramp".to_owned());
    let name = syn::ext::IdentExt::unraw(name).to_string();
    let provider = format!(".asciz \"{provider}\"");
    let name = format!(".asciz \"{name}\"");
    quote! {
        #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
        // SAFETY: an instruction without effect, and data that no program reads.
        unsafe {
            ::core::arch::asm!(
                "990: nop",
                ".pushsection .note.stapsdt, \"?\", %note",
                ".balign 4",
                ".4byte 992f - 991f, 994f - 993f, 3",
                "991: .asciz \"stapsdt\"",
                "992: .balign 4",
                "993: .8byte 990b, _.stapsdt.base, 0",
                #provider,
                #name,
                ".asciz \"\"",
                "994: .balign 4",
                ".popsection",
                ".ifndef _.stapsdt.base",
                ".pushsection .stapsdt.base, \"aG\", %progbits, .stapsdt.base, comdat",
                ".weak _.stapsdt.base",
                ".hidden _.stapsdt.base",
                "_.stapsdt.base: .space 1",
                ".size _.stapsdt.base, 1",
                ".popsection",
                ".endif",
                options(nomem, nostack, preserves_flags),
            );
        }
    }
}
