//! Tokens as a person would have written them, for listings and error messages.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// The tokens on one line, spaced as rustfmt spaces types and signatures.
pub(crate) fn text(tokens: impl ToTokens) -> String {
    let mut out = String::new();
    write(&mut out, tokens.into_token_stream());
    out
}

/// What the last token was, as far as it decides on a space.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    /// Nothing, or something that takes no space after it.
    Tight,
    /// A word: an identifier, keyword, lifetime or literal.
    Word,
    /// A closing bracket or `>`.
    Close,
    /// Something that takes a space after it.
    Loose,
}

fn write(out: &mut String, tokens: TokenStream) {
    let mut last = Last::Tight;
    let mut commas = 0;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                space(out, last, true);
                write(out, group.stream());
                last = Last::Word;
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace | Delimiter::None => ("{", "}"),
                };
                space(out, last, ends_in_keyword(out) || open == "{");
                out.push_str(open);
                let padding = if open == "{" && !group.stream().is_empty() { " " } else { "" };
                out.push_str(padding);
                write(out, group.stream());
                out.push_str(padding);
                out.push_str(close);
                last = Last::Close;
            }
            TokenTree::Punct(first) => {
                if first.as_char() == ',' {
                    if ends_a_list(tokens.peek(), commas) {
                        continue;
                    }
                    commas += 1;
                }
                let mut punct = String::from(first.as_char());
                if first.as_char() == '\'' {
                    if let Some(TokenTree::Ident(name)) = tokens.next() {
                        space(out, last, true);
                        out.push('\'');
                        out.push_str(&name.to_string());
                    }
                    last = Last::Word;
                    continue;
                }
                if first.spacing() == Spacing::Joint
                    && let Some(TokenTree::Punct(second)) = tokens.peek()
                    && matches!((first.as_char(), second.as_char()), (':', ':') | ('-' | '=', '>'))
                {
                    punct.push(second.as_char());
                    tokens.next();
                }
                last = punctuation(out, &punct, last);
            }
            word => {
                space(out, last, true);
                let word = word.to_string();
                out.push_str(
                    word.strip_prefix("r#").filter(|_| !word.contains('"')).unwrap_or(&word),
                );
                last = Last::Word;
            }
        }
    }
}

/// Whether a comma before `next` is one too many; in `(T,)` it is not.
fn ends_a_list(next: Option<&TokenTree>, commas: usize) -> bool {
    match next {
        None => commas > 0,
        Some(TokenTree::Punct(punct)) => punct.as_char() == '>',
        Some(_) => false,
    }
}

/// Writes a space where the two neighbours want one.
fn space(out: &mut String, last: Last, between_words: bool) {
    match last {
        Last::Loose => out.push(' '),
        Last::Word | Last::Close if between_words => out.push(' '),
        Last::Tight | Last::Word | Last::Close => {}
    }
}

fn punctuation(out: &mut String, punct: &str, last: Last) -> Last {
    let leading = match punct {
        "->" | "=>" | "=" | "+" | "@" | "|" => true,
        "&" | "*" | "?" | "!" | "#" => {
            last != Last::Tight && ends_in_keyword(out) || last == Last::Loose
        }
        _ => last == Last::Loose,
    };
    if leading && !out.is_empty() {
        out.push(' ');
    }
    out.push_str(punct);
    match punct {
        "," | ";" | ":" | "->" | "=>" | "=" | "+" | "@" | "|" => Last::Loose,
        ">" => Last::Close,
        _ => Last::Tight,
    }
}

/// Whether the text ends in a word after which a bracket or sigil stands apart: `dyn (..)`,
/// `mut (a, b)`.
fn ends_in_keyword(out: &str) -> bool {
    let start = out
        .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '\'')))
        .map_or(0, |at| at + 1);
    let word = &out[start..];
    word.starts_with('\'')
        || matches!(word, "mut" | "dyn" | "impl" | "const" | "for" | "ref" | "as" | "in" | "unsafe")
}

#[cfg(test)]
mod tests {
    use super::text;

    #[track_caller]
    fn keeps(written: &str) {
        let tokens: proc_macro2::TokenStream = written.parse().expect("tokens");
        assert_eq!(text(tokens), written);
    }

    #[test]
    fn types_read_as_written() {
        for ty in [
            "u32",
            "&'a str",
            "&mut T",
            "&'a mut [u8]",
            "Option<&'a str>",
            "Result<u64, Denied>",
            "[u8; N]",
            "(u32, &str)",
            "*const u8",
            "*mut (u8, u8)",
            "Box<dyn Fn(&u32) -> u64 + Send + 'a>",
            "fn(u32, &str) -> Result<(), String>",
            "for<'a> fn(&'a str) -> &'a str",
            "unsafe extern \"C\" fn(u8)",
            "impl Iterator<Item = &'a T> + '_",
            "&dyn Fn(u8)",
            "&(dyn Fn(u8) + Send)",
            "<T as Iterator>::Item",
            "std::collections::HashMap<String, Vec<u8>>",
            "Parser<'_, 'a, 3>",
            "impl ?Sized",
            "Array<{ N }>",
            "()",
            "!",
            "&&str",
            "(T,)",
        ] {
            keeps(ty);
        }
    }

    #[test]
    fn lists_over_several_lines_become_one() {
        let tokens: proc_macro2::TokenStream =
            "f(a: Map<\n K,\n V,\n>,\n b: u8,\n)".parse().expect("tokens");
        assert_eq!(text(tokens), "f(a: Map<K, V>, b: u8)");
    }

    #[test]
    fn signatures_read_as_written() {
        keeps("pick<'a>(hay: &'a str, needle: &str) -> Option<&'a str>");
        keeps("fee(&self, amount: u64) -> u64");
        keeps("post<const N: usize, T: Into<u8>>(&mut self, (a, b): (u8, [T; N]))");
        keeps("take(self: Box<Self>, whole @ (a, _): (u8, u8), Point { x, y: _ }: Point)");
    }
}
