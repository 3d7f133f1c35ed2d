//! The expansion of one traceable function that passed its checks.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, FnArg, Pat, PatIdent, ReturnType, Type, TypeReference, parse_quote};

use super::body::{Form, begins_item, is_unsafe};
use super::scope::Scope;
use super::{describe, hint, receiver};
use crate::args::Runtime;
use crate::function::{Body, Function, is_attr};

/// `function` behind its switch.
pub(crate) fn function(mut function: Function, scope: &Scope, runtime: &Runtime) -> TokenStream {
    let Body::Block(block) = function.body.clone() else {
        return function.into_token_stream();
    };
    let private = runtime.private();
    let (inner_attrs, tokens) = inner_attributes(&block);
    function.attrs.extend(inner_attrs);
    let mut body = Group::new(Delimiter::Brace, tokens);
    body.set_span(block.span());

    let form = Form::of(&function, &body, scope);
    // Generated code is shown at the function's name in errors.
    let span = Span::call_site().located_at(function.sig.ident.span());
    let describe = describe::closure(&function, scope, &private, span);
    let called = runtime.private_at(first_place(&body));
    let inside = match &form {
        Form::Moved => moved(&mut function, body, scope, &called, &describe),
        Form::Copied => {
            let (behind, params) = behind_patterns(&mut function, &form);
            let copy = closure_body(&function, body_of(&body, &function));
            let output = closure_output(&function.sig.output);
            let copy = quote_spanned!(span=> |#(#params),*| #output #copy);
            let form = quote!(#private::Closure);
            switched(&function, &called, &describe, &copy, &form, &body, &behind)
        }
        Form::Again(path) => {
            let (behind, _) = behind_patterns(&mut function, &form);
            let call = calling_again(&function, path, scope, &private);
            let form = quote!(#private::Itself);
            switched(&function, &called, &describe, &call, &form, &body, &behind)
        }
    };
    let mut outer = Group::new(Delimiter::Brace, inside);
    outer.set_span(block.span());
    function.body = Body::Block(outer);
    function.into_token_stream()
}

/// A call of a closure that holds the body, behind the switch.
fn moved(
    function: &mut Function,
    body: Group,
    scope: &Scope,
    called: &TokenStream,
    describe: &TokenStream,
) -> TokenStream {
    let span = Span::call_site().located_at(function.sig.ident.span());
    let place = first_place(&body);
    let body = body_of(&body, function);
    let (mut passed, mut params) = (Vec::new(), Vec::new());
    for (index, input) in function.sig.inputs.iter_mut().enumerate() {
        let argument = split(input, index);
        passed.push(argument.passed);
        params.push(argument.param);
    }
    let call = format_ident!("call_{}", passed.len(), span = place);
    let lints = is_unsafe(function).then(|| quote!(#[allow(unused_unsafe)]));
    let hinted = hint::hinted(&body, &function.sig.output, scope);
    let hint_lints = hinted.is_some().then(hint::lints);
    let body = closure_body(function, hinted.unwrap_or_else(|| body.into_token_stream()));
    let output = closure_output(&function.sig.output);
    let arguments = quote_spanned! {span=>
        #describe,
        #(#passed,)*
        #lints #hint_lints |#(#params),*| #output #body
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
fn switched(
    function: &Function,
    called: &TokenStream,
    describe: &TokenStream,
    closure: &TokenStream,
    form: &TokenStream,
    body: &Group,
    behind: &TokenStream,
) -> TokenStream {
    let place = first_place(body);
    let span = Span::mixed_site().located_at(place);
    let names: Vec<_> = function.sig.inputs.iter().map(name_of).collect();
    let lints: Vec<_> = names.iter().map(used).collect();
    let switched = format_ident!("switched_{}", names.len(), span = place);
    let arguments = quote_spanned!(span=> #describe, #(#lints &#names,)* #closure, #form);
    let switched = written_at(place, quote_spanned!(place=> #called::#switched), arguments);
    let mut call = quote_spanned!(span=> armed(#(#lints #names),*));
    if function.sig.inputs.iter().any(is_large) {
        // What can be copied, the closure borrows.
        call = quote_spanned!(span=> #called::aside(|| #call));
    }
    // Items that it declares must not be what the types in front of it mean.
    let tokens = body.stream();
    let body = if may_declare(&tokens) { body.to_token_stream() } else { tokens };
    quote_spanned! {span=>
        if let ::core::option::Option::Some(armed) = #switched {
            return #call;
        }
        #behind
        #body
    }
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
            Type::Reference(TypeReference { mutability: None, .. }) => {
                quote_spanned!(span=> unsafe { #private::unbound(#name) })
            }
            Type::Reference(_) => quote_spanned!(span=> unsafe { #private::unbound_mut(#name) }),
            _ => quote!(#name),
        },
        _ => quote!(#name),
    });
    let output = closure_output(&function.sig.output);
    let lints = is_unsafe(function).then(|| quote!(#[allow(unused_unsafe)]));
    let call = closure_body(function, quote_spanned!(span=> { #path(#(#passed),*) }));
    quote_spanned!(span=> #lints |#(#names),*| #output #call)
}

/// `body` as it may stand in a closure.
fn closure_body(function: &Function, body: impl ToTokens) -> TokenStream {
    if is_unsafe(function) { quote!({ unsafe #body }) } else { body.into_token_stream() }
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

/// Whether the argument is seen to be an array that is passed by value, or to contain one.
fn is_large(input: &FnArg) -> bool {
    fn has_array(ty: &Type) -> bool {
        match ty {
            Type::Array(_) => true,
            Type::Tuple(tuple) => tuple.elems.iter().any(has_array),
            Type::Paren(inner) => has_array(&inner.elem),
            Type::Group(inner) => has_array(&inner.elem),
            _ => false,
        }
    }
    matches!(input, FnArg::Typed(typed) if has_array(&typed.ty))
}

/// Gives every argument a name. What binds the patterns behind the switch, and the parameters of a closure
/// that binds them itself.
fn behind_patterns(function: &mut Function, form: &Form) -> (TokenStream, Vec<TokenStream>) {
    let (mut behind, mut params) = (TokenStream::new(), Vec::new());
    for (index, input) in function.sig.inputs.iter_mut().enumerate() {
        let written = input.clone();
        let argument = split(input, index);
        params.push(argument.param);
        match written {
            FnArg::Typed(mut typed) if is_name(&typed.pat) => {
                // It is used now.
                if matches!(form, Form::Again(_)) {
                    typed.attrs.retain(|attr| !is_attr(attr, "expect"));
                }
                *input = FnArg::Typed(typed);
            }
            receiver @ FnArg::Receiver(_) => *input = receiver,
            // It is dropped where a `_` is: after the body.
            FnArg::Typed(typed) if matches!(*typed.pat, Pat::Wild(_)) => {}
            FnArg::Typed(typed) => {
                let (lints, pattern) = (lints_of(&typed.attrs), &typed.pat);
                let name = name_of(input);
                behind.extend(quote!(#(#lints)* let #pattern = #name;));
            }
        }
    }
    (behind, params)
}

fn is_name(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Ident(PatIdent { by_ref: None, subpat: None, .. }))
}

/// The name of an argument that has one.
fn name_of(input: &FnArg) -> Ident {
    match input {
        FnArg::Receiver(receiver) => Ident::new("self", receiver.self_token.span),
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) => name.ident.clone(),
            other => unreachable!("`{}` was given a name", other.to_token_stream()),
        },
    }
}

/// One argument, after the outer function's own declaration of it was simplified.
struct Argument {
    /// What the outer function passes on.
    passed: TokenStream,
    /// What the body's closure declares. It has no type: the passed value has it already, and a
    /// written one would make an elided lifetime the closure's own.
    param: TokenStream,
}

fn split(input: &mut FnArg, index: usize) -> Argument {
    match input {
        FnArg::Receiver(receiver) => {
            let lints = take_lints(&mut receiver.attrs);
            let mutability = receiver.mutability.take();
            let name = Ident::new(receiver::NAME, receiver.self_token.span);
            let self_token = receiver.self_token;
            Argument { passed: quote!(#self_token), param: quote!(#(#lints)* #mutability #name) }
        }
        FnArg::Typed(typed) => {
            let lints = take_lints(&mut typed.attrs);
            let pattern = typed.pat.clone();
            let name = match &*pattern {
                Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => ident.clone(),
                _ => Ident::new(&format!("__arg{index}"), Span::mixed_site()),
            };
            *typed.pat = parse_quote!(#name);
            let lint = used(&name);
            Argument { passed: quote!(#lint #name), param: quote!(#(#lints)* #pattern) }
        }
    }
}

/// What allows that the name is used now, whatever it says.
fn used(name: &Ident) -> Option<TokenStream> {
    let text = name.to_string();
    let underscore = text.starts_with('_') && !text.starts_with("__");
    underscore.then(|| quote!(#[allow(clippy::used_underscore_binding)]))
}

/// Lint levels go with the pattern they are about; other attributes stay outside.
fn take_lints(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    attrs.extract_if(.., |attr| is_lint(attr)).collect()
}

fn lints_of(attrs: &[Attribute]) -> Vec<&Attribute> {
    attrs.iter().filter(|attr| is_lint(attr)).collect()
}

fn is_lint(attr: &Attribute) -> bool {
    ["allow", "warn", "deny", "forbid", "expect", "cfg_attr"]
        .iter()
        .any(|level| is_attr(attr, level))
}

/// The body with `self` renamed, for a closure.
fn body_of(block: &Group, function: &Function) -> Group {
    let mut tokens = block.stream();
    if function.sig.receiver().is_some() {
        tokens = receiver::rename_self(tokens);
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
    let (mut attrs, tokens) = parsed.unwrap_or_else(|_| (Vec::new(), block.stream()));
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
