//! What the probe of every row does: it adds up its arguments in a cell picked by the first.
//!
//! One cell would measure how fast a processor forwards a store to the next load of the same
//! address. With 64 of them, picked by an argument that changes with every call, it does not.
//! They are small, because a load can wait for an earlier store to an address that is the same but for
//! its page: with more bytes to store to, luck would decide which row has such loads.
//!
//! The cells are found as a program finds a thread-local of its own, but always with the same two
//! instructions: whether the compiler inlines what `thread_local!` makes depends on where a row's
//! code happens to be, and a call more or less is what is measured here.

use core::arch::{asm, global_asm};
use std::cell::Cell;

/// How many cells a thread has.
const CELLS: usize = 64;

/// What a hit adds to its cell beside the arguments: the hits are counted above their sum.
const HIT: u64 = 1 << 40;

type Cells = [Cell<u64>; CELLS];

global_asm!(
    ".pushsection .tbss.gtramp_bench_cells,\"awT\",@nobits",
    ".balign 64",
    ".globl gtramp_bench_cells",
    ".hidden gtramp_bench_cells",
    ".type gtramp_bench_cells, @tls_object",
    "gtramp_bench_cells: .fill {size}, 1, 0",
    ".popsection",
    size = const size_of::<Cells>(),
);

/// The calling thread's cells.
#[inline(always)]
fn cells() -> &'static Cells {
    let cells: *const Cells;
    // SAFETY: computes the address of this program's thread-local above.
    unsafe {
        asm!(
            "mov {cells}, qword ptr fs:[0]",
            "lea {cells}, [{cells} + gtramp_bench_cells@tpoff]",
            cells = out(reg) cells,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    // SAFETY: zeros are empty cells; nobody but this thread gets the address, and it does not
    // leave the functions below.
    unsafe { &*cells }
}

/// Its argument, in a register of its own: arguments that are read from memory two at a time would
/// wait until both have left the store buffer.
#[inline(always)]
fn in_register(mut value: u64) -> u64 {
    // SAFETY: no instruction at all.
    unsafe { asm!("/* {0} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags)) };
    value
}

/// The work of an entry probe.
#[inline(always)]
pub(crate) fn hit<const N: usize>(args: [u64; N]) {
    let first = args.first().copied().unwrap_or(0);
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are all it takes")]
    let cell = &cells()[first as usize % CELLS];
    let sum = args.into_iter().map(in_register).fold(HIT, u64::wrapping_add);
    cell.set(cell.get().wrapping_add(sum));
}

/// The work of an exit probe.
#[inline(always)]
pub(crate) fn hit_exit<const N: usize>(args: [u64; N], ret: u64) {
    let first = args.first().copied().unwrap_or(0);
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are all it takes")]
    let cell = &cells()[first as usize % CELLS];
    let sum = args.into_iter().map(in_register).fold(HIT, u64::wrapping_add);
    cell.set(cell.get().wrapping_add(sum).wrapping_add(ret));
}

/// Empties the calling thread's cells.
pub(crate) fn reset() {
    cells().iter().for_each(|cell| cell.set(0));
}

/// The calling thread's cells.
pub(crate) fn seen() -> Vec<u64> {
    cells().iter().map(Cell::get).collect()
}

/// How many hits there were, of few.
pub(crate) fn hits(seen: &[u64]) -> u64 {
    seen.iter().map(|cell| cell / HIT).sum()
}
