//! A counter that threads do not fight over.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

const SHARDS: usize = 8;

/// A counter of one cell per thread; with many threads some share a cell.
pub(crate) struct Sharded([Padded; SHARDS]);

/// A cell on a cache line of its own.
#[repr(align(64))]
struct Padded(AtomicU64);

impl Sharded {
    pub(crate) const fn new() -> Self {
        Self([const { Padded(AtomicU64::new(0)) }; SHARDS])
    }

    #[inline]
    pub(crate) fn add(&self, amount: u64) {
        self.0[shard()].0.fetch_add(amount, Relaxed);
    }

    /// The sum. Exact while no thread adds; otherwise at least what was added before the call.
    pub(crate) fn sum(&self) -> u64 {
        self.0.iter().map(|cell| cell.0.load(Relaxed)).sum()
    }
}

/// This thread's cell.
#[inline]
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static MINE: Cell<usize> = const { Cell::new(usize::MAX) });
    MINE.with(|mine| {
        if mine.get() == usize::MAX {
            mine.set(NEXT.fetch_add(1, Relaxed) % SHARDS);
        }
        mine.get()
    })
}
