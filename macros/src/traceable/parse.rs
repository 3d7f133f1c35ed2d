//! What `#[traceable]` may stand on: a function, or a container of functions.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::discouraged::Speculative as _;
use syn::parse::{Parse, ParseStream};
use syn::visit_mut::VisitMut as _;
use syn::{Attribute, ImplItem, ItemImpl, ItemTrait, Meta, Path, Token, TraitItem, Visibility};

use super::scope::Scope;
use crate::args::TraceableArgs;
use crate::errors::Errors;
use crate::function::{Body, Function, braces, changes_nothing, conditional, is_attr};
use crate::held::Held;
use crate::text::text;
use crate::tokens::any_word;

/// The item below the attribute.
pub(crate) enum Item {
    Function(Box<Function>),
    Container(Box<Container>),
}

/// An `impl` block, a trait or an inline module.
pub(crate) struct Container {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) kind: Kind,
    /// Everything between the attributes and the braces.
    pub(crate) header: TokenStream,
    pub(crate) inner_attrs: Vec<Attribute>,
    pub(crate) members: Vec<Member>,
    /// The braces as they were, for their span.
    pub(crate) brace: Group,
    /// The parsed header of an `impl` block.
    implementation: Option<ItemImpl>,
    /// The parsed header of a trait.
    definition: Option<ItemTrait>,
    /// `type Name = Type;` of an `impl` block; without the type where another may be compiled.
    types: Vec<(syn::Ident, Option<syn::Type>)>,
}

/// Which container it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Impl,
    Trait,
    Mod,
}

/// One thing in a container.
pub(crate) enum Member {
    Function(Box<Function>),
    Container(Box<Container>),
    /// Anything else; it stays as it is.
    Other(TokenStream),
}

impl Container {
    /// The functions in it, also those in what is nested in it.
    pub(crate) fn functions(&self) -> Vec<&Function> {
        let mut functions = Vec::new();
        for member in &self.members {
            match member {
                Member::Function(function) => functions.push(&**function),
                Member::Container(container) => functions.extend(container.functions()),
                Member::Other(_) => {}
            }
        }
        functions
    }
}

impl Item {
    /// Reads the item. A function's body is put aside meanwhile: it stays as it is, and reading tokens
    /// is what takes the time of a macro that was compiled without optimisation.
    pub(crate) fn parse_tokens(tokens: TokenStream) -> syn::Result<Self> {
        let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let body = match tokens.last_mut() {
            Some(TokenTree::Group(last)) => braces(last).inspect(|body| {
                let mut empty = Group::new(Delimiter::Brace, TokenStream::new());
                empty.set_span(body.span());
                *last = empty;
            }),
            _ => None,
        };
        let keyword = tokens.iter().find_map(|token| match token {
            TokenTree::Ident(word) => {
                ["fn", "impl", "trait", "mod"].into_iter().find(|keyword| word == keyword)
            }
            _ => None,
        });
        let is_function = keyword == Some("fn");
        if let Some(body) = body.clone().filter(|_| !is_function) {
            tokens.pop();
            tokens.push(TokenTree::Group(body));
        }
        let mut item = syn::parse2(tokens.into_iter().collect())?;
        if let (Self::Function(function), Some(body)) = (&mut item, body)
            && is_function
        {
            function.body = Body::Block(body);
        }
        Ok(item)
    }
}

impl Parse for Item {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        if Function::peek(input) {
            return Function::parse_after(attrs, input).map(Box::new).map(Self::Function);
        }
        if let Some(kind) = Kind::peek(input) {
            return Container::parse_after(attrs, kind, input).map(Box::new).map(Self::Container);
        }
        Err(input.error(
            "`#[traceable]` stands on a function, an `impl` block, a trait or an inline module",
        ))
    }
}

impl Kind {
    fn peek(input: ParseStream) -> Option<Self> {
        let ahead = input.fork();
        ahead.parse::<Visibility>().ok()?;
        ahead.parse::<Option<Token![default]>>().ok()?;
        ahead.parse::<Option<Token![unsafe]>>().ok()?;
        ahead.parse::<Option<Token![auto]>>().ok()?;
        if ahead.peek(Token![impl]) {
            Some(Self::Impl)
        } else if ahead.peek(Token![trait]) {
            Some(Self::Trait)
        } else if ahead.peek(Token![mod]) {
            Some(Self::Mod)
        } else {
            None
        }
    }
}

impl Container {
    fn parse_after(attrs: Vec<Attribute>, kind: Kind, input: ParseStream) -> syn::Result<Self> {
        let (header, brace) = parse_header(kind, input)?;
        let empty = quote!(#header {});
        let mut container = Self {
            attrs,
            kind,
            implementation: (kind == Kind::Impl).then(|| syn::parse2(empty.clone())).transpose()?,
            definition: (kind == Kind::Trait).then(|| syn::parse2(empty)).transpose()?,
            header,
            inner_attrs: Vec::new(),
            members: Vec::new(),
            types: Vec::new(),
            brace: brace.clone(),
        };
        syn::parse::Parser::parse2(
            |input: ParseStream| container.parse_members(input),
            brace.stream(),
        )?;
        Ok(container)
    }

    fn parse_members(&mut self, input: ParseStream) -> syn::Result<()> {
        self.inner_attrs = input.call(Attribute::parse_inner)?;
        while !input.is_empty() {
            let start = input.fork();
            let attrs = input.call(Attribute::parse_outer)?;
            let member = if Function::peek(input) {
                Member::Function(Box::new(Function::parse_after(attrs, input)?))
            } else if self.kind == Kind::Mod
                && let Some(kind) = Kind::peek(input)
                && !is_out_of_line(input)
            {
                Member::Container(Box::new(Self::parse_after(attrs, kind, input)?))
            } else {
                input.advance_to(&start);
                Member::Other(self.parse_other(input)?)
            };
            self.members.push(member);
        }
        Ok(())
    }

    fn parse_other(&mut self, input: ParseStream) -> syn::Result<TokenStream> {
        Ok(match self.kind {
            Kind::Impl => {
                let mut item: ImplItem = input.parse()?;
                Held.visit_impl_item_mut(&mut item);
                if let ImplItem::Type(alias) = &item
                    && alias.generics.params.is_empty()
                {
                    let sure = alias
                        .attrs
                        .iter()
                        .all(|attr| changes_nothing(attr) && !is_attr(attr, "cfg"));
                    self.types.push((alias.ident.clone(), sure.then(|| alias.ty.clone())));
                }
                item.into_token_stream()
            }
            Kind::Trait => {
                let mut item: TraitItem = input.parse()?;
                Held.visit_trait_item_mut(&mut item);
                item.into_token_stream()
            }
            Kind::Mod => {
                let mut item: syn::Item = input.parse()?;
                Held.visit_item_mut(&mut item);
                item.into_token_stream()
            }
        })
    }

    /// Whether `#[cfg(test)]` is on it.
    pub(crate) fn is_for_tests(&self) -> bool {
        self.attrs.iter().any(|attr| {
            is_attr(attr, "cfg")
                && attr.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
        })
    }

    /// The names that a function in here sees: the container's own, or a fresh scope in a module.
    pub(crate) fn scope(&self, outside: &Scope) -> Scope {
        match (&self.implementation, &self.definition) {
            (Some(header), _) => {
                let prefix = match &header.trait_ {
                    Some((path, _)) => quote!(<Self as #path>::),
                    None => quote!(Self::),
                };
                outside
                    .inside()
                    .with_generics(&header.generics)
                    .with_self(&header.self_ty, &self.sure_types())
                    .with_own_prefix(prefix)
                    .with_implemented(header.trait_.is_some())
            }
            (_, Some(header)) => {
                let (name, (_, generics, _)) = (&header.ident, header.generics.split_for_impl());
                outside
                    .inside()
                    .with_generics(&header.generics)
                    .with_supertraits(&header.supertraits)
                    .with_own_prefix(quote!(<Self as #name #generics>::))
            }
            _ => outside.clone().with_own_prefix(TokenStream::new()),
        }
    }

    /// The associated types of which there is one declaration, whatever is compiled.
    fn sure_types(&self) -> Vec<(syn::Ident, syn::Type)> {
        let declared = |name| self.types.iter().filter(|(other, _)| other == name).count();
        let sure = self.types.iter().filter(|(name, _)| declared(name) == 1);
        sure.filter_map(|(name, ty)| Some((name.clone(), ty.clone()?))).collect()
    }
}

impl ToTokens for Container {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for attr in &self.attrs {
            attr.to_tokens(tokens);
        }
        self.header.to_tokens(tokens);
        self.brace.to_tokens(tokens);
    }
}

/// Everything up to the braces, and the braces.
fn parse_header(kind: Kind, input: ParseStream) -> syn::Result<(TokenStream, Group)> {
    let mut header = TokenStream::new();
    loop {
        if kind == Kind::Mod && input.peek(Token![;]) {
            return Err(syn::Error::new_spanned(
                header,
                "only an inline module can be traced, `mod name { .. }`: in a module's own file, put the attribute \
                 on its functions, `impl` blocks and traits",
            ));
        }
        match input.parse()? {
            // A brace before `>` or `,` is a const argument, as in `impl Ring<{ 4 }> {}`.
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace
                    && !input.peek(Token![>])
                    && !input.peek(Token![,]) =>
            {
                return Ok((header, group));
            }
            token => header.extend([token]),
        }
    }
}

/// `mod name;`, or `impl Trait for Type;` in a macro's leavings.
fn is_out_of_line(input: ParseStream) -> bool {
    let ahead = input.fork();
    while !ahead.is_empty() && !ahead.peek(syn::token::Brace) {
        if ahead.peek(Token![;]) {
            return true;
        }
        if ahead.parse::<TokenTree>().is_err() {
            return true;
        }
    }
    ahead.is_empty()
}

/// Takes the `#[traceable]` attributes out and reads their options.
///
/// `None` means that a `cfg_attr` decides whether the item is traceable: it must be left to it.
pub(crate) fn take_attribute(
    attrs: &mut Vec<Attribute>,
    name: &OwnName,
    errors: &mut Errors,
) -> Option<TraceableArgs> {
    if attrs.iter().any(|attr| is_conditional(attr, name)) {
        return None;
    }
    let mut args = TraceableArgs::default();
    for attr in attrs.extract_if(.., |attr| name.is(attr.path())) {
        let tokens = match attr.meta {
            Meta::Path(_) => continue,
            Meta::List(list) => list.tokens,
            Meta::NameValue(pair) => {
                errors.push(pair, "options go into parentheses: `#[traceable(..)]`");
                continue;
            }
        };
        let nested = TraceableArgs::parse(tokens, errors);
        args.skip = args.skip.or(nested.skip);
        args.redact.extend(nested.redact);
        args.future = args.future.or(nested.future);
        args.runtime = args.runtime.overridden_by(nested.runtime);
    }
    Some(args)
}

/// What the attribute is called where it is used.
#[derive(Default)]
pub(crate) struct OwnName(Option<Path>);

impl OwnName {
    /// From the attribute as it was written: `#[trace(..)]`, after `use gtramp::traceable as trace`.
    pub(crate) fn from_source(written: Option<&str>) -> Self {
        let inside = written.map(|text| text.trim_start_matches("#[").trim_end_matches(']'));
        let path = inside.and_then(|text| text.split('(').next());
        Self(path.and_then(|path| syn::parse_str(path).ok()))
    }

    /// Whether an attribute of this path is ours.
    fn is(&self, path: &Path) -> bool {
        path.segments.last().is_some_and(|last| last.ident == "traceable")
            || self.0.as_ref().is_some_and(|own| text(own) == text(path))
    }
}

/// `#[cfg_attr(.., traceable..)]`
fn is_conditional(attr: &Attribute, name: &OwnName) -> bool {
    let Meta::List(list) = &attr.meta else { return false };
    list.path.is_ident("cfg_attr")
        && (any_word(list.tokens.clone(), |word| word == "traceable")
            || conditional(list).is_some_and(|metas| metas.iter().any(|meta| name.is(meta.path()))))
}
