//! Globs over paths.

use globset::{GlobBuilder, GlobMatcher};

use crate::error::Error;

/// A glob over `crate::module::Type::function`: `*` within a segment, `**` across segments,
/// `?`, `[...]`, `{a,b}`.
#[derive(Clone, Debug)]
pub(crate) struct Glob {
    /// What every path that matches begins with.
    prefix: String,
    rest: Rest,
}

/// What follows the prefix. The forms that most patterns have are compared directly: a matcher for
/// all that a glob can say takes longer to make than to attach to a hundred functions.
#[derive(Clone, Debug)]
enum Rest {
    /// Nothing.
    Nothing,
    /// Anything: the pattern ended with `::**`.
    Anything,
    /// Anything within a segment: the one `*` in the pattern ended it.
    Segment,
    /// Anything within a segment, then this: there was one `*` in the pattern.
    Ending(String),
    /// The matcher of the whole pattern knows.
    Glob(GlobMatcher),
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
        let (prefix, special) = pattern.split_at(pattern.find(SPECIAL).unwrap_or(pattern.len()));
        let colons = prefix.len() - prefix.trim_end_matches(':').len();
        let rest = match (special, special.strip_prefix('*')) {
            ("", _) => Rest::Nothing,
            ("**", _) if prefix.is_empty() || colons == 2 => Rest::Anything,
            (_, Some("")) if [0, 2].contains(&colons) => Rest::Segment,
            (_, Some(ending)) if !ending.contains(SPECIAL) && [0, 2].contains(&colons) => {
                let colons = ending.len() - ending.trim_start_matches(':').len();
                // Half a separator on either side of the star could be made whole by what it matches.
                match colons {
                    0 | 2 => Rest::Ending(ending.to_owned()),
                    _ => Rest::Glob(matcher(pattern).map_err(bad)?),
                }
            }
            _ => Rest::Glob(matcher(pattern).map_err(bad)?),
        };
        Ok(Self { prefix: prefix.to_owned(), rest })
    }

    /// What every path that matches begins with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    #[cfg(any(test, fuzzing))]
    pub(crate) fn matches(&self, path: &str) -> bool {
        path.starts_with(&self.prefix) && self.matches_rest(path)
    }

    /// Whether it matches a path that begins with its prefix.
    pub(crate) fn matches_rest(&self, path: &str) -> bool {
        let rest = &path[self.prefix.len()..];
        match &self.rest {
            Rest::Nothing => rest.is_empty(),
            Rest::Anything => true,
            Rest::Segment => is_segment(rest),
            // Never an empty text: to compare with one reads memory that is not there, which the
            // processor notices late.
            Rest::Ending(ending) => rest.strip_suffix(ending.as_str()).is_some_and(is_segment),
            Rest::Glob(matcher) => matcher.is_match(as_file_path(path)),
        }
    }
}

/// Whether there is no separator in it.
fn is_segment(text: &str) -> bool {
    // Most have no colon at all. Without a way out in the midst, they are looked at several at once.
    let has_colon = text.bytes().fold(false, |found, byte| found | (byte == b':'));
    !(has_colon && text.contains("::"))
}

/// What means something else than itself in a pattern.
const SPECIAL: [char; 6] = ['*', '?', '[', ']', '{', '}'];

fn matcher(pattern: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(&as_file_glob(pattern))
        .literal_separator(true)
        .backslash_escape(false)
        .build()
        .map_err(|error| error.kind().to_string())?;
    Ok(glob.compile_matcher())
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

    /// One star, and two at the end, are compared without the matcher that the others need.
    #[test]
    fn a_single_star_stays_between_what_stands_before_and_after_it() {
        check("bank::f*", &["bank::f", "bank::fee"], &["bank::f::a", "bank::a", "bank"]);
        check("*::fee", &["bank::fee", "::fee"], &["bank::a::fee", "fee"]);
        check("bank::*e", &["bank::e", "bank::fee"], &["bank::fees", "bank::a::e"]);
        check("ba*nk", &["bank", "baank"], &["bak", "ba::nk", "bnk"]);
        check("bank::f**", &["bank::fee"], &["bank::f::a"]);
        check("a:*:b", &["a:x:b"], &["a::b", "a:x::b"]);
        check("a::*::b", &["a::x::b", "a::::b"], &["a::b", "a::x::y::b"]);
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
