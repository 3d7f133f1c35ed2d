//! An `async fn`: a function that makes a future, whose body probes see as a call.
//!
//! ```text
//! fn fetch(id: u64) -> impl Future<Output = User> {
//!     Life::new(lives_1(id, |id| async move { let id = id; ..as written.. }, describe))
//! }
//! ```
//!
//! That is what the compiler makes of an `async fn` as well, but for the `Life`: the future captures every argument,
//! and binds it when it is first polled. Where an attribute below may expect an `async fn`, it stays one, which awaits
//! the `Life`.
//!
//! A function that does nothing but to return an `async` block is the same, written out: see [`Returned`].

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    FnArg, GenericArgument, GenericParam, Ident, Pat, PatIdent, Path, PathArguments, ReturnType,
    Type, TypeParamBound, parse_quote,
};

use super::arguments::{is_lint, split, split_all};
use super::body::is_opaque;
use super::receiver;
use super::scope::Scope;
use crate::function::{Body, Function, ungrouped};

/// What stands in the braces of the function, whose signature becomes what goes with it.
pub(super) fn asynchronous(
    function: &mut Function,
    body: &Group,
    scope: &Scope,
    private: &TokenStream,
    describe: &TokenStream,
) -> TokenStream {
    let span = Span::call_site().located_at(function.sig.ident.span());
    let bound = Bound::of(function);
    let Bound { passed, params, bindings } = &bound;
    let result = result(body, &function.sig.output, private);
    let make = quote_spanned!(span=> |#(#params),*| async move { #bindings #result });
    let life = life(span, private, describe, passed, &make);
    if scope.is_rewritten() {
        return quote_spanned!(span=> #life.await);
    }
    function.sig.asyncness = None;
    let output = match &function.sig.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)) => never(private),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    // As what an `async fn` returns, it borrows from whatever the function mentions: so this crate's edition says.
    function.sig.output = parse_quote!(-> impl ::core::future::Future<Output = #output>);
    life
}

/// The future of a function with these arguments, of which `make` makes what holds the body.
fn life(
    span: Span,
    private: &TokenStream,
    describe: &TokenStream,
    passed: &[Ident],
    make: &TokenStream,
) -> TokenStream {
    let lives = format_ident!("lives_{}", passed.len(), span = span);
    quote_spanned!(span=> #private::Life::new(#private::#lives(#(#passed,)* #make, #describe)))
}

/// A function that is not `async` itself: all it does is to return an `async` block.
pub(super) struct Returned {
    /// What the block is handed to, such as `Box::pin`.
    boxed: Option<TokenStream>,
    /// The block's braces.
    pub(super) block: Group,
    /// What the future gives.
    output: Type,
    /// Whether its future is to be traced: it was said, or an attribute has made the function of an `async fn`.
    is_traced: bool,
}

impl Returned {
    pub(super) fn of(function: &Function) -> Option<Self> {
        let Body::Block(body) = &function.body else { return None };
        let ReturnType::Type(_, returned) = &function.sig.output else { return None };
        if function.sig.asyncness.is_some() {
            return None;
        }
        let (boxed, block) = async_block(body.stream())?;
        let output = output_of(returned)?.clone();
        let is_traced = function.is_future.is_some() || is_of_async_trait(function);
        Some(Self { boxed, block, output, is_traced })
    }

    pub(super) fn is_traced(&self) -> bool {
        self.is_traced
    }

    /// The function as an `async fn`, for its description.
    pub(super) fn as_async(&self, function: &Function) -> Function {
        let mut function = function.clone();
        let output = &self.output;
        function.sig.asyncness = Some(parse_quote!(async));
        function.sig.output = parse_quote!(-> #output);
        function
    }
}

/// What stands in the braces of a function that returns the future of an `async` block, whose body this is.
pub(super) fn returning(
    function: &mut Function,
    returned: &Returned,
    body: &Group,
    private: &TokenStream,
    describe: &TokenStream,
) -> TokenStream {
    let span = Span::call_site().located_at(function.sig.ident.span());
    let (passed, params) = split_all(function);
    let output = &returned.output;
    let result = result(body, &parse_quote!(-> #output), private);
    let make = quote_spanned!(span=> |#(#params),*| async move { #result });
    let life = life(span, private, describe, &passed, &make);
    match &returned.boxed {
        Some(boxed) => quote_spanned!(span=> #boxed(#life)),
        None => life,
    }
}

/// `async move { .. }`, or that handed to a function whose name is `pin`.
fn async_block(tokens: TokenStream) -> Option<(Option<TokenStream>, Group)> {
    let mut tokens: Vec<_> = tokens.into_iter().collect();
    let last = tokens.pop()?;
    let is_word =
        |token: &TokenTree, word: &str| matches!(token, TokenTree::Ident(ident) if ident == word);
    match last {
        TokenTree::Group(block) if block.delimiter() == Delimiter::Brace => {
            let is_async = matches!(&tokens[..], [first, second] if is_word(first, "async") && is_word(second, "move"));
            is_async.then_some((None, block))
        }
        TokenTree::Group(call) if call.delimiter() == Delimiter::Parenthesis => {
            let is_path = tokens.iter().all(|token| match token {
                TokenTree::Ident(_) => true,
                TokenTree::Punct(punct) => punct.as_char() == ':',
                _ => false,
            });
            if !is_path || !tokens.last().is_some_and(|last| is_word(last, "pin")) {
                return None;
            }
            match async_block(call.stream())? {
                (None, block) => Some((Some(tokens.into_iter().collect()), block)),
                (Some(_), _) => None,
            }
        }
        _ => None,
    }
}

/// What a future of this type gives: `impl Future<Output = T>`, `Pin<Box<dyn Future<Output = T>>>`,
/// `BoxFuture<'_, T>`.
fn output_of(ty: &Type) -> Option<&Type> {
    match ungrouped(ty) {
        Type::ImplTrait(ty) => ty.bounds.iter().find_map(output_of_bound),
        Type::TraitObject(ty) => ty.bounds.iter().find_map(output_of_bound),
        Type::Path(ty) => {
            let name = &ty.path.segments.last()?.ident;
            let last = types_of(&ty.path).last()?;
            if name == "BoxFuture" || name == "LocalBoxFuture" {
                Some(last)
            } else if name == "Pin" || name == "Box" {
                output_of(last)
            } else {
                None
            }
        }
        _ => None,
    }
}

fn output_of_bound(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let last = bound.path.segments.last().filter(|last| last.ident == "Future")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if assoc.ident == "Output" => Some(&assoc.ty),
        _ => None,
    })
}

/// The types among the arguments of a path's last segment.
fn types_of(path: &Path) -> impl Iterator<Item = &Type> {
    let arguments = path.segments.last().map(|last| &last.arguments);
    let arguments = match arguments {
        Some(PathArguments::AngleBracketed(arguments)) => Some(arguments),
        _ => None,
    };
    arguments.into_iter().flat_map(|arguments| &arguments.args).filter_map(
        |argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
    )
}

/// Whether the attribute `async_trait` has made it of an `async fn`: it names this lifetime.
fn is_of_async_trait(function: &Function) -> bool {
    function.sig.generics.params.iter().any(|param| match param {
        GenericParam::Lifetime(param) => param.lifetime.ident == "async_trait",
        _ => false,
    })
}

/// The arguments of an `async fn`.
struct Bound {
    /// What the function calls them.
    passed: Vec<Ident>,
    /// What the closure calls them that makes the future.
    params: Vec<Ident>,
    /// What binds them in the future, each whole, in their order.
    bindings: TokenStream,
}

impl Bound {
    fn of(function: &mut Function) -> Self {
        let own = receiver::name_in(function);
        let (mut passed, mut params, mut bindings) = (Vec::new(), Vec::new(), TokenStream::new());
        for (index, input) in function.sig.inputs.iter_mut().enumerate() {
            let written = input.clone();
            let name = split(input, index, own).name;
            match written {
                FnArg::Receiver(receiver) => {
                    let renamed = Ident::new(own, receiver.self_token.span);
                    let mutability = receiver.mutability;
                    bindings.extend(quote!(let #mutability #renamed = #renamed;));
                    params.push(renamed);
                }
                FnArg::Typed(typed) => {
                    let pattern = &typed.pat;
                    let lints = typed.attrs.iter().filter(|attr| is_lint(attr));
                    if !is_named(pattern) {
                        bindings.extend(quote!(let #name = #name;));
                    }
                    bindings.extend(quote!(#(#lints)* let #pattern = #name;));
                    params.push(name.clone());
                }
            }
            passed.push(name);
        }
        Self { passed, params, bindings }
    }
}

fn is_named(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Ident(PatIdent { by_ref: None, subpat: None, .. }))
}

/// The body as the last expression of an `async` block. Such a block cannot say its type, which `?` and `return` ask
/// for, so a `return` that is never reached does.
fn result(body: &Group, output: &ReturnType, private: &TokenStream) -> TokenStream {
    let (ty, is_never) = match output {
        ReturnType::Default => (quote!(()), false),
        ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)) => (never(private), true),
        ReturnType::Type(..) if is_opaque(output) => return body.to_token_stream(),
        ReturnType::Type(_, ty) => (ty.to_token_stream(), false),
    };
    let lints = is_never.then(|| quote!(#[allow(unreachable_code)]));
    let span = Span::mixed_site().located_at(body.span());
    quote_spanned! {span=>
        #lints
        if let ::core::option::Option::Some(result) = ::core::option::Option::None::<#ty> {
            return result;
        }
        #[allow(unused_braces)]
        let result: #ty = #body;
        #[allow(unreachable_code)]
        result
    }
}

/// A `!` that may be written anywhere: as such it is the result of a function and nothing else.
fn never(private: &TokenStream) -> TokenStream {
    quote!(<fn() -> ! as #private::Gives>::Output)
}
