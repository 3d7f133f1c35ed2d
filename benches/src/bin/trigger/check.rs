//! That a row does what it says: a thousand calls give a thousand hits, with the right arguments
//! and results.

use core::any::Any;

use gtramp_bench::row::{Armed, Run};

use crate::cells::{self, hit, hit_exit};
use crate::target::{body, calls};

const CALLS: u64 = 1000;

/// What the probe of a row must have seen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen {
    /// The same as the code in this loop, so many times.
    Same(Run, u64),
    /// So many hits for every call, counted by this function.
    Hits(fn() -> u64, u64),
}

/// A row that calls a function of two arguments, before which `hits` probes run.
pub(crate) fn before(run: Run, keep: impl Any, hits: u64) -> Armed {
    armed(run, NOTHING, Seen::Same(BEFORE, hits), keep)
}

/// The same, with the last probe after the function.
pub(crate) fn after(run: Run, keep: impl Any, hits: u64) -> Armed {
    armed(run, NOTHING, Seen::Same(AFTER, hits), keep)
}

/// A row without a probe.
pub(crate) fn nothing(run: Run, keep: impl Any) -> Armed {
    armed(run, NOTHING, Seen::Same(NOTHING, 0), keep)
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
            Seen::Same(reference, hits) => same(run, reference, hits),
            Seen::Hits(count, hits) => {
                let before = count();
                run(CALLS);
                number(count() - before, hits * CALLS)
            }
        }
    };
    Armed { run, check: Box::new(check), keep: Box::new(keep) }
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

fn same(run: Run, reference: Run, hits: u64) -> Result<(), String> {
    let cells = |run: Run| {
        cells::reset();
        run(CALLS);
        cells::seen()
    };
    let (mut expected, found) = (cells(reference), cells(run));
    expected.iter_mut().for_each(|cell| cell.count *= hits);
    let count = |cells: &[cells::Seen]| cells.iter().map(|cell| cell.count).sum();
    number(count(&found), count(&expected))?;
    match expected.iter().zip(&found).find(|(expected, found)| expected != found) {
        None => Ok(()),
        Some((expected, found)) => Err(format!("a cell has {found:?}, not {expected:?}")),
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

const NOTHING: Run = calls!(nothing_at_all; a b);
const BEFORE: Run = calls!(hit_before; a b);
const AFTER: Run = calls!(hit_after; a b);
