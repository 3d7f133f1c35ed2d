//! `#[derive(Fields)]`: the members of a type by name.
//!
//! What a member's type has is found by the compiler, see `site/fields.rs` of the runtime. The text decides only which
//! members are offered as `dyn Any`: those whose type has, as it is written, neither lifetimes nor parameters. If it has
//! some all the same, the compiler refuses what comes out.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, GenericParam, Generics, Ident, Member, Token, Type};

use crate::args::{Runtime, parse_crate};
use crate::errors::Errors;
use crate::tokens::any_word;

/// What `#[fields(..)]` says.
enum Said {
    /// `crate = path`
    Runtime(Runtime),
    /// `redact`
    Redact,
    /// `skip`
    Skip,
}

impl Parse for Said {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![crate]) {
            input.parse::<Token![crate]>()?;
            return Ok(Self::Runtime(Runtime::at(parse_crate(input)?)));
        }
        let word: Ident = input.parse()?;
        match word.to_string().as_str() {
            "redact" => Ok(Self::Redact),
            "skip" => Ok(Self::Skip),
            _ => Err(syn::Error::new(word.span(), "there is `redact`, `skip` and `crate = path`")),
        }
    }
}

fn said(attributes: &[Attribute], errors: &mut Errors) -> Vec<Said> {
    let mut said = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("fields")) {
        let parser = Punctuated::<Said, Token![,]>::parse_terminated;
        match attribute.parse_args_with(parser) {
            Ok(more) => said.extend(more),
            Err(error) => errors.push_error(error),
        }
    }
    said
}

pub(crate) fn fields(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let mut runtime = Runtime::default();
    for said in said(&input.attrs, &mut errors) {
        match said {
            Said::Runtime(path) => runtime = path,
            Said::Redact | Said::Skip => {
                errors.push(&input.ident, "this is said at members");
            }
        }
    }
    let private = runtime.private();
    if let Some(packed) = input.attrs.iter().find(|attribute| is_packed(attribute)) {
        errors.push(packed, "the members of a packed type cannot be borrowed");
    }
    let shape = |path: TokenStream, fields: &syn::Fields, errors: &mut Errors| {
        arm(&path, fields, &input.generics, &private, errors)
    };
    let arms: Vec<TokenStream> = match &input.data {
        Data::Struct(data) => vec![shape(quote!(Self), &data.fields, &mut errors)],
        Data::Enum(data) => {
            let variant = |variant: &syn::Variant| {
                let name = &variant.ident;
                shape(quote!(Self::#name), &variant.fields, &mut errors)
            };
            data.variants.iter().map(variant).collect()
        }
        Data::Union(data) => {
            errors.push(data.union_token, "which member of a union there is nobody knows");
            Vec::new()
        }
    };
    if !errors.is_empty() {
        return errors.into_tokens();
    }
    let (name, wanted) = (&input.ident, wanted());
    let (of_impl, of_type, bounds) = input.generics.split_for_impl();
    // What the derived `Debug` asks of type parameters, this does as well: then members of their types are shown.
    let predicates = bounds.iter().flat_map(|bounds| &bounds.predicates);
    let parameters: Vec<_> = input.generics.type_params().map(|param| &param.ident).collect();
    // And whatever else that asks.
    let whole = (!parameters.is_empty()).then(|| quote!(Self: ::core::fmt::Debug));
    let bounds = quote!(where #(#predicates,)* #(#parameters: ::core::fmt::Debug,)* #whole);
    quote! {
        #[automatically_derived]
        impl #of_impl #private::Fields for #name #of_type #bounds {
            fn field(&self, #wanted: &::core::primitive::str) -> ::core::option::Option<#private::Field<'_>> {
                match *self {
                    #(#arms)*
                    #[allow(unreachable_patterns)]
                    _ => ::core::option::Option::None,
                }
            }
        }
    }
}

/// The parameter that says which member is wanted. It and the bindings mean nothing that the user has of these names.
fn wanted() -> Ident {
    Ident::new("__gtramp_name", Span::mixed_site())
}

/// The members of a struct or a variant: `Self::A { ref id, .. } => match name { "id" => .., _ => None }`.
fn arm(
    path: &TokenStream,
    fields: &syn::Fields,
    generics: &Generics,
    private: &TokenStream,
    errors: &mut Errors,
) -> TokenStream {
    let (mut patterns, mut found) = (Vec::new(), Vec::new());
    for (number, field) in fields.iter().enumerate() {
        let said = said(&field.attrs, errors);
        if said.iter().any(|said| matches!(said, Said::Skip)) {
            continue;
        }
        let member = match &field.ident {
            Some(name) => Member::Named(name.clone()),
            None => Member::Unnamed(number.into()),
        };
        let text = match &member {
            Member::Named(name) => name.unraw().to_string(),
            Member::Unnamed(_) => number.to_string(),
        };
        if said.iter().any(|said| matches!(said, Said::Redact)) {
            found.push(quote!(#text => #private::Field::redacted(),));
            continue;
        }
        let local: Ident = format_ident!("__gtramp_{number}", span = Span::mixed_site());
        patterns.push(quote!(#member: ref #local,));
        let member = quote!(#private::Member(#local));
        let any = match is_whole(&field.ty, generics) {
            true => quote!(#member.__gtramp_any()),
            false => quote!(::core::option::Option::None),
        };
        found.push(quote! {
            #text => #private::Field::new(
                #member.__gtramp_debug(),
                #member.__gtramp_text(),
                #member.__gtramp_fields(),
                #any,
            ),
        });
    }
    if found.is_empty() {
        return quote!(#path { .. } => ::core::option::Option::None,);
    }
    let wanted = wanted();
    quote! {
        #path { #(#patterns)* .. } => ::core::option::Option::Some(match #wanted {
            #(#found)*
            _ => return ::core::option::Option::None,
        }),
    }
}

/// Whether its type has, as it is written, no lifetimes and no parameters of the item.
fn is_whole(ty: &Type, generics: &Generics) -> bool {
    let names: Vec<&Ident> = generics
        .params
        .iter()
        .map(|param| match param {
            GenericParam::Lifetime(param) => &param.lifetime.ident,
            GenericParam::Type(param) => &param.ident,
            GenericParam::Const(param) => &param.ident,
        })
        .collect();
    !any_word(ty.to_token_stream(), |word| word == "Self" || names.contains(&word))
}

fn is_packed(attribute: &Attribute) -> bool {
    attribute.path().is_ident("repr")
        && any_word(attribute.meta.to_token_stream(), |word| word == "packed")
}
