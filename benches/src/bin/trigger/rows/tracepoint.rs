//! Tracepoints in the middle of a function: off, with a typed probe, and with one that is handed no values.

use core::sync::atomic::{AtomicU64, Ordering};

use gtramp::{Entry, fentry, tracepoint};
use gtramp_bench::row::{Can, Row};

use crate::cells::hit;
use crate::check;
use crate::target::{body, calls};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "tp-off",
        floor: "plain",
        can: Can::GTRAMP,
        setup: || Ok(check::nothing(calls!(off; a b), ())),
    },
    Row {
        name: "tp",
        floor: "fentry-closure",
        can: Can::GTRAMP,
        setup: || {
            let probe = |_: &Entry<'_>, a: &u64, b: &u64| hit([*a, *b]);
            let link = fentry("**::rows::tracepoint::typed", probe);
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::before(calls!(with_values; a b), link))
        },
    },
    Row {
        name: "tp-raw",
        floor: "fentry-closure",
        can: Can::GTRAMP,
        setup: || {
            let probe = |_: &Entry<'_>| count(COUNT.load(Ordering::Relaxed) + 1);
            let link = fentry("**::rows::tracepoint::raw", probe);
            let link = link.map_err(|error| error.to_string())?;
            let counted = || COUNT.load(Ordering::Relaxed);
            Ok(check::counted(calls!(without; a b), link, counted, 1))
        },
    },
];

/// Not an addition that is atomic: the rows are called by one thread, and it would be all that is measured.
static COUNT: AtomicU64 = AtomicU64::new(0);

fn count(count: u64) {
    COUNT.store(count, Ordering::Relaxed);
}

#[inline(never)]
fn off(a: u64, b: u64) -> u64 {
    tracepoint!(never, a: u64, b: u64);
    body([a, b])
}

#[inline(never)]
fn with_values(a: u64, b: u64) -> u64 {
    tracepoint!(typed, a: u64, b: u64);
    body([a, b])
}

#[inline(never)]
fn without(a: u64, b: u64) -> u64 {
    tracepoint!(raw);
    body([a, b])
}
