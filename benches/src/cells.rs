//! What the probe of every row does: it stores its arguments in a cell picked by the first.
//!
//! One cell would measure how fast a processor forwards a store to the next load of the same
//! address. With 64 of them, picked by an argument that changes with every call, it does not.

use std::cell::Cell;

/// How many cells a thread has.
pub const CELLS: usize = 64;

/// The most arguments a row's function has.
pub const MAX_ARGS: usize = 12;

/// What the last hit that picked a cell was handed.
#[derive(Debug)]
#[repr(align(128))]
pub struct Hits {
    count: Cell<u64>,
    ret: Cell<u64>,
    args: [Cell<u64>; MAX_ARGS],
}

/// A copy of a cell, to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How many hits picked it.
    pub count: u64,
    /// The result the last exit probe saw; 0 if none did.
    pub ret: u64,
    /// The arguments the last hit stored.
    pub args: [u64; MAX_ARGS],
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

/// The cell for a first argument.
#[inline(always)]
fn store<const N: usize>(args: [u64; N], ret: Option<u64>) {
    let first = args.first().copied().unwrap_or(0);
    HITS.with(|hits| {
        #[expect(clippy::cast_possible_truncation, reason = "masked right after")]
        let hits = &hits[first as usize % CELLS];
        hits.count.set(hits.count.get() + 1);
        for (cell, arg) in hits.args.iter().zip(args) {
            cell.set(arg);
        }
        if let Some(ret) = ret {
            hits.ret.set(ret);
        }
    });
}

/// The work of an entry probe.
#[inline(always)]
pub fn hit<const N: usize>(args: [u64; N]) {
    store(args, None);
}

/// The work of an exit probe.
#[inline(always)]
pub fn hit_exit<const N: usize>(args: [u64; N], ret: u64) {
    store(args, Some(ret));
}

/// Empties the calling thread's cells.
pub fn reset() {
    HITS.with(|hits| {
        for hits in hits {
            hits.count.set(0);
            hits.ret.set(0);
            hits.args.iter().for_each(|arg| arg.set(0));
        }
    });
}

/// The calling thread's cells.
#[must_use]
pub fn seen() -> Vec<Seen> {
    let copy = |hits: &Hits| Seen {
        count: hits.count.get(),
        ret: hits.ret.get(),
        args: core::array::from_fn(|index| hits.args[index].get()),
    };
    HITS.with(|hits| hits.iter().map(copy).collect())
}
