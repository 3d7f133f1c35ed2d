//! `#[fsession]`: two functions of a type, of which one runs before the origin and leaves a value for the other,
//! which runs after it.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, FnArg, Ident, ItemImpl, Type, Visibility};

use super::expand::{attaching, call, identity, signature_lints};
use super::output::handed_on;
use super::parse::ProbeFn;
use super::{Kind, check, fentry, fexit};
use crate::args::ProbeArgs;
use crate::errors::Errors;
use crate::function::{Function, ungrouped};

const WANTED: &str = "a session is an `impl` of a type with two functions: `fn entry(ctx: &Entry) -> Option<State>` \
    and `fn exit(ctx: &Exit, state: State)`";

/// An `impl` block as it was written, and the functions in it.
struct Session {
    item: TokenStream,
    name: Ident,
    entry: ProbeFn,
    exit: ProbeFn,
}

/// The whole macro: attribute tokens and item tokens in, item tokens out.
pub(crate) fn session(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = ProbeArgs::parse(attribute, &mut errors);
    args.refuse_future(&mut errors);
    let session = match Session::parse_tokens(item.clone()) {
        Ok(session) => session,
        Err(error) => {
            errors.push_error(error);
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
    };
    let implementations = session.implementations(&args, &mut errors);
    let private = args.runtime.private();
    let (item, name, vis) = (&session.item, &session.name, &session.entry.0.vis);
    let begin = if errors.is_empty() {
        let sleepable = args.sleepable.then(|| quote!(.sleepable(true)));
        quote!(#private::session_link(__Session {}) #sleepable)
    } else {
        quote!(::core::unreachable!())
    };
    let implementations = errors.is_empty().then_some(implementations);
    let attaching = attaching(vis, &private, &begin);
    let errors = errors.into_tokens();
    let lints = signature_lints();
    quote! {
        #lints
        #item

        const _: () = {
            #implementations

            impl #name {
                #attaching
            }
        };
        #errors
    }
}

impl Session {
    fn parse_tokens(item: TokenStream) -> syn::Result<Self> {
        let refused = |tokens: TokenStream| syn::Error::new_spanned(tokens, WANTED);
        let mut header: Vec<TokenTree> = item.clone().into_iter().collect();
        let Some(TokenTree::Group(body)) = header.pop_if(
            |last| matches!(last, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace),
        ) else {
            return Err(refused(item));
        };
        header.push(TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new())));
        let header: ItemImpl =
            syn::parse2(header.into_iter().collect()).map_err(|_| refused(item.clone()))?;
        if header.trait_.is_some() || !header.generics.params.is_empty() {
            return Err(refused(header.self_ty.to_token_stream()));
        }
        let name = match ungrouped(&header.self_ty) {
            Type::Path(path) => path.path.get_ident().cloned(),
            _ => None,
        };
        let name = name.ok_or_else(|| refused(header.self_ty.to_token_stream()))?;
        let members = Members::parse.parse2(body.stream())?;
        let mut members = members.0;
        let mut half = |wanted: &str| {
            let found = members.iter().position(|function| function.sig.ident == wanted);
            found.map(|at| ProbeFn(members.remove(at))).ok_or_else(|| {
                syn::Error::new(name.span(), format_args!("there is no `fn {wanted}`: {WANTED}"))
            })
        };
        let (entry, exit) = (half("entry")?, half("exit")?);
        Ok(Self { item, name, entry, exit })
    }

    /// What the runtime needs to know of the two.
    fn implementations(&self, args: &ProbeArgs, errors: &mut Errors) -> TokenStream {
        let Self { name, entry, exit, .. } = self;
        let private = args.runtime.private();
        check::check(Kind::Fentry, entry, errors);
        check::check(Kind::Fexit, exit, errors);
        let Some(state) = state(entry, errors) else { return TokenStream::new() };
        let Some(exit) = without_state(exit, errors) else { return TokenStream::new() };
        let mut before = fentry::params(entry, args, errors);
        before.output = quote!(-> ::core::option::Option<#state>);
        let after = fexit::shape(&exit, args, errors);
        let identity = identity(&format_ident!("__Session"), name, args);
        let before_params = before.params.iter().map(|param| param.description(&private));
        let after_params = after.params.iter().map(|param| param.description(&private));
        let before_call = call(Kind::Fentry, &quote!(#name::entry), &before, None, &private);
        let after_call = call(Kind::Fexit, &quote!(#name::exit), &after, Some(&state), &private);
        let (in_slot, asked) = (&after.members, after.returned.is_none());
        let in_slot_default = asked.then(|| {
            quote!(
                const RET_IN_SLOT: ::core::option::Option<bool> = ::core::option::Option::None;
            )
        });
        quote! {
            #[derive(::core::clone::Clone, ::core::marker::Copy)]
            struct __Session {}

            #identity

            #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
            // SAFETY: `call` reads the arguments that `params` names, as `params` names them.
            unsafe impl #private::SessionEntry<()> for __Session {
                type State = #state;

                fn params() -> ::std::vec::Vec<#private::Param> {
                    ::std::vec::Vec::from([#(#before_params),*])
                }

                #before_call
            }

            #[allow(elided_lifetimes_in_paths, clippy::borrowed_box, clippy::too_many_arguments)]
            // SAFETY: as above, and the result.
            unsafe impl #private::SessionExit<#state, ()> for __Session {
                #in_slot_default

                fn params() -> ::std::vec::Vec<#private::Param> {
                    ::std::vec::Vec::from([#(#after_params),*])
                }

                #in_slot

                #after_call
            }
        }
    }
}

/// The functions of an `impl` block.
struct Members(Vec<Function>);

impl Members {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut functions = Vec::new();
        while !input.is_empty() {
            let attrs = input.call(Attribute::parse_outer)?;
            if !Function::peek(input) {
                return Err(input.error("the `impl` of a session has functions alone"));
            }
            functions.push(Function::parse_after(attrs, input)?);
        }
        Ok(Self(functions))
    }
}

/// The `State` of `-> Option<State>`.
fn state(entry: &ProbeFn, errors: &mut Errors) -> Option<Type> {
    const WANTED: &str = "the entry half of a session returns `Option<State>`: the value of this call, which its \
        exit half takes, or `None` if that is not to run for this call";
    let borrows = "the value of a call cannot borrow from it: copy what the exit half needs";
    handed_on(entry, "Option", WANTED, borrows, errors)
}

/// The exit half without the value, as an exit probe is.
fn without_state(exit: &ProbeFn, errors: &mut Errors) -> Option<ProbeFn> {
    let mut function = exit.0.clone();
    let inputs = std::mem::take(&mut function.sig.inputs);
    if !matches!(inputs.get(1), Some(FnArg::Typed(_))) {
        errors.push(
            &function.sig.ident,
            "the exit half of a session takes the value that its entry half has returned: `fn exit(ctx: &Exit, \
             state: State)`",
        );
        return None;
    }
    function.sig.inputs = inputs
        .into_iter()
        .enumerate()
        .filter(|(index, _)| *index != 1)
        .map(|(_, input)| input)
        .collect();
    function.vis = Visibility::Inherited;
    Some(ProbeFn(function))
}
