//! A function as the macros see it: the signature parsed, the body left as tokens.
//!
//! The body may use syntax that the parser does not know yet, and most of it is none of our
//! business, so it is never parsed.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::visit_mut::VisitMut as _;
use syn::{Abi, AttrStyle, Attribute, Meta, ReturnType, Signature, Token, Type, Visibility};

use crate::held::Held;

/// One function, of any kind, with or without a body.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Token![default]>,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
    /// Where it is said that the future which it returns is to be traced.
    pub(crate) is_future: Option<proc_macro2::Span>,
}

/// What follows the signature.
#[derive(Clone)]
pub(crate) enum Body {
    /// `{ .. }`
    Block(Group),
    /// `;`
    Missing(Token![;]),
}

impl Function {
    /// Whether a function comes next; the attributes must have been read already.
    pub(crate) fn peek(input: ParseStream) -> bool {
        let ahead = input.fork();
        ahead.parse::<Visibility>().is_ok()
            && ahead.parse::<Option<Token![default]>>().is_ok()
            && ahead.parse::<Option<Token![const]>>().is_ok()
            && ahead.parse::<Option<Token![async]>>().is_ok()
            && ahead.parse::<Option<Token![unsafe]>>().is_ok()
            && ahead.parse::<Option<Abi>>().is_ok()
            && ahead.peek(Token![fn])
    }

    /// Reads what follows the attributes.
    pub(crate) fn parse_after(attrs: Vec<Attribute>, input: ParseStream) -> syn::Result<Self> {
        let mut function = Self {
            attrs,
            vis: input.parse()?,
            defaultness: input.parse()?,
            sig: input.parse()?,
            body: input.parse()?,
            is_future: None,
        };
        Held.visit_signature_mut(&mut function.sig);
        // What it returns is looked at, whoever has written it.
        if let ReturnType::Type(_, output) = &mut function.sig.output {
            while let Type::Group(group) = &**output {
                *output = group.elem.clone();
            }
        }
        Ok(function)
    }
}

const NO_BODY: &str = "expected the function's body";

/// The braces that a group is, or that a macro's `$body:block` has put into an invisible one.
pub(crate) fn braces(group: &Group) -> Option<Group> {
    match group.delimiter() {
        Delimiter::Brace => Some(group.clone()),
        Delimiter::None => {
            let mut tokens = group.stream().into_iter();
            match (tokens.next(), tokens.next()) {
                (Some(TokenTree::Group(inner)), None) => braces(&inner),
                _ => None,
            }
        }
        Delimiter::Parenthesis | Delimiter::Bracket => None,
    }
}

/// The type without the parentheses and the invisible groups around it.
pub(crate) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

/// As [`ungrouped`].
pub(crate) fn ungrouped_mut(ty: &mut Type) -> &mut Type {
    match ty {
        Type::Group(group) => ungrouped_mut(&mut group.elem),
        Type::Paren(paren) => ungrouped_mut(&mut paren.elem),
        other => other,
    }
}

impl Parse for Body {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(Token![;]) {
            return input.parse().map(Self::Missing);
        }
        match input.parse()? {
            TokenTree::Group(group) => match braces(&group) {
                Some(block) => Ok(Self::Block(block)),
                None => Err(syn::Error::new(group.span(), NO_BODY)),
            },
            other => Err(syn::Error::new(other.span(), NO_BODY)),
        }
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        outer(&self.attrs).for_each(|attr| attr.to_tokens(tokens));
        self.vis.to_tokens(tokens);
        self.defaultness.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        match &self.body {
            Body::Block(block) => block.to_tokens(tokens),
            Body::Missing(semi) => semi.to_tokens(tokens),
        }
    }
}

/// The attributes that stand before an item.
pub(crate) fn outer(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| matches!(attr.style, AttrStyle::Outer))
}

/// Whether an attribute is the compiler's own, or a tool's, and changes nothing of what it stands on:
/// any other may be a macro, which may.
pub(crate) fn changes_nothing(attr: &Attribute) -> bool {
    const INERT: [&str; 21] = [
        "allow",
        "automatically_derived",
        "bench",
        "cfg",
        "cold",
        "deny",
        "deprecated",
        "doc",
        "expect",
        "export_name",
        "forbid",
        "ignore",
        "inline",
        "link_section",
        "must_use",
        "no_mangle",
        "should_panic",
        "target_feature",
        "test",
        "track_caller",
        "warn",
    ];
    const TOOLS: [&str; 4] = ["clippy", "diagnostic", "miri", "rustfmt"];
    meta_changes_nothing(&attr.meta, &INERT, &TOOLS)
}

fn meta_changes_nothing(meta: &Meta, inert: &[&str], tools: &[&str]) -> bool {
    let is_one_of = |names: &[&str]| {
        meta.path()
            .segments
            .first()
            .is_some_and(|first| names.iter().any(|name| first.ident == name))
    };
    if meta.path().segments.len() > 1 {
        return is_one_of(tools);
    }
    match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => conditional(list)
            .is_some_and(|metas| metas.iter().all(|meta| meta_changes_nothing(meta, inert, tools))),
        Meta::List(list) if list.path.is_ident("unsafe") => true,
        _ => is_one_of(inert),
    }
}

/// What a `cfg_attr(condition, ..)` may stand for.
pub(crate) fn conditional(list: &syn::MetaList) -> Option<Vec<Meta>> {
    let metas =
        list.parse_args_with(syn::punctuated::Punctuated::<Meta, Token![,]>::parse_terminated);
    metas.ok().map(|metas| metas.into_iter().skip(1).collect())
}

/// Whether the attribute's path ends in `name`, as `traceable` and `gtramp::traceable` do.
pub(crate) fn is_attr(attr: &Attribute, name: &str) -> bool {
    attr.path().segments.last().is_some_and(|segment| segment.ident == name)
}
