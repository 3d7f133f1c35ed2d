//! A look through tokens that are not parsed.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

/// Whether one of the tokens, in groups as well, is wanted. Groups themselves are not asked about.
fn any(tokens: TokenStream, wanted: &mut dyn FnMut(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => any(group.stream(), wanted),
        token => wanted(&token),
    })
}

/// Whether one of the words among them, in groups as well, is wanted.
pub(crate) fn any_word(tokens: TokenStream, mut wanted: impl FnMut(&Ident) -> bool) -> bool {
    any(tokens, &mut |token| matches!(token, TokenTree::Ident(word) if wanted(word)))
}

/// Whether `name` may be meant: it is a word among them, or a string in which a macro may find it.
pub(crate) fn may_mention(tokens: TokenStream, name: &str) -> bool {
    any(tokens, &mut |token| match token {
        TokenTree::Ident(word) => word == name,
        TokenTree::Literal(text) => text.to_string().contains(name),
        TokenTree::Group(_) | TokenTree::Punct(_) => false,
    })
}

/// Whether both are the same tokens, wherever they stand and however they are spaced.
pub(crate) fn are_same(one: TokenStream, other: TokenStream) -> bool {
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    loop {
        let is_same = match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(TokenTree::Group(one)), Some(TokenTree::Group(other))) => {
                one.delimiter() == other.delimiter() && are_same(one.stream(), other.stream())
            }
            (Some(one), Some(other)) => one.to_string() == other.to_string(),
            _ => false,
        };
        if !is_same {
            return false;
        }
    }
}

/// The tokens, each at another place.
pub(crate) fn respanned(tokens: TokenStream, place: impl Fn(Span) -> Span) -> TokenStream {
    let moved = tokens.into_iter().map(|mut token| {
        token.set_span(place(token.span()));
        token
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;

    use super::{any_word, are_same, may_mention};

    fn tokens(text: &str) -> TokenStream {
        text.parse().expect("tokens")
    }

    #[test]
    fn a_word_is_found_in_every_group() {
        for text in ["a", "x(a)", "x[1, { a }]", "b + a"] {
            assert!(any_word(tokens(text), |word| word == "a"), "{text}");
        }
        for text in ["", "aa", "x(b)", "\"a\""] {
            assert!(!any_word(tokens(text), |word| word == "a"), "{text}");
        }
    }

    #[test]
    fn tokens_are_the_same_however_they_are_spaced() {
        assert!(are_same(tokens("a::b (1)"), tokens("a :: b(1)")));
        for other in ["a", "a::b", "a::b(2)", "a::b[1]", "a::b(1) c"] {
            assert!(!are_same(tokens("a::b(1)"), tokens(other)), "{other}");
        }
    }

    #[test]
    fn a_string_may_mention_a_name() {
        assert!(may_mention(tokens("f!(\"{a:?}\")"), "a"));
        assert!(may_mention(tokens("{ a }"), "a"));
        assert!(!may_mention(tokens("f!(\"{b:?}\") + 1"), "a"));
    }
}
