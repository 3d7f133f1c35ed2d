//! The hash table: function address to metadata.
//!
//! Open addressing in a power of two of cells, multiplicative hash, linear probing. Reading
//! takes no lock and ends after one walk over a cluster; changes are made under the
//! transaction lock. A removed key leaves a tombstone. Growing and shrinking build a new array
//! and publish it; the old one is freed when no thread is looking into it.

use crate::grace::Mark;
use crate::sync::{AtomicPtr, AtomicUsize, Ordering, light_barrier};

use super::Md;

/// The mark of a thread that is looking into a table: not an address of anything.
pub(crate) const LOOKING: *mut () = core::ptr::without_provenance_mut(2);

const FREE: usize = 0;
/// No function begins at address 1.
const TOMBSTONE: usize = 1;

/// The fewest cells an array has.
const SMALLEST: usize = 16;

struct Cell {
    key: AtomicUsize,
    md: AtomicPtr<Md>,
}

/// One array of cells.
pub(crate) struct Cells {
    /// The hash's upper bits are the index: 64 minus the logarithm of the length.
    shift: u32,
    cells: Box<[Cell]>,
}

impl Cells {
    fn new(len: usize) -> Self {
        debug_assert!(len.is_power_of_two());
        let cell = || Cell {
            key: AtomicUsize::new(FREE),
            md: AtomicPtr::new(core::ptr::null_mut()),
        };
        Self {
            shift: 64 - len.trailing_zeros(),
            cells: core::iter::repeat_with(cell).take(len).collect(),
        }
    }

    /// Fibonacci hashing: the multiplier is 2^64 divided by the golden ratio (Knuth, The Art
    /// of Computer Programming, 6.4).
    #[inline(always)]
    fn home(&self, key: usize) -> usize {
        let hash = (key as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        #[expect(clippy::cast_possible_truncation, reason = "an index of at most 2^32")]
        let home = (hash >> self.shift) as usize;
        home
    }

    #[inline(always)]
    fn find(&self, key: usize) -> Option<&Cell> {
        let mask = self.cells.len() - 1;
        let mut at = self.home(key);
        loop {
            let cell = &self.cells[at & mask];
            // Acquire: with the release in `put`, whoever sees the key sees its metadata.
            let found = cell.key.load(Ordering::Acquire);
            if found == key {
                return Some(cell);
            }
            if found == FREE {
                return None;
            }
            at += 1;
        }
    }

    /// Adds a key that is not there. At least one cell stays free, so every walk ends.
    fn put(&self, key: usize, md: *mut Md) -> PutInto {
        let mask = self.cells.len() - 1;
        let mut at = self.home(key);
        loop {
            let cell = &self.cells[at & mask];
            let found = cell.key.load(Ordering::Relaxed);
            if found == FREE || found == TOMBSTONE {
                cell.md.store(md, Ordering::Relaxed);
                cell.key.store(key, Ordering::Release);
                return if found == FREE { PutInto::Free } else { PutInto::Tombstone };
            }
            at += 1;
        }
    }
}

enum PutInto {
    Free,
    Tombstone,
}

/// A function-address table, for readers.
pub(crate) struct Table {
    cells: AtomicPtr<Cells>,
}

impl Table {
    /// A table without an array: every look-up misses.
    pub(crate) const fn new() -> Self {
        Self { cells: AtomicPtr::new(core::ptr::null_mut()) }
    }

    /// The metadata of the function at `address`. The mark says so while it looks, and is
    /// [`LOOKING`] when this returns.
    #[inline(always)]
    pub(crate) fn find(&self, address: usize, mark: &Mark) -> Option<&'static Md> {
        mark.store(LOOKING, Ordering::Relaxed);
        light_barrier();
        let cells = self.cells.load(Ordering::Acquire);
        // SAFETY: null, or an array that is freed only when, after a barrier, no thread has
        // the mark that this one has just set.
        let cells = unsafe { cells.as_ref() }?;
        let md = cells.find(address)?.md.load(Ordering::Relaxed);
        // SAFETY: metadata is never freed. A key that was removed and put back in the
        // meantime has its metadata written before the key.
        unsafe { md.as_ref() }
    }
}

/// The side that changes the table: belongs under the transaction lock.
pub(crate) struct TableState {
    table: &'static Table,
    live: usize,
    tombstones: usize,
}

/// Arrays that were replaced: free them when no thread has the mark [`LOOKING`].
pub(crate) type Replaced = Vec<Box<Cells>>;

impl TableState {
    pub(crate) const fn new(table: &'static Table) -> Self {
        Self { table, live: 0, tombstones: 0 }
    }

    fn cells(&self) -> Option<&Cells> {
        // SAFETY: null or current: only this side replaces it.
        unsafe { self.table.cells.load(Ordering::Relaxed).as_ref() }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.cells().map_or(0, |cells| cells.cells.len())
    }

    /// Makes room for `more` keys, so that adding them replaces no array.
    pub(crate) fn reserve(&mut self, more: usize, replaced: &mut Replaced) {
        if (self.live + self.tombstones + more) * 2 > self.capacity() {
            self.rebuild(self.live + more, replaced);
        }
    }

    /// Adds a key, after [`TableState::reserve`]. A key that is there stays as it is.
    pub(crate) fn insert(&mut self, md: &'static Md) {
        let key = md.target.address;
        let cells = self.cells().expect("reserve() made an array");
        if cells.find(key).is_some() {
            return;
        }
        match cells.put(key, core::ptr::from_ref(md).cast_mut()) {
            PutInto::Free => {}
            PutInto::Tombstone => self.tombstones -= 1,
        }
        self.live += 1;
    }

    /// Removes a key, if it is there.
    pub(crate) fn remove(&mut self, md: &Md) {
        let Some(cell) = self.cells().and_then(|cells| cells.find(md.target.address)) else {
            return;
        };
        cell.key.store(TOMBSTONE, Ordering::Relaxed);
        self.live -= 1;
        self.tombstones += 1;
    }

    /// Gives memory back after removals.
    pub(crate) fn shrink(&mut self, replaced: &mut Replaced) {
        if self.live * 8 < self.capacity() && self.capacity() > SMALLEST {
            self.rebuild(self.live, replaced);
        }
    }

    /// Puts every live key into a new array of at most half load, and publishes it.
    fn rebuild(&mut self, keys: usize, replaced: &mut Replaced) {
        let new = Box::new(Cells::new((keys * 2).next_power_of_two().max(SMALLEST)));
        for cell in self.cells().map_or(&[][..], |cells| &cells.cells) {
            let key = cell.key.load(Ordering::Relaxed);
            if key > TOMBSTONE {
                new.put(key, cell.md.load(Ordering::Relaxed));
            }
        }
        self.tombstones = 0;
        // AcqRel: readers that find the new array see its cells.
        let old = self.table.cells.swap(Box::into_raw(new), Ordering::AcqRel);
        if !old.is_null() {
            // SAFETY: `rebuild` made it with `into_raw`, and the table has just given it up.
            replaced.push(unsafe { Box::from_raw(old) });
        }
    }
}
