//! Compares what probes counted with what the program counted itself.

use std::collections::BTreeSet;

use super::board::{self, Row, difference};
use super::own::{self, Counts};

/// The verdict on one attachment, or on several alike.
pub(crate) struct Check {
    pub(crate) what: String,
    /// How many functions had a call.
    pub(crate) functions: usize,
    pub(crate) calls: u64,
    /// What was demanded: equality, or limits.
    pub(crate) demand: &'static str,
    /// What does not agree; empty if all does.
    pub(crate) wrong: Vec<String>,
}

/// The time between two moments at which no worker is in any function.
pub(crate) struct Window {
    before: Counts,
}

impl Window {
    pub(crate) fn open() -> Self {
        Self { before: own::counts() }
    }

    /// Closes the window: `row` must have counted exactly the calls of the functions that `covers`
    /// picks.
    pub(crate) fn close(&self, what: &str, seen: &Seen, covers: impl Fn(&str) -> bool) -> Check {
        Check::equal(what, &seen.until_now(), &self.own(covers))
    }

    /// The program's own counts since, of the functions that `covers` picks.
    pub(crate) fn own(&self, covers: impl Fn(&str) -> bool) -> Counts {
        let mut own = difference(&own::counts(), &self.before);
        own.retain(|path, _| covers(path));
        own
    }
}

/// What a row counts from now on.
pub(crate) struct Seen {
    row: Row,
    before: Counts,
}

impl Seen {
    pub(crate) fn from_now(row: Row) -> Self {
        Self { row, before: board::counts(row) }
    }

    pub(crate) fn until_now(&self) -> Counts {
        difference(&board::counts(self.row), &self.before)
    }
}

impl Check {
    /// The probes' counts must be the program's own, function by function.
    pub(crate) fn equal(what: &str, probed: &Counts, own: &Counts) -> Self {
        let wrong = each(probed, own).filter(|(_, probed, own)| probed != own).map(
            |(path, probed, own)| format!("{path}: probes counted {probed}, the program {own}"),
        );
        Self::new(what, probed, "equal", wrong.collect())
    }

    /// Two numbers must be the same.
    pub(crate) fn same(what: &str, probed: u64, own: u64) -> Self {
        let wrong = (probed != own).then(|| format!("probes counted {probed}, the program {own}"));
        Self {
            what: what.into(),
            functions: 1,
            calls: probed,
            demand: "equal",
            wrong: wrong.into_iter().collect(),
        }
    }

    pub(crate) fn new(
        what: &str,
        probed: &Counts,
        demand: &'static str,
        wrong: Vec<String>,
    ) -> Self {
        Self {
            what: what.into(),
            functions: probed.len(),
            calls: probed.values().sum(),
            demand,
            wrong,
        }
    }
}

/// Every path that either side knows, with both counts.
pub(crate) fn each<'c>(
    a: &'c Counts,
    b: &'c Counts,
) -> impl Iterator<Item = (&'static str, u64, u64)> + use<'c> {
    let paths: BTreeSet<_> = a.keys().chain(b.keys()).copied().collect();
    let count = |counts: &Counts, path| counts.get(path).copied().unwrap_or(0);
    paths.into_iter().map(move |path| (path, count(a, path), count(b, path)))
}
