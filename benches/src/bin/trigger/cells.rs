//! What the probe of every row does: it stores its arguments in a cell picked by the first.
//!
//! One cell would measure how fast a processor forwards a store to the next load of the same
//! address. With 64 of them, picked by an argument that changes with every call, it does not.

use core::arch::asm;
use std::cell::Cell;

/// How many cells a thread has.
pub(crate) const CELLS: usize = 64;

/// The most arguments a row's function has.
pub(crate) const MAX_ARGS: usize = 12;

/// What the last hit that picked a cell was handed.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Hits {
    count: Cell<u64>,
    ret: Cell<u64>,
    args: [Cell<u64>; MAX_ARGS],
}

/// A copy of a cell, to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How many hits picked it.
    pub(crate) count: u64,
    /// The result the last exit probe saw; 0 if none did.
    pub(crate) ret: u64,
    /// The arguments the last hit stored.
    pub(crate) args: [u64; MAX_ARGS],
}

thread_local! {
    static HITS: [Hits; CELLS] = const {
        [const {
            Hits {
                count: Cell::new(0),
                ret: Cell::new(0),
                args: [const { Cell::new(0) }; MAX_ARGS],
            }
        }; CELLS]
    };
}

/// Its argument, in a register of its own.
#[inline(always)]
fn in_register(mut value: u64) -> u64 {
    // SAFETY: no instruction at all.
    unsafe { asm!("/* {0} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags)) };
    value
}

/// The work of every probe.
#[inline(always)]
fn store<const N: usize>(args: [u64; N], ret: Option<u64>) {
    let first = args.first().copied().unwrap_or(0);
    HITS.with(|hits| {
        #[expect(clippy::cast_possible_truncation, reason = "masked right after")]
        let hits = &hits[first as usize % CELLS];
        hits.count.set(hits.count.get() + 1);
        for (cell, arg) in hits.args.iter().zip(args) {
            // One by one: two arguments moved as one would wait for both to reach the cache.
            cell.set(in_register(arg));
        }
        if let Some(ret) = ret {
            hits.ret.set(ret);
        }
    });
}

/// The work of an entry probe.
#[inline(always)]
pub(crate) fn hit<const N: usize>(args: [u64; N]) {
    store(args, None);
}

/// The work of an exit probe.
#[inline(always)]
pub(crate) fn hit_exit<const N: usize>(args: [u64; N], ret: u64) {
    store(args, Some(ret));
}

/// Empties the calling thread's cells.
pub(crate) fn reset() {
    HITS.with(|hits| {
        for hits in hits {
            hits.count.set(0);
            hits.ret.set(0);
            hits.args.iter().for_each(|arg| arg.set(0));
        }
    });
}

/// The calling thread's cells.
pub(crate) fn seen() -> Vec<Seen> {
    let copy = |hits: &Hits| Seen {
        count: hits.count.get(),
        ret: hits.ret.get(),
        args: core::array::from_fn(|index| hits.args[index].get()),
    };
    HITS.with(|hits| hits.iter().map(copy).collect())
}
