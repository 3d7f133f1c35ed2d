//! What is wrong with a program.

use core::fmt;

/// Why a program is refused: what, and where in its text.
///
/// Nothing was attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// What is wrong, and what to do.
    pub(crate) message: String,
    /// The column at which it is, from 1; `None` if it is of the whole.
    pub(crate) column: Option<usize>,
}

impl Wrong {
    pub(crate) fn at(column: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), column: Some(column) }
    }

    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self { message: message.into(), column: None }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Wrong {}

/// `, did you mean ..?` with the word nearest to what was written, if one is near.
pub(crate) fn near<'w>(written: &str, words: impl IntoIterator<Item = &'w str>) -> String {
    let alike = |word: &str| {
        let letters = strsim::normalized_damerau_levenshtein(written, word);
        strsim::jaro_winkler(written, word).max(letters + 0.1)
    };
    let scored = words.into_iter().map(|word| (alike(word), word));
    match scored.max_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((score, word)) if score > 0.7 => format!(", did you mean `{word}`?"),
        _ => String::new(),
    }
}
