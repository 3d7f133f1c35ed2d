//! What the probe of every row does: it stores its arguments in a cell picked by the first.
//!
//! One cell would measure how fast a processor forwards a store to the next load of the same
//! address. With 64 of them, picked by an argument that changes with every call, it does not.
//!
//! The cells are found as a program finds a thread-local of its own, but always with the same two
//! instructions: whether the compiler inlines what `thread_local!` makes depends on where a row's
//! code happens to be, and a call more or less is what is measured here.

use core::arch::{asm, global_asm};
use std::cell::Cell;

/// How many cells a thread has.
const CELLS: usize = 64;

/// The most arguments a row's function has.
const MAX_ARGS: usize = 12;

/// What the hits that picked a cell left there.
#[derive(Debug)]
#[repr(C, align(128))]
struct Hits {
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

global_asm!(
    ".pushsection .tbss.gtramp_bench_cells,\"awT\",@nobits",
    ".balign {align}",
    ".globl gtramp_bench_cells",
    ".hidden gtramp_bench_cells",
    ".type gtramp_bench_cells, @tls_object",
    "gtramp_bench_cells: .fill {size}, 1, 0",
    ".popsection",
    align = const align_of::<Hits>(),
    size = const size_of::<[Hits; CELLS]>(),
);

/// The calling thread's cells.
#[inline(always)]
fn hits() -> &'static [Hits; CELLS] {
    let cells: *const [Hits; CELLS];
    // SAFETY: computes the address of this program's thread-local above.
    unsafe {
        asm!(
            "mov {cells}, qword ptr fs:[0]",
            "lea {cells}, [{cells} + gtramp_bench_cells@tpoff]",
            cells = out(reg) cells,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    // SAFETY: zero is what an empty `Hits` is made of; nobody but this thread gets the address, and
    // it does not leave the functions below.
    unsafe { &*cells }
}

/// Its argument, in a register of its own: arguments moved two at a time would wait until both
/// have left the store buffer.
#[inline(always)]
fn in_register(mut value: u64) -> u64 {
    // SAFETY: no instruction at all.
    unsafe { asm!("/* {0} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags)) };
    value
}

#[inline(always)]
fn store<const N: usize>(args: [u64; N]) -> &'static Hits {
    let first = args.first().copied().unwrap_or(0);
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are all it takes")]
    let hits = &hits()[first as usize % CELLS];
    hits.count.set(hits.count.get() + 1);
    for (cell, arg) in hits.args.iter().zip(args) {
        cell.set(in_register(arg));
    }
    hits
}

/// The work of an entry probe.
#[inline(always)]
pub(crate) fn hit<const N: usize>(args: [u64; N]) {
    store(args);
}

/// The work of an exit probe.
#[inline(always)]
pub(crate) fn hit_exit<const N: usize>(args: [u64; N], ret: u64) {
    store(args).ret.set(in_register(ret));
}

/// Empties the calling thread's cells.
pub(crate) fn reset() {
    for hits in hits() {
        hits.count.set(0);
        hits.ret.set(0);
        hits.args.iter().for_each(|arg| arg.set(0));
    }
}

/// The calling thread's cells.
pub(crate) fn seen() -> Vec<Seen> {
    let copy = |hits: &Hits| Seen {
        count: hits.count.get(),
        ret: hits.ret.get(),
        args: core::array::from_fn(|index| hits.args[index].get()),
    };
    hits().iter().map(copy).collect()
}
