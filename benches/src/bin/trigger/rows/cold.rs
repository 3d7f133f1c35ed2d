//! Twenty thousand functions that are called in a random order: neither their code nor where a branch
//! leads is remembered.

use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::OnceLock;

use gtramp_bench::crowd::{self, Function};
use gtramp_bench::row::Row;

use super::twins::twins;

pub(super) const ROWS: &[Row] = &twins!("cold", plain, off, crowd::all(), 1);

const FUNCTIONS: usize = 20_000;

fn plain(calls: u64) -> u64 {
    static ALL: OnceLock<Vec<Function>> = OnceLock::new();
    call(calls, ALL.get_or_init(|| order().map(crowd::body).collect()))
}

/// Other functions than those of [`plain`]: whichever row is second would find the first one's in the caches.
fn off(calls: u64) -> u64 {
    static ALL: OnceLock<Vec<Function>> = OnceLock::new();
    call(
        calls,
        ALL.get_or_init(|| order().map(|number| crowd::function(FUNCTIONS + number)).collect()),
    )
}

/// Goes on behind the functions that the last burst called. All do the same, so which they are makes no
/// difference to the result.
fn call(calls: u64, functions: &[Function]) -> u64 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mut next = NEXT.load(Ordering::Relaxed);
    let mut sum = 0_u64;
    for number in 0..calls {
        sum = sum.wrapping_add(functions[next](number, black_box(2)));
        next = if next + 1 == functions.len() { 0 } else { next + 1 };
    }
    NEXT.store(next, Ordering::Relaxed);
    sum
}

/// The functions' numbers, shuffled the same way in every run.
fn order() -> impl Iterator<Item = usize> {
    let mut numbers: Vec<_> = (0..FUNCTIONS).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..numbers.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        numbers.swap(last, (state >> 33) as usize % (last + 1));
    }
    numbers.into_iter()
}
