//! The front of the hash table: cells of which a function has one, and which callers in assembly look into
//! (codegen, `single.tera`).
//!
//! A cell belongs for ever to the first function that is put into it: entries and metadata stay for the
//! life of the process, so there is nothing to take back, nothing to free, and nothing that a reader has to
//! say of itself. What of a function may run is said by its list. A function whose cell is taken is
//! found in the table behind.

use core::mem::offset_of;

use crate::sync::{AtomicPtr, AtomicUsize, Ordering};

use super::Md;

/// The key of a cell that no function has taken yet.
const FREE: usize = 0;

#[repr(C, align(32))]
struct Cell {
    key: AtomicUsize,
    /// Set before the key, and never changed.
    value: AtomicPtr<Md>,
}

/// Entries are aligned to so many bytes (templates, `entry.tera`), and cells are as large: so the address of an
/// entry says without arithmetic where its cell is.
const CELL: usize = 32;
const _: () = assert!(size_of::<Cell>() == CELL);

/// A power of two. As entries stand beside each other, each of so many has a cell of its own, in a quarter of a
/// megabyte that is not there before it is used.
const CELLS: usize = 1 << 13;

/// Cells in a static place, for the architectures with callers that look into them.
pub(crate) struct Front;

#[allow(dead_code, reason = "only some architectures have such callers")]
impl Front {
    /// What is left of a function's address: how far behind the front's beginning its cell is.
    pub(crate) const MASK: usize = (CELLS - 1) * CELL;
    /// Where the key is in a cell.
    pub(crate) const KEY: usize = offset_of!(Cell, key);
    /// Where the value is, which is not null if the key is there.
    pub(crate) const VALUE: usize = offset_of!(Cell, value);

    /// Puts the function of these metadata into its cell, if nobody has taken it.
    ///
    /// Under the transaction lock.
    pub(crate) fn offer(md: &'static Md) {
        if let Some(cells) = imp::cells() {
            take(&cells[home(md.target.address)], md.target.address, md);
        }
    }

    /// What callers find for a function.
    #[cfg(test)]
    pub(crate) fn find(address: usize) -> Option<&'static Md> {
        let cell = &imp::cells()?[home(address)];
        // SAFETY: null or metadata, which live for ever.
        let md = unsafe { cell.value.load(Ordering::Relaxed).as_ref() };
        md.filter(|_| cell.key.load(Ordering::Relaxed) == address)
    }

    /// Puts the metadata of one function into the cell of another, whoever has taken it.
    #[cfg(test)]
    pub(crate) fn occupy(address: usize, md: &'static Md) {
        if let Some(cells) = imp::cells() {
            let cell = &cells[home(address)];
            cell.key.store(FREE, Ordering::Relaxed);
            take(cell, md.target.address, md);
        }
    }
}

/// Which cell is that of a function.
fn home(address: usize) -> usize {
    (address & Front::MASK) / CELL
}

fn take(cell: &Cell, address: usize, md: &'static Md) {
    if cell.key.load(Ordering::Relaxed) == FREE {
        cell.value.store(core::ptr::from_ref(md).cast_mut(), Ordering::Relaxed);
        // Release: whoever sees the key sees the value.
        cell.key.store(address, Ordering::Release);
    }
}

#[cfg(all(gtramp_stubs, target_arch = "x86_64"))]
mod imp {
    use core::arch::global_asm;

    use super::{CELL, CELLS, Cell};

    // Hidden, so that one instruction has its address in a shared library too.
    global_asm!(
        ".pushsection .bss.gtramp_front,\"aw\",@nobits",
        ".balign 64",
        ".globl gtramp_front",
        ".hidden gtramp_front",
        ".type gtramp_front,@object",
        "gtramp_front: .skip {bytes}",
        ".size gtramp_front, {bytes}",
        ".popsection",
        bytes = const CELLS * CELL,
    );

    #[expect(improper_ctypes, reason = "metadata are only pointed to")]
    unsafe extern "C" {
        // So many cells of zeros, which is what free ones are: above.
        safe static gtramp_front: [Cell; CELLS];
    }

    #[expect(clippy::unnecessary_wraps, reason = "other architectures have none")]
    pub(super) fn cells() -> Option<&'static [Cell; CELLS]> {
        Some(&gtramp_front)
    }
}

#[cfg(not(all(gtramp_stubs, target_arch = "x86_64")))]
mod imp {
    use super::{CELLS, Cell};

    pub(super) fn cells() -> Option<&'static [Cell; CELLS]> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_beside_each_other_have_cells_beside_each_other() {
        for first in [0x1000, 0x7fff_ffff_ffe0, usize::MAX - 31] {
            let address = |at: usize| (first & !31).wrapping_add(at * CELL);
            let cells: Vec<_> = (0..=CELLS).map(|at| home(address(at))).collect();
            assert!(cells.windows(2).all(|pair| pair[1] == (pair[0] + 1) % CELLS));
            assert_eq!(cells[0], cells[CELLS]);
        }
    }
}
