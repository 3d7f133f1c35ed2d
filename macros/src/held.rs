//! What a macro was handed holds together, wherever it is put.
//!
//! A fragment such as `$sum:expr` arrives in an invisible group. As long as nobody takes the tokens around it apart,
//! the compiler knows what it is. A group that a macro makes anew, or hands on by itself, holds nothing: the compiler
//! does not look at it, and `2 * $sum` would be `2 * 1 + 2`. So where tokens have to be taken apart, parentheses take
//! its place if something next to it would reach into it.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprParen, Type, TypeParen, token};

/// The tokens with each invisible group among them, but not those in other groups, made to hold together.
pub(crate) fn held(tokens: &[TokenTree]) -> TokenStream {
    let mut out = TokenStream::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                let fragment = Fragment { group, before: &tokens[..at], after: &tokens[at + 1..] };
                out.extend(fragment.held(group.stream(), false));
            }
            other => out.extend([other.clone()]),
        }
    }
    out
}

/// An invisible group and what stands around it.
#[derive(Clone, Copy)]
pub(crate) struct Fragment<'a> {
    pub(crate) group: &'a Group,
    pub(crate) before: &'a [TokenTree],
    pub(crate) after: &'a [TokenTree],
}

impl Fragment<'_> {
    /// The fragment with `inside` in it instead of what was. What is to be `one` tree of tokens, because a macro may
    /// count them, is held together also where nothing next to it reaches into it, if it is an expression.
    pub(crate) fn held(self, inside: TokenStream, one: bool) -> TokenStream {
        let tokens: Vec<TokenTree> = inside.clone().into_iter().collect();
        if let [TokenTree::Group(only)] = &tokens[..] {
            if only.delimiter() == Delimiter::None {
                return Fragment { group: only, before: self.before, after: self.after }
                    .held(only.stream(), one);
            }
            // Braces in braces are a habit of whoever wrote the macro.
            let mut only = only.clone();
            only.set_span(self.group.span());
            return TokenStream::from(TokenTree::Group(only));
        }
        let is_held = self.is_reached(&tokens) || one && is_expression(inside);
        // It is taken apart as well.
        let inside = held(&tokens);
        if !is_held {
            return inside;
        }
        let mut held = Group::new(Delimiter::Parenthesis, inside);
        held.set_span(self.group.span());
        TokenStream::from(TokenTree::Group(held))
    }

    /// Whether something next to it would reach into these tokens.
    fn is_reached(self, tokens: &[TokenTree]) -> bool {
        match Kind::of(tokens) {
            Kind::Whole => false,
            Kind::Field => {
                matches!(self.after.first(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
            }
            Kind::Prefixed => is_postfix(self.after.first()),
            Kind::Loose => is_operator(self.before) || goes_on(self.after),
            Kind::Bounds => {
                let last = self.before.last();
                is_punct(last, '&') || ["mut", "const"].iter().any(|word| is_word(last, word))
            }
        }
    }
}

/// Whether these tokens are an expression of several, and neither a path nor perhaps a pattern.
fn is_expression(tokens: TokenStream) -> bool {
    match syn::parse2::<Expr>(tokens) {
        Ok(Expr::Binary(binary)) => !matches!(binary.op, syn::BinOp::BitOr(_)),
        Ok(Expr::Reference(reference)) => !matches!(*reference.expr, Expr::Path(_)),
        Ok(
            Expr::Call(_)
            | Expr::Let(_)
            | Expr::Lit(_)
            | Expr::Path(_)
            | Expr::Range(_)
            | Expr::Struct(_)
            | Expr::Unary(_),
        )
        | Err(_) => false,
        Ok(_) => true,
    }
}

/// How tightly tokens hold together.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Nothing next to them reaches into them.
    Whole,
    /// `a.b`, which parentheses behind it would call.
    Field,
    /// `-a`, `&a`.
    Prefixed,
    /// `a + b`, and all that is not known.
    Loose,
    /// `dyn A + B`
    Bounds,
}

impl Kind {
    fn of(tokens: &[TokenTree]) -> Self {
        const ITEMS: [&str; 16] = [
            "async",
            "const",
            "enum",
            "extern",
            "fn",
            "impl",
            "let",
            "macro_rules",
            "mod",
            "pub",
            "static",
            "struct",
            "trait",
            "type",
            "union",
            "use",
        ];
        let stream: TokenStream = tokens.iter().cloned().collect();
        match syn::parse2::<Expr>(stream.clone()) {
            // These may be statements.
            Ok(Expr::Let(_)) => Self::Whole,
            Ok(expr) => Self::of_expr(&expr),
            Err(_) if tokens.len() < 2 => Self::Whole,
            Err(_) if ["dyn", "impl"].iter().any(|word| is_word(tokens.first(), word)) => {
                let is_sum = tokens.iter().any(|token| is_punct(Some(token), '+'));
                if is_sum { Self::Bounds } else { Self::Whole }
            }
            Err(_) if ITEMS.iter().any(|word| is_word(tokens.first(), word)) => Self::Whole,
            Err(_) if syn::parse2::<Type>(stream.clone()).is_ok() => Self::Whole,
            Err(_) if syn::parse2::<syn::Stmt>(stream).is_ok() => Self::Whole,
            Err(_) => Self::Loose,
        }
    }

    fn of_expr(expr: &Expr) -> Self {
        match expr {
            Expr::Array(_)
            | Expr::Await(_)
            | Expr::Call(_)
            | Expr::Index(_)
            | Expr::Lit(_)
            | Expr::Macro(_)
            | Expr::MethodCall(_)
            | Expr::Paren(_)
            | Expr::Path(_)
            | Expr::Try(_)
            | Expr::Tuple(_) => Self::Whole,
            Expr::Group(group) => Self::of_expr(&group.expr),
            Expr::Field(_) => Self::Field,
            Expr::Unary(_) | Expr::Reference(_) | Expr::RawAddr(_) => Self::Prefixed,
            _ => Self::Loose,
        }
    }
}

/// Whether what stands before takes an operand.
fn is_operator(before: &[TokenTree]) -> bool {
    let (last, earlier) = match before {
        [.., earlier, last] => (last, Some(earlier)),
        [last] => (last, None),
        [] => return false,
    };
    let is_joint = |wanted: &[char]| matches!(earlier, Some(TokenTree::Punct(punct)) if punct.spacing() == Spacing::Joint && wanted.contains(&punct.as_char()));
    match last {
        TokenTree::Punct(punct) => match punct.as_char() {
            '=' => is_joint(&['=', '!', '<', '>']),
            '>' => !is_joint(&['=', '-']),
            '.' => is_joint(&['.']),
            other => "+-*/%^&|!<@".contains(other),
        },
        // A pattern of several needs them here.
        TokenTree::Ident(word) => {
            ["as", "const", "for", "let", "mut", "raw"].iter().any(|other| word == other)
        }
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    }
}

/// Whether an expression in front of these tokens goes on with them.
fn goes_on(after: &[TokenTree]) -> bool {
    match after {
        [TokenTree::Punct(first), TokenTree::Punct(second), ..]
            if first.as_char() == '=' && first.spacing() == Spacing::Joint =>
        {
            second.as_char() != '>'
        }
        [TokenTree::Punct(first), ..] => ".?+-*/%^&|<>!".contains(first.as_char()),
        [TokenTree::Ident(word), ..] => word == "as" || word == "else",
        [TokenTree::Group(group), ..] => group.delimiter() != Delimiter::None,
        [TokenTree::Literal(_), ..] | [] => false,
    }
}

fn is_postfix(token: Option<&TokenTree>) -> bool {
    match token {
        Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), '.' | '?'),
        Some(TokenTree::Group(group)) => {
            matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::Bracket)
        }
        _ => false,
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_word(token: Option<&TokenTree>, wanted: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(word)) if word == wanted)
}

/// Makes fragments in what was parsed hold together.
pub(crate) struct Held;

impl VisitMut for Held {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Group(group) = expr {
            let inner = (*group.expr).clone();
            let parens = token::Paren::default();
            *expr = match Kind::of_expr(&inner) {
                Kind::Whole => inner,
                _ => Expr::Paren(ExprParen {
                    attrs: Vec::new(),
                    paren_token: parens,
                    expr: Box::new(inner),
                }),
            };
            return self.visit_expr_mut(expr);
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
        hold_bounds(&mut reference.elem);
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_type_ptr_mut(&mut self, pointer: &mut syn::TypePtr) {
        hold_bounds(&mut pointer.elem);
        visit_mut::visit_type_ptr_mut(self, pointer);
    }
}

/// Behind `&` and `*const`, a sum of bounds needs parentheses.
fn hold_bounds(elem: &mut Type) {
    if let Type::Group(group) = elem
        && matches!(&*group.elem, Type::TraitObject(object) if object.bounds.len() > 1)
    {
        let paren_token = token::Paren::default();
        *elem = Type::Paren(TypeParen { attrs: Vec::new(), paren_token, elem: group.elem.clone() });
    }
}

#[cfg(test)]
mod tests;
