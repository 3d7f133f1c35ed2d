//! Which functions somebody may have meant.

use crate::site::Function;

/// How many are named.
const SHOWN: usize = 3;

/// What is less alike than this is not meant.
const ALIKE: f64 = 0.7;

/// A right name under a wrong path helps more than a right crate with a wrong name.
const OF_NAME: f64 = 0.99;

/// The paths most like a pattern, of these functions, which are sorted by path.
pub(super) fn near(pattern: &str, functions: &'static [Function]) -> Vec<String> {
    let wanted = pattern.trim_end_matches(['*', ':']);
    let (path, name) = (Text::new(wanted), Text::new(wanted.rsplit("::").next().unwrap_or(wanted)));
    // The best first; of those that are equally alike, the one that comes first in the listing.
    let mut best: Vec<(f64, &str)> = Vec::with_capacity(SHOWN + 1);
    let mut previous = "";
    for function in functions {
        let (this, last) = (function.path(), previous);
        previous = this;
        let enough = best.get(SHOWN - 1).map_or(ALIKE, |&(score, _)| score.next_up());
        // To count letters is a small part of comparing them in order.
        let may_be = path
            .jaro_winkler_at_most(this)
            .max(name.levenshtein_at_most(function.name()) * OF_NAME);
        if this == last || may_be < enough {
            continue;
        }
        let whole = strsim::jaro_winkler(path.text, this);
        let score =
            whole.max(strsim::normalized_damerau_levenshtein(name.text, function.name()) * OF_NAME);
        if score >= enough {
            let place = best.partition_point(|&(better, _)| better >= score);
            best.insert(place, (score, this));
            best.truncate(SHOWN);
        }
    }
    best.into_iter().map(|(_, path)| path.to_owned()).collect()
}

/// A text, and how often each byte is in it.
struct Text<'t> {
    text: &'t str,
    counts: [u8; 256],
}

impl<'t> Text<'t> {
    fn new(text: &'t str) -> Self {
        let mut counts = [0_u8; 256];
        for byte in text.bytes() {
            let count = &mut counts[usize::from(byte)];
            *count = count.saturating_add(1);
        }
        Self { text, counts }
    }

    /// How many letters the two have in common, in whatever order; `None` if bytes do not tell.
    fn common(&self, other: &str) -> Option<usize> {
        // A letter of several bytes would count as several.
        if !self.text.is_ascii() || !other.is_ascii() || self.text.len() >= usize::from(u8::MAX) {
            return None;
        }
        let mut left = self.counts;
        let taken = other.bytes().filter(|&byte| {
            let count = &mut left[usize::from(byte)];
            let is_there = *count > 0;
            *count -= u8::from(is_there);
            is_there
        });
        Some(taken.count())
    }

    /// No more than this is `strsim::jaro_winkler`: all that the two have in common stands in one order, as near
    /// as it has to be.
    fn jaro_winkler_at_most(&self, other: &str) -> f64 {
        /// What a common beginning adds for each of its letters, and how many count.
        const BEGINNING: (f64, usize) = (0.1, 4);
        let Some(common) = self.common(other) else { return 1.0 };
        if common == 0 {
            return if self.text.is_empty() && other.is_empty() { 1.0 } else { 0.0 };
        }
        let (common, one, two) = (float(common), float(self.text.len()), float(other.len()));
        let jaro = (common / one + common / two + 1.0) / 3.0;
        let pairs = self.text.bytes().zip(other.bytes()).take(BEGINNING.1);
        let beginning = pairs.take_while(|(one, other)| one == other).count();
        jaro + BEGINNING.0 * float(beginning) * (1.0 - jaro)
    }

    /// No more than this is `strsim::normalized_damerau_levenshtein`: each letter of the longer one that the
    /// other does not have is a change.
    fn levenshtein_at_most(&self, other: &str) -> f64 {
        let longer = self.text.len().max(other.len());
        match self.common(other) {
            Some(common) if longer > 0 => float(common) / float(longer),
            _ => 1.0,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "names are shorter than 2^52")]
fn float(length: usize) -> f64 {
    length as f64
}

#[cfg(test)]
mod tests {
    use super::{ALIKE, OF_NAME, SHOWN, Text, near};
    use crate::registry::Registry;
    use crate::site::Function;

    #[test]
    fn no_text_is_more_alike_than_its_letters_allow() {
        let texts = [
            "",
            "a",
            "fee",
            "fees",
            "eef",
            "bank::fee",
            "bank::Ledger::fee",
            "bank::ledger::feee",
            "aaaa",
            "knab",
            "größe",
            "grosse",
            "bank::f00700",
            "bank::f007x0",
            "crate::m007::f00700",
            "banana::fee",
        ];
        for one in texts {
            for other in texts {
                let text = Text::new(one);
                let whole = strsim::jaro_winkler(one, other);
                assert!(whole <= text.jaro_winkler_at_most(other) + 1e-9, "{one} {other}");
                let name = strsim::normalized_damerau_levenshtein(one, other);
                assert!(name <= text.levenshtein_at_most(other) + 1e-9, "{one} {other}");
            }
        }
    }

    /// Every path is compared in full.
    fn all_compared(pattern: &str, functions: &'static [Function]) -> Vec<String> {
        let wanted = pattern.trim_end_matches(['*', ':']);
        let wanted_name = wanted.rsplit("::").next().unwrap_or(wanted);
        let score = |function: &Function| {
            let name = strsim::normalized_damerau_levenshtein(wanted_name, function.name());
            strsim::jaro_winkler(wanted, function.path()).max(name * OF_NAME)
        };
        let mut scored: Vec<_> =
            functions.iter().map(|function| (score(function), function.path())).collect();
        scored.retain(|&(score, _)| score >= ALIKE);
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        scored.dedup_by(|a, b| a.1 == b.1);
        scored.into_iter().take(SHOWN).map(|(_, path)| path.to_owned()).collect()
    }

    #[test]
    fn what_is_left_out_would_not_have_been_named() {
        let functions = Registry::get().expect("there is memory").functions();
        assert!(functions.len() > 20);
        let paths = functions.iter().map(|function| function.path());
        let names = functions.iter().map(|function| function.name());
        let cut = paths.clone().map(|path| &path[..path.len() - 1]);
        for wanted in paths.chain(names).chain(cut).chain(["", "gtramp::**", "x::y", "größe"]) {
            assert_eq!(near(wanted, functions), all_compared(wanted, functions), "{wanted}");
        }
    }
}
