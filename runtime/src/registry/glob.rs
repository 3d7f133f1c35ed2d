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
        let glob = GlobBuilder::new(&as_file_path(pattern))
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
