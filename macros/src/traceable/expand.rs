//! The expansion of one traceable function that passed its checks.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, FnArg, ReturnType, Type, TypeReference, parse_quote};

use super::arguments::{Arguments, is_large, may_have_a_never, split, split_all};
use super::body::{Form, begins_item, is_unsafe};
use super::future::{self, Returned};
use super::scope::Scope;
use super::{describe, hint, receiver};
use crate::args::Runtime;
use crate::function::{Body, Function};
use crate::held::held;

/// `function` behind its switch; for clippy and rustdoc, as it was written.
pub(crate) fn function(mut function: Function, scope: &Scope, runtime: &Runtime) -> TokenStream {
    let Body::Block(block) = function.body.clone() else {
        return function.into_token_stream();
    };
    let private = runtime.private();
    let mut written = function.clone();
    let (inner_attrs, tokens) = inner_attributes(&block);
    function.attrs.extend(inner_attrs);
    let mention = runtime.mention();
    if mention.is_some() {
        written.attrs.clone_from(&function.attrs);
        written.body = Body::Block(braced(quote!(#mention #tokens), block.span()));
    }
    let mut body = Group::new(Delimiter::Brace, tokens);
    body.set_span(block.span());

    // Generated code is shown at the function's name in errors.
    let span = Span::call_site().located_at(function.sig.ident.span());
    let describe = describe::closure(&function, scope, &private, span);
    if let Some(returned) = Returned::of(&function).filter(Returned::is_traced) {
        let inner = body_of(&returned.block, &function, &private);
        let described = describe::closure(&returned.as_async(&function), scope, &private, span);
        let inside = future::returning(&mut function, &returned, &inner, &private, &described);
        function.body = Body::Block(braced(inside, block.span()));
        return twice(&written, &function);
    }
    if function.sig.asyncness.is_some() {
        let inner = body_of(&body, &function, &private);
        let inside = future::asynchronous(&mut function, &inner, scope, &private, &describe);
        function.body = Body::Block(braced(inside, block.span()));
        return twice(&written, &function);
    }
    let called = runtime.private_at(first_place(&body));
    let closure = match Form::of(&function, &body, scope) {
        Form::Moved => {
            if may_have_a_never(&function) {
                function.attrs.push(parse_quote!(#[allow(unreachable_code)]));
            }
            let inside = moved(&mut function, body, scope, runtime, &describe);
            function.body = Body::Block(braced(inside, block.span()));
            return twice(&written, &function);
        }
        Form::Copied => {
            let copy = body_of(&body, &function, &private);
            let inputs = function.sig.inputs.iter().enumerate();
            let own = receiver::name_in(&function);
            let params = inputs.map(|(index, input)| split(&mut input.clone(), index, own).param);
            let output = closure_output(&function.sig.output);
            quote_spanned!(span=> |#(#params),*| #output #copy, #private::Closure)
        }
        Form::Again(path) => {
            let call = calling_again(&function, &path, scope, &private);
            quote_spanned!(span=> #call, #private::Itself)
        }
    };
    let arguments = Arguments::of(&function, &body);
    let inside = behind(&called, &describe, &closure, &function, &arguments, &body);
    function.body = Body::Block(braced(quote!(#mention #inside), block.span()));
    if arguments.are_as_written {
        return function.into_token_stream();
    }
    function.sig.inputs = arguments.declared;
    twice(&written, &function)
}

/// The function as it was written, for what reads it, and as it is compiled.
///
/// What clippy says is about what somebody wrote, and so is what rustdoc shows.
fn twice(written: &Function, compiled: &Function) -> TokenStream {
    let unless = not_as_written();
    quote! {
        #[cfg(any(clippy, doc))]
        #written
        #unless
        #compiled
    }
}

fn not_as_written() -> TokenStream {
    quote!(#[cfg(not(any(clippy, doc)))])
}

fn braced(inside: TokenStream, span: Span) -> Group {
    let mut outer = Group::new(Delimiter::Brace, inside);
    outer.set_span(span);
    outer
}

/// A call of a closure that holds the body, behind the switch.
fn moved(
    function: &mut Function,
    body: Group,
    scope: &Scope,
    runtime: &Runtime,
    describe: &TokenStream,
) -> TokenStream {
    let span = Span::call_site().located_at(function.sig.ident.span());
    let place = first_place(&body);
    let called = runtime.private_at(place);
    let body = body_of(&body, function, &runtime.private());
    let (passed, params) = split_all(function);
    let call = format_ident!("call_{}", passed.len(), span = place);
    let hinted = hint::hinted(&body, &function.sig.output, scope);
    let hint_lints = hinted.is_some().then(hint::lints);
    let body = hinted.unwrap_or_else(|| body.into_token_stream());
    let output = closure_output(&function.sig.output);
    // The description behind the body: what the result is, it learns from there.
    let arguments = quote_spanned! {span=>
        #(#passed,)*
        #hint_lints |#(#params),*| #output #body,
        #describe
    };
    let call = written_at(place, quote_spanned!(place=> #called::#call), arguments);
    // Written in the program, as it seems to be, it would be told to end with a semicolon.
    let end = matches!(function.sig.output, ReturnType::Default).then(|| quote!(;));
    quote!(#call #end)
}

/// Where a body begins.
fn first_place(body: &Group) -> Span {
    let first = body.stream().into_iter().next();
    first.map_or_else(|| body.span_close(), |token| token.span())
}

/// A call of `path` that seems to be written at `place`, as the path does.
///
/// A debugger that stops at the function stops at this call, because nothing is before it, and shows `place`: the
/// body's first line. What a macro writes, it shows where the macro was called.
fn written_at(place: Span, mut path: TokenStream, arguments: TokenStream) -> TokenStream {
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(place);
    path.extend([TokenTree::from(arguments)]);
    path
}

/// The body as written, behind the switch.
fn behind(
    called: &TokenStream,
    describe: &TokenStream,
    closure: &TokenStream,
    function: &Function,
    arguments: &Arguments,
    body: &Group,
) -> TokenStream {
    let Arguments { names, behind, .. } = arguments;
    let place = first_place(body);
    let span = Span::mixed_site().located_at(place);
    let switched = format_ident!("switched_{}", names.len(), span = place);
    let passed = quote_spanned!(span=> #(&#names,)* #closure, #describe);
    let switched = written_at(place, quote_spanned!(place=> #called::#switched), passed);
    let mut armed = quote_spanned!(span=> armed(#(#names),*));
    if function.sig.inputs.iter().any(is_large) {
        // What can be copied, the closure borrows.
        armed = quote_spanned!(span=> #called::aside(|| #armed));
    }
    // Behind a call that never returns, `return` is dead.
    if !never_returns(function) {
        armed = quote_spanned!(span=> return #armed);
    }
    let unless = arguments.are_as_written.then(not_as_written);
    let lints = may_have_a_never(function).then(|| quote!(#[allow(unreachable_code)]));
    // Items that it declares must not be what the types in front of it mean.
    let tokens = body.stream();
    let body = if !behind.is_empty() && !never_returns(function) {
        // Before 2024, what its last expression borrows from would have to outlive the block in which that stands.
        quote_spanned!(span=> #[allow(unused_braces)] return #body;)
    } else if may_declare(&tokens) {
        body.to_token_stream()
    } else {
        tokens
    };
    quote_spanned! {span=>
        #unless
        #lints
        if let ::core::option::Option::Some(armed) = #switched {
            #armed;
        }
        #behind
        #body
    }
}

fn never_returns(function: &Function) -> bool {
    matches!(&function.sig.output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)))
}

/// A closure that calls the function by this path.
///
/// Through the trait that an `impl` block implements, a call has to meet what the trait asks for, which may be
/// more of a reference's lifetime than the method does. Every call has met it, so here it is left open.
fn calling_again(
    function: &Function,
    path: &TokenStream,
    scope: &Scope,
    private: &TokenStream,
) -> TokenStream {
    let span = Span::mixed_site().located_at(function.sig.ident.span());
    let names: Vec<_> = (0..function.sig.inputs.len())
        .map(|index| format_ident!("a{index}", span = span))
        .collect();
    let passed = function.sig.inputs.iter().zip(&names).map(|(input, name)| match input {
        FnArg::Typed(typed) if scope.is_implemented() => match &*typed.ty {
            // SAFETY (of both that are written): they are handed on to the function whose arguments they are.
            Type::Reference(TypeReference { mutability: None, .. }) => {
                quote_spanned!(span=> unsafe { #private::unbound(#name) })
            }
            Type::Reference(_) => quote_spanned!(span=> unsafe { #private::unbound_mut(#name) }),
            _ => quote!(#name),
        },
        _ => quote!(#name),
    });
    let output = closure_output(&function.sig.output);
    let call = quote_spanned!(span=> { #path(#(#passed),*) });
    let call = if is_unsafe(function) { quote!({ unsafe #call }) } else { call };
    quote_spanned!(span=> |#(#names),*| #output #call)
}

/// Whether there may be items among these statements.
fn may_declare(tokens: &TokenStream) -> bool {
    let is_statement = |token: TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    // A macro may expand to items where it is a statement. So may what another macro has put here.
    let statements = tokens.clone().into_iter().any(is_statement);
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(word) => begins_item(&word),
        TokenTree::Punct(punct) => statements && punct.as_char() == '!',
        TokenTree::Group(group) => statements && group.delimiter() == Delimiter::None,
        TokenTree::Literal(_) => false,
    })
}

/// The body with `self` renamed, for a closure.
fn body_of(block: &Group, function: &Function, private: &TokenStream) -> Group {
    let mut tokens = block.stream();
    if function.sig.receiver().is_some() {
        tokens = receiver::rename_self(tokens, receiver::name_in(function), private);
    }
    let mut body = Group::new(Delimiter::Brace, tokens);
    body.set_span(block.span());
    body
}

/// The body's inner attributes, made outer ones, and the rest of it.
fn inner_attributes(block: &Group) -> (Vec<Attribute>, TokenStream) {
    let mut first = block.stream().into_iter();
    let mut next_is = |wanted: char| matches!(first.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted);
    if !(next_is('#') && next_is('!')) {
        return (Vec::new(), block.stream());
    }
    let parser = |input: syn::parse::ParseStream| {
        Ok((input.call(Attribute::parse_inner)?, input.parse::<TokenStream>()?))
    };
    let parsed = syn::parse::Parser::parse2(parser, block.stream());
    let (mut attrs, tokens) = parsed.map_or_else(
        |_| (Vec::new(), block.stream()),
        |(attrs, tokens)| (attrs, held(&tokens.into_iter().collect::<Vec<_>>())),
    );
    for attr in &mut attrs {
        attr.style = syn::AttrStyle::Outer;
    }
    (attrs, tokens)
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
