//! What there is without a probe, and the probe without a function.

use crate::cells::hit;
use gtramp_bench::row::{Can, Row};

use crate::check;
use crate::target::{body, calls};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "usermode-count",
        floor: "plain",
        can: Can::NOTHING,
        setup: || Ok(check::before(calls!(count; a b), ())),
    },
    Row {
        name: "plain",
        floor: "plain",
        can: Can::NOTHING,
        setup: || Ok(check::nothing(calls!(plain; a b), ())),
    },
];

/// The probe's work and the function's, inlined into the loop.
#[inline(always)]
fn count(a: u64, b: u64) -> u64 {
    hit([a, b]);
    body([a, b])
}

/// The function that all the others are.
#[inline(never)]
fn plain(a: u64, b: u64) -> u64 {
    body([a, b])
}
