//! Rows of links that are asked at every call.

use std::time::Instant;

use crate::site::Function;
use crate::sync::Ordering;

use super::row::Row;

/// Whether the probe of a row runs, where that can be told at once and nothing is counted; otherwise [`watched`] runs
/// it.
///
/// # Safety
///
/// The row's link is alive, and stays so while the probe runs.
#[inline(always)]
pub(crate) unsafe fn admits_at_once(row: &Row) -> Option<bool> {
    // SAFETY: the caller's promise.
    let link = unsafe { &*row.link };
    if link.counted.load(Ordering::Relaxed) { None } else { link.limit.admits_at_once() }
}

/// Runs the probe of a row as its link says: if the call is one to which the link is limited, and in the link's
/// statistics. `None` if it does not run.
///
/// # Safety
///
/// The row's link is alive, and stays so while the probe runs.
pub(crate) unsafe fn watched<R>(
    row: &Row,
    function: &Function,
    run: impl FnOnce() -> R,
) -> Option<R> {
    // SAFETY: the caller's promise.
    let link = unsafe { &*row.link };
    if !link.limit.admits() {
        return None;
    }
    if !link.counted.load(Ordering::Relaxed) {
        return Some(run());
    }
    let begun = Instant::now();
    let result = run();
    link.tally.count_run(function, begun.elapsed());
    Some(result)
}
