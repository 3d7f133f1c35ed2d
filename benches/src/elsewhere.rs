//! Functions that the program `trigger` calls in another crate than its own.

use gtramp::traceable;

/// Adds.
#[must_use]
#[inline(never)]
pub fn plain(a: u64, b: u64) -> u64 {
    a.wrapping_add(b)
}

/// Adds, and can be traced.
#[must_use]
#[traceable]
#[inline(never)]
pub fn traced(a: u64, b: u64) -> u64 {
    a.wrapping_add(b)
}
