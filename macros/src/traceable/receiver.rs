//! Renames `self` in a body that becomes a closure's.
//!
//! A closure cannot have a parameter called `self`, so the body's `self` becomes `__self`, token
//! by token and also in macro calls. What is not this function's `self` stays: paths
//! (`self::x`, `use self::..`, `pub(self)`) and everything in nested functions, impls, traits
//! and modules.

mod assert;
mod format;
mod nested;

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};

use crate::function::{Body, Function};
use crate::held::{Fragment, held};
use crate::tokens::{are_same, may_mention};

/// What the parameter is called that stands for the receiver of this function: a name that its body does not have.
pub(crate) fn name_in(function: &Function) -> &'static str {
    const NAMES: [&str; 4] = ["__self", "__gtramp_self", "__gtramp_self_2", "__gtramp_self_3"];
    let Body::Block(body) = &function.body else { return NAMES[0] };
    NAMES.into_iter().find(|name| !may_mention(body.stream(), name)).unwrap_or(NAMES[0])
}

/// The tokens with this function's `self` renamed to `name`. What is at `private` helps with that.
pub(crate) fn rename_self(tokens: TokenStream, name: &str, private: &TokenStream) -> TokenStream {
    Renaming { private, name, mode: Mode::Code, counted: false }
        .rename(tokens.into_iter().collect())
}

/// How to read tokens.
#[derive(Clone, Copy)]
struct Renaming<'a> {
    private: &'a TokenStream,
    name: &'a str,
    mode: Mode,
    /// Whether they are what a macro is called with, which may count them.
    counted: bool,
}

/// What they are.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// Code, or the arguments of an unknown macro, which mostly are code.
    Code,
    /// A quasi-quote: only `#self` is ours.
    Quote,
}

impl Renaming<'_> {
    fn rename(self, tokens: Vec<TokenTree>) -> TokenStream {
        let mut out: Vec<TokenTree> = Vec::with_capacity(tokens.len());
        let mut at = 0;
        while at < tokens.len() {
            if self.mode == Mode::Code
                && let Some(end) = nested::end_of_item(&tokens, at)
            {
                out.extend(held(&tokens[at..end]));
                at = end;
                continue;
            }
            let token = match &tokens[at] {
                TokenTree::Ident(ident) if ident == "self" && is_ours(&tokens, at, self.mode) => {
                    TokenTree::Ident(Ident::new(self.name, ident.span()))
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                    let inside = self.rename(group.stream().into_iter().collect());
                    // What needs no other name is handed on whole: so what is in it stays held together.
                    let is_ours = !are_same(inside.clone(), group.stream());
                    let inside = if is_ours { inside } else { group.stream() };
                    let fragment =
                        Fragment { group, before: &tokens[..at], after: &tokens[at + 1..] };
                    out.extend(fragment.held(inside, self.counted));
                    at += 1;
                    continue;
                }
                // What a macro was handed stays as it is, also what holds it together.
                TokenTree::Group(group) if !may_mention(group.stream(), "self") => {
                    tokens[at].clone()
                }
                TokenTree::Group(group) => {
                    TokenTree::Group(self.rename_group(group, &tokens[..at]))
                }
                other => other.clone(),
            };
            out.push(token);
            at += 1;
        }
        out.into_iter().collect()
    }

    fn rename_group(self, group: &Group, before: &[TokenTree]) -> Group {
        if group.delimiter() == Delimiter::Parenthesis && is_word(before.last(), "pub") {
            return group.clone();
        }
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let name = format::called_macro(before);
        let inside = Self { counted: self.counted || name.is_some(), ..self };
        let stream = match name {
            Some(name) if name == "stringify" => return group.clone(),
            Some(name) if format::is_quote(name) => {
                Self { mode: Mode::Quote, ..inside }.rename(tokens)
            }
            Some(name) if assert::shows_its_condition(name, &tokens) => {
                let renamed = inside.rename(tokens);
                assert::said(name, &group.stream(), renamed, self.private)
            }
            Some(name) => inside.rename(format::rename_captures(name, self.name, tokens)),
            None => inside.rename(tokens),
        };
        let mut renamed = Group::new(group.delimiter(), stream);
        renamed.set_span(group.span());
        renamed
    }
}

/// Whether the `self` at `at` is a value of this function.
fn is_ours(tokens: &[TokenTree], at: usize, mode: Mode) -> bool {
    if mode == Mode::Quote {
        return is_punct(at.checked_sub(1).and_then(|at| tokens.get(at)), '#');
    }
    let path_follows = matches!(tokens.get(at + 1), Some(TokenTree::Punct(colon))
        if colon.as_char() == ':' && colon.spacing() == Spacing::Joint)
        && is_punct(tokens.get(at + 2), ':');
    !path_follows
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_word(token: Option<&TokenTree>, wanted: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(word)) if word == wanted)
}

#[cfg(test)]
mod tests;
