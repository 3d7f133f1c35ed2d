//! The hash table: function address to metadata.
//!
//! Open addressing in a power of two of cells, multiplicative hash, linear probing. Reading
//! takes no lock and ends after one walk over a cluster; changes are made under the
//! transaction lock. A cell belongs to one key for the life of its array: removing the key takes
//! its value away alone, so a reader that has found its key never reads another's value. Growing
//! and shrinking build a new array and publish it; the old one is freed when no thread is
//! looking into it.

use crate::grace::Mark;
use crate::sync::{AtomicPtr, AtomicUsize, Ordering, light_barrier};
use crate::sys::{OutOfMemory, boxed, reserve};

/// The mark of a thread that is looking into a table: not an address of anything.
pub(crate) const LOOKING: *mut () = core::ptr::without_provenance_mut(2);

/// The key of a cell that no key has taken yet.
const FREE: usize = 0;

/// The fewest cells an array has.
const SMALLEST: usize = 16;

struct Cell<V> {
    key: AtomicUsize,
    /// Null while the key is not in the table.
    value: AtomicPtr<V>,
}

/// One array of cells.
pub(crate) struct Cells<V> {
    /// The hash's upper bits are the index: 64 minus the logarithm of the length.
    shift: u32,
    cells: Box<[Cell<V>]>,
}

impl<V> Cells<V> {
    fn new(len: usize) -> Result<Box<Self>, OutOfMemory> {
        debug_assert!(len.is_power_of_two());
        let cell =
            || Cell { key: AtomicUsize::new(FREE), value: AtomicPtr::new(core::ptr::null_mut()) };
        let mut cells = Vec::new();
        reserve(&mut cells, len)?;
        cells.extend(core::iter::repeat_with(cell).take(len));
        boxed(Self { shift: 64 - len.trailing_zeros(), cells: cells.into_boxed_slice() })
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

    /// The cell of a key. At least one cell stays free, so every walk ends.
    #[inline(always)]
    fn find(&self, key: usize) -> Option<&Cell<V>> {
        let cell = self.find_or_free(key);
        (cell.key.load(Ordering::Relaxed) == key).then_some(cell)
    }

    /// The cell of a key, or the free one that it would take.
    #[inline(always)]
    fn find_or_free(&self, key: usize) -> &Cell<V> {
        let mask = self.cells.len() - 1;
        let mut at = self.home(key);
        loop {
            let cell = &self.cells[at & mask];
            // Relaxed: what the value points to is published with the value.
            let found = cell.key.load(Ordering::Relaxed);
            if found == key || found == FREE {
                return cell;
            }
            at += 1;
        }
    }
}

/// A table from addresses to what lives for ever, for readers.
pub(crate) struct Table<V> {
    cells: AtomicPtr<Cells<V>>,
}

impl<V> Table<V> {
    /// A table without an array: every look-up misses.
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self { cells: AtomicPtr::new(core::ptr::null_mut()) }
    }

    /// A table without an array: every look-up misses.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self { cells: AtomicPtr::new(core::ptr::null_mut()) }
    }

    /// The value of the key `address`. The mark says so while it looks, and is [`LOOKING`] when
    /// this returns.
    #[inline(always)]
    pub(crate) fn find(&self, address: usize, mark: &Mark) -> Option<&'static V> {
        mark.store(LOOKING, Ordering::Release);
        light_barrier();
        let cells = self.cells.load(Ordering::Acquire);
        // SAFETY: null, or an array that is freed only when, after a barrier, no thread has
        // the mark that this one has just set.
        let cells = unsafe { cells.as_ref() }?;
        // Acquire: with the release in `insert`, whoever sees the value sees what it points to.
        let value = cells.find(address)?.value.load(Ordering::Acquire);
        // SAFETY: null, or what `insert` was given: it lives for ever.
        unsafe { value.as_ref() }
    }
}

/// The side that changes the table: belongs under the transaction lock.
pub(crate) struct TableState<V: 'static> {
    table: &'static Table<V>,
    /// Keys that are in the table.
    live: usize,
    /// Keys that are not, but have a cell.
    removed: usize,
}

/// Arrays that were replaced: free them when no thread has the mark [`LOOKING`].
pub(crate) type Replaced<V> = Vec<Box<Cells<V>>>;

impl<V> TableState<V> {
    pub(crate) const fn new(table: &'static Table<V>) -> Self {
        Self { table, live: 0, removed: 0 }
    }

    fn cells(&self) -> Option<&Cells<V>> {
        // SAFETY: null or current: only this side replaces it.
        unsafe { self.table.cells.load(Ordering::Relaxed).as_ref() }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.cells().map_or(0, |cells| cells.cells.len())
    }

    /// Keys that are in the table, and keys that were.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn keys(&self) -> (usize, usize) {
        (self.live, self.removed)
    }

    /// Frees the array of a table that nobody reads any more.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn free(self) {
        let cells = self.table.cells.swap(core::ptr::null_mut(), Ordering::Relaxed);
        if !cells.is_null() {
            // SAFETY: `rebuild` made it with `into_raw`, and the table has just given it up.
            drop(unsafe { Box::from_raw(cells) });
        }
    }

    /// Makes room for `more` keys, so that adding them replaces no array; or changes nothing.
    pub(crate) fn reserve(
        &mut self,
        more: usize,
        replaced: &mut Replaced<V>,
    ) -> Result<(), OutOfMemory> {
        if (self.live + self.removed + more) * 2 > self.capacity() {
            self.rebuild(self.live + more, replaced)?;
        }
        Ok(())
    }

    /// Adds a key, after [`TableState::reserve`]. A key that is there stays as it is. A key has
    /// the same value whenever it is added.
    pub(crate) fn insert(&mut self, key: usize, value: &'static V) {
        let cell = self.cells().expect("reserve() made an array").find_or_free(key);
        if !cell.value.load(Ordering::Relaxed).is_null() {
            return;
        }
        let is_back = cell.key.load(Ordering::Relaxed) == key;
        cell.key.store(key, Ordering::Relaxed);
        // Release: with the acquire in `find`.
        cell.value.store(core::ptr::from_ref(value).cast_mut(), Ordering::Release);
        self.live += 1;
        self.removed -= usize::from(is_back);
    }

    /// Removes a key, if it is there.
    pub(crate) fn remove(&mut self, key: usize) {
        let Some(cell) = self.cells().and_then(|cells| cells.find(key)) else { return };
        if !cell.value.load(Ordering::Relaxed).is_null() {
            cell.value.store(core::ptr::null_mut(), Ordering::Relaxed);
            self.live -= 1;
            self.removed += 1;
        }
    }

    /// Gives memory back after removals, if there is memory for the smaller array.
    pub(crate) fn shrink(&mut self, replaced: &mut Replaced<V>) {
        if self.live * 8 < self.capacity() && self.capacity() > SMALLEST {
            let _ = self.rebuild(self.live, replaced);
        }
    }

    /// Puts every live key into a new array of at most half load, and publishes it.
    fn rebuild(&mut self, keys: usize, replaced: &mut Replaced<V>) -> Result<(), OutOfMemory> {
        reserve(replaced, 1)?;
        let new = Cells::new((keys * 2).next_power_of_two().max(SMALLEST))?;
        for cell in self.cells().map_or(&[][..], |cells| &cells.cells) {
            let value = cell.value.load(Ordering::Relaxed);
            if !value.is_null() {
                let key = cell.key.load(Ordering::Relaxed);
                let copy: &Cell<V> = new.find_or_free(key);
                copy.key.store(key, Ordering::Relaxed);
                copy.value.store(value, Ordering::Relaxed);
            }
        }
        self.removed = 0;
        // AcqRel: readers that find the new array see its cells.
        let old = self.table.cells.swap(Box::into_raw(new), Ordering::AcqRel);
        if !old.is_null() {
            // SAFETY: `rebuild` made it with `into_raw`, and the table has just given it up.
            replaced.push(unsafe { Box::from_raw(old) });
        }
        Ok(())
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
