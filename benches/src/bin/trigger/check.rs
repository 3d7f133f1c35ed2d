//! That a row does what it says: a thousand calls give a thousand hits, with the right arguments
//! and results.

use core::any::Any;
use core::sync::atomic::{AtomicU64, Ordering};

use gtramp::Entry;
use gtramp_bench::row::{Armed, Run};

use crate::cells::{self, hit, hit_exit};
use crate::target::{body, calls};

const CALLS: u64 = 1000;

/// What the probe of a row must have seen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen {
    /// The same as the probes in this loop.
    Same(Run),
    /// So many hits for every call, counted by this function.
    Hits(fn() -> u64, u64),
}

/// A row before whose function one probe runs.
pub(crate) fn before(run: Run, keep: impl Any) -> Armed {
    armed(run, NOTHING, Seen::Same(BEFORE), keep)
}

/// A row after whose function one probe runs.
pub(crate) fn after(run: Run, keep: impl Any) -> Armed {
    armed(run, NOTHING, Seen::Same(AFTER), keep)
}

/// A row with a probe on either side.
pub(crate) fn both(run: Run, keep: impl Any) -> Armed {
    armed(run, NOTHING, Seen::Same(BOTH), keep)
}

/// A row whose probes leave behind what those of `reference` do.
pub(crate) fn several(run: Run, reference: Run, keep: impl Any) -> Armed {
    armed(run, NOTHING, Seen::Same(reference), keep)
}

/// A row without a probe.
pub(crate) fn nothing(run: Run, keep: impl Any) -> Armed {
    armed(run, NOTHING, Seen::Same(NOTHING), keep)
}

/// A row of a function by this path that is off: what it does is what `same_as` does, and with a probe each call
/// of the loop is so many of the function.
pub(crate) fn off(run: Run, same_as: Run, path: &'static str, each: u64) -> Armed {
    static HITS: AtomicU64 = AtomicU64::new(0);
    let check = move || {
        results(run, same_as)?;
        let hits = || {
            let before = HITS.load(Ordering::Relaxed);
            run(CALLS);
            HITS.load(Ordering::Relaxed) - before
        };
        let probe = |_: &Entry<'_>| {
            HITS.fetch_add(1, Ordering::Relaxed);
        };
        let link = gtramp::fentry(path, probe).map_err(|error| error.to_string())?;
        let armed = hits();
        drop(link);
        number(armed, each * CALLS)?;
        number(hits(), 0)
    };
    Armed { run, check: Box::new(check), keep: Box::new(()), turn: None }
}

/// A row whose probe is not handed the arguments.
pub(crate) fn counted(run: Run, keep: impl Any, count: fn() -> u64, hits: u64) -> Armed {
    armed(run, NOTHING, Seen::Hits(count, hits), keep)
}

/// A row whose calls return what those of `same_as` do.
pub(crate) fn armed(run: Run, same_as: Run, seen: Seen, keep: impl Any) -> Armed {
    let check = move || {
        results(run, same_as)?;
        match seen {
            Seen::Same(reference) => same(run, reference),
            Seen::Hits(count, hits) => {
                let before = count();
                run(CALLS);
                number(count() - before, hits * CALLS)
            }
        }
    };
    Armed { run, check: Box::new(check), keep: Box::new(keep), turn: None }
}

fn results(run: Run, same_as: Run) -> Result<(), String> {
    let (found, expected) = (run(CALLS), same_as(CALLS));
    if found == expected {
        Ok(())
    } else {
        Err(format!("{CALLS} calls returned {found}, not {expected}"))
    }
}

fn number(found: u64, expected: u64) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{CALLS} calls gave {found} hits, not {expected}"))
    }
}

fn same(run: Run, reference: Run) -> Result<(), String> {
    let cells = |run: Run| {
        cells::reset();
        run(CALLS);
        cells::seen()
    };
    let (expected, found) = (cells(reference), cells(run));
    number(cells::hits(&found), cells::hits(&expected))?;
    if found == expected {
        Ok(())
    } else {
        Err(format!("{CALLS} calls stored {found:?}, not {expected:?}"))
    }
}

fn nothing_at_all(a: u64, b: u64) -> u64 {
    body([a, b])
}

fn hit_before(a: u64, b: u64) -> u64 {
    hit([a, b]);
    body([a, b])
}

fn hit_after(a: u64, b: u64) -> u64 {
    let ret = body([a, b]);
    hit_exit([a, b], ret);
    ret
}

fn hit_both(a: u64, b: u64) -> u64 {
    hit([a, b]);
    hit_after(a, b)
}

const NOTHING: Run = calls!(nothing_at_all; a b);
const BEFORE: Run = calls!(hit_before; a b);
const AFTER: Run = calls!(hit_after; a b);
const BOTH: Run = calls!(hit_both; a b);
