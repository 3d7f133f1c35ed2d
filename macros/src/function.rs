//! A function as the macros see it: the signature parsed, the body left as tokens.
//!
//! The body may use syntax that the parser does not know yet, and most of it is none of our
//! business, so it is never parsed.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Abi, AttrStyle, Attribute, Signature, Token, Visibility};

/// One function, of any kind, with or without a body.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Token![default]>,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
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
        Ok(Self {
            attrs,
            vis: input.parse()?,
            defaultness: input.parse()?,
            sig: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl Parse for Body {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(Token![;]) {
            return input.parse().map(Self::Missing);
        }
        match input.parse()? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                Ok(Self::Block(group))
            }
            other => Err(syn::Error::new(other.span(), "expected the function's body")),
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

/// Whether the attribute's path ends in `name`, as `traceable` and `gtramp::traceable` do.
pub(crate) fn is_attr(attr: &Attribute, name: &str) -> bool {
    attr.path().segments.last().is_some_and(|segment| segment.ident == name)
}
