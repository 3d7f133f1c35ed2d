//! Items inside a body: their `self` is their own.

use proc_macro2::{Delimiter, TokenTree};

use super::{is_punct, is_word};

/// Where the item that begins at `at` ends, if one with a `self` of its own does.
pub(super) fn end_of_item(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let TokenTree::Ident(keyword) = &tokens[at] else {
        return None;
    };
    let named = matches!(tokens.get(at + 1), Some(TokenTree::Ident(_)));
    match keyword.to_string().as_str() {
        // `fn(u8)` is a type, `fn name` an item.
        "fn" | "trait" | "mod" if named => end_of_braces(tokens, at),
        "impl" => end_of_braces(tokens, at),
        // `use<'a>` is a bound, `use ..;` an item.
        "use" if !is_punct(tokens.get(at + 1), '<') && !is_punct(tokens.get(at + 1), '|') => {
            let end = (at..tokens.len()).find(|&end| is_punct(tokens.get(end), ';'))?;
            Some(end + 1)
        }
        _ => None,
    }
}

/// Past the item's braces, or its `;`. A brace before `>` or `,` is a const argument.
fn end_of_braces(tokens: &[TokenTree], at: usize) -> Option<usize> {
    for (end, token) in tokens.iter().enumerate().skip(at + 1) {
        let next = tokens.get(end + 1);
        match token {
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace
                    && !is_punct(next, '>')
                    && !is_punct(next, ',') =>
            {
                return Some(end + 1);
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                return (!is_word(tokens.get(at), "impl")).then_some(end + 1);
            }
            _ => {}
        }
    }
    None
}
