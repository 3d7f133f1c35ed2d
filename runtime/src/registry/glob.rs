//! Globs over paths.

use globset::{GlobBuilder, GlobMatcher};

use crate::error::Error;

/// A glob over `crate::module::Type::function`: `*` within a segment, `**` across segments,
/// `?`, `[...]`, `{a,b}`.
#[derive(Clone, Debug)]
pub(crate) struct Glob {
    matcher: GlobMatcher,
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Result<Self, Error> {
        let bad = |reason: String| Error::BadPattern { pattern: pattern.to_owned(), reason };
        if pattern.trim().is_empty() {
            return Err(bad("it is empty".to_owned()));
        }
        if pattern.contains('/') {
            return Err(bad("segments are separated by `::`, not by `/`".to_owned()));
        }
        let glob = GlobBuilder::new(&as_file_glob(pattern))
            .literal_separator(true)
            .backslash_escape(false)
            .build()
            .map_err(|error| bad(error.kind().to_string()))?;
        Ok(Self { matcher: glob.compile_matcher() })
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(as_file_path(path))
    }
}

/// As [`as_file_path`], with classes that match no separator: `[!a]` stays within a segment as `?`
/// does, and so does a range of characters with `/` among them.
fn as_file_glob(pattern: &str) -> String {
    let mut glob = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('[') {
        let negated = after.starts_with(['!', '^']);
        let (negator, class) = after.split_at(usize::from(negated));
        // A `]` that comes first is one of the characters.
        let end = class.char_indices().skip(1).find(|(_, found)| *found == ']');
        // Without an end it is no pattern, and globset says so.
        let Some((end, _)) = end else { break };
        let (class, after) = class.split_at(end);
        glob.extend([as_file_path(before).as_str(), "[", negator]);
        if negated {
            let first = usize::from(class.starts_with(']'));
            glob.extend([&class[..first], "/", &class[first..]]);
        } else {
            glob.push_str(&without_separator(class));
        }
        rest = after;
    }
    glob + &as_file_path(rest)
}

/// The characters of a class, with every range over `/` in two parts.
fn without_separator(class: &str) -> String {
    let chars: Vec<char> = class.chars().collect();
    let mut parts = String::new();
    let mut rest = chars.as_slice();
    while let [first, after @ ..] = rest {
        parts.push(*first);
        rest = after;
        if let ['-', last, after @ ..] = rest {
            let over = *first < '/' && '/' < *last;
            parts.push_str(if over { "-.0-" } else { "-" });
            parts.push(*last);
            rest = after;
        }
    }
    parts
}

/// `::` as the separator that globs know.
fn as_file_path(path: &str) -> String {
    path.replace("::", "/")
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], other: &[&str]) {
        let glob = Glob::new(pattern).expect("a pattern");
        for path in matching {
            assert!(glob.matches(path), "{pattern} should match {path}");
        }
        for path in other {
            assert!(!glob.matches(path), "{pattern} should not match {path}");
        }
    }

    #[test]
    fn a_path_matches_itself_alone() {
        check("bank::fee", &["bank::fee"], &["bank::fees", "bank::fee::x", "other::bank::fee"]);
    }

    #[test]
    fn one_star_stays_within_a_segment() {
        check("bank::*", &["bank::fee"], &["bank::Ledger::fee", "bank"]);
        check("bank::*::fee", &["bank::Ledger::fee"], &["bank::fee", "bank::a::b::fee"]);
        check("bank::Led*::fee", &["bank::Ledger::fee"], &["bank::Audit::fee"]);
    }

    #[test]
    fn two_stars_cross_segments() {
        check("bank::**", &["bank::fee", "bank::a::b::fee"], &["bank", "banks::fee"]);
        check("**::fee", &["fee", "bank::fee", "bank::a::fee"], &["bank::fees"]);
        check("bank::**::fee", &["bank::fee", "bank::a::b::fee"], &["bank::a::b::fees"]);
        check("**", &["bank", "bank::fee"], &[]);
    }

    #[test]
    fn classes_alternatives_and_question_marks() {
        check("bank::f?e", &["bank::fee"], &["bank::fe"]);
        check("bank::[a-f]ee", &["bank::fee"], &["bank::gee"]);
        check("bank::{fee,tax}", &["bank::fee", "bank::tax"], &["bank::due"]);
        check("bank::{Ledger::fee,tax}", &["bank::Ledger::fee", "bank::tax"], &["bank::fee"]);
    }

    /// Found by comparison with a matcher that tries everything.
    #[test]
    fn a_class_matches_no_separator() {
        check("a[!x]b", &["ayb", "a]b"], &["a::b", "axb"]);
        check("a[^x-z]b", &["aab"], &["a::b", "ayb"]);
        check("a[!]x]b", &["ayb"], &["a::b", "axb", "a]b"]);
        check("a[ -~]b", &["ayb", "a.b", "a0b"], &["a::b"]);
        check("a[.-0x]b", &["axb", "a0b"], &["a::b"]);
        check("a[x-]b", &["a-b", "axb"], &["a::b"]);
        check("*::[!a]*::c", &["b::b::c", "b::ba::c"], &["b::a::c", "b::::c", "b::c"]);
    }

    #[test]
    fn what_is_not_a_glob_says_why() {
        for (pattern, reason) in
            [("", "empty"), ("a::[", "unclosed"), ("a::{b", "unclosed"), ("a/b", "`::`")]
        {
            let error = Glob::new(pattern).expect_err(pattern).to_string();
            assert!(error.contains(reason), "{pattern}: {error}");
        }
    }
}
