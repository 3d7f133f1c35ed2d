//! `{self}` inside the format strings of macro calls.

use proc_macro2::{Delimiter, Ident, Literal, TokenTree};

use super::is_punct;

/// The name of the macro whose arguments follow: `write` after `std::write!`.
pub(super) fn called_macro(before: &[TokenTree]) -> Option<&Ident> {
    let [.., TokenTree::Ident(name), TokenTree::Punct(bang)] = before else {
        return None;
    };
    (bang.as_char() == '!').then_some(name)
}

/// Macros whose arguments are code to be, not code.
pub(super) fn is_quote(name: &Ident) -> bool {
    ["quote", "quote_spanned", "parse_quote", "parse_quote_spanned"]
        .iter()
        .any(|quote| name == quote)
}

/// Renames the captured `self` in the format string of the macro `name`.
///
/// Only macros known to take a format string: in any other a string is data.
pub(super) fn rename_captures(
    name: &Ident,
    own: &str,
    mut tokens: Vec<TokenTree>,
) -> Vec<TokenTree> {
    let Some(place) = Place::of(&name.to_string()) else {
        return tokens;
    };
    if let Some(at) = place.find(&tokens)
        && let TokenTree::Literal(literal) = &tokens[at]
        && let Some(renamed) = rename_literal(literal, own)
    {
        tokens[at] = TokenTree::Literal(renamed);
    }
    tokens
}

/// Which argument is the format string.
enum Place {
    Argument(usize),
    /// The first argument that is nothing but a string, after such as `target: "x"`.
    FirstString,
}

impl Place {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "format" | "format_args" | "print" | "println" | "eprint" | "eprintln" | "panic"
            | "todo" | "unimplemented" | "unreachable" | "anyhow" | "bail" | "eyre"
            | "format_err" => Self::Argument(0),
            "write" | "writeln" | "assert" | "debug_assert" | "ensure" => Self::Argument(1),
            "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => Self::Argument(2),
            "log" | "trace" | "debug" | "info" | "warn" | "error" | "event" | "span" => {
                Self::FirstString
            }
            _ => return None,
        })
    }

    /// The place of the string among the tokens.
    fn find(&self, tokens: &[TokenTree]) -> Option<usize> {
        let mut start = 0;
        for (argument, tokens) in tokens.split(|token| is_punct(Some(token), ',')).enumerate() {
            if let [token] = tokens
                && is_string(token)
                && match self {
                    Self::Argument(wanted) => argument == *wanted,
                    Self::FirstString => true,
                }
            {
                return Some(start);
            }
            start += tokens.len() + 1;
        }
        None
    }
}

fn is_string(token: &TokenTree) -> bool {
    match token {
        TokenTree::Literal(literal) => literal.to_string().starts_with(['"', 'r']),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => false,
        _ => false,
    }
}

/// The literal with `{self..}` and `{..:self$}` renamed, or `None` where there is none.
fn rename_literal(literal: &Literal, own: &str) -> Option<Literal> {
    let text = literal.to_string();
    let renamed = rename_text(&text, own);
    if renamed == text {
        return None;
    }
    let mut renamed: Literal = renamed.parse().ok()?;
    renamed.set_span(literal.span());
    Some(renamed)
}

fn rename_text(text: &str, own: &str) -> String {
    let mut out = String::with_capacity(text.len() + own.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open + 1);
        out.push_str(before);
        rest = after;
        if let Some(literal_brace) = rest.strip_prefix('{') {
            out.push('{');
            rest = literal_brace;
            continue;
        }
        let end = rest.find('}').unwrap_or(rest.len());
        let (placeholder, after) = rest.split_at(end);
        out.push_str(&rename_placeholder(placeholder, own));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// `self`, `self:?`, `x:self$`
fn rename_placeholder(placeholder: &str, own: &str) -> String {
    let (argument, spec) = match placeholder.split_once(':') {
        Some((argument, spec)) => (argument, Some(spec)),
        None => (placeholder, None),
    };
    let argument =
        if argument.trim() == "self" { argument.replace("self", own) } else { argument.to_owned() };
    match spec {
        Some(spec) => format!("{argument}:{}", rename_widths(spec, own)),
        None => argument,
    }
}

fn rename_widths(spec: &str, own: &str) -> String {
    let Some(at) = spec.find("self$") else {
        return spec.to_owned();
    };
    let part_of_a_name = spec[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    if part_of_a_name {
        spec.to_owned()
    } else {
        format!("{}{own}{}", &spec[..at], &spec[at + 4..])
    }
}
