//! The hash table: function address to metadata.
//!
//! Open addressing in a power of two of cells, multiplicative hash, linear probing. Reading
//! takes no lock and ends after one walk over a cluster; changes are made under the
//! transaction lock. A cell belongs to one key, and holds one value, for the life of its array:
//! removing the key notes in the cell that it is not there, so a reader that has found its key never
//! reads another's value. Growing and shrinking build a new array and publish it; the old one is freed
//! when no thread is looking into it.

use core::alloc::Layout;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::grace::Mark;
use crate::sync::{AtomicPtr, AtomicUsize, Ordering, light_barrier};
use crate::sys::{OutOfMemory, allocate, reserve};

/// The mark of a thread that is looking into a table: not an address of anything.
pub(crate) const LOOKING: *mut () = core::ptr::without_provenance_mut(LOOKING_ADDRESS);

const LOOKING_ADDRESS: usize = 2;

/// The key of a cell that no key has taken yet.
const FREE: usize = 0;

/// Set in the key of a cell while the key is not in the table. Keys are even.
const REMOVED: usize = 1;

/// The fewest cells an array has.
const SMALLEST: usize = 16;

/// How many bytes a cell has, so that its place is masked out of a hash without being scaled. (Not those
/// of the model checker.)
const CELL: usize = 16;

/// What a key is multiplied with: 2^32 divided by the golden ratio (Knuth, The Art of Computer
/// Programming, 6.4), as the signed 32 bits that one instruction can multiply with.
const FACTOR: i32 = 0x9E37_79B9_u32.cast_signed();

/// How far the product is shifted, so that its bits from 32 on are a cell's index.
const SHIFT: u32 = 32 - CELL.trailing_zeros();

/// How far behind the first cell that of a key is, in bytes, if it is where it is looked for first.
#[inline(always)]
fn home(key: usize, mask: usize) -> usize {
    (key.wrapping_mul(FACTOR as isize as usize) >> SHIFT) & mask
}

#[repr(C, align(16))]
struct Cell<V> {
    key: AtomicUsize,
    /// Set before the key, and never changed.
    value: AtomicPtr<V>,
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Cell<()>>() == CELL);

/// What an array begins with.
#[repr(C, align(16))]
struct Head {
    /// The bits that say in bytes how far behind the first cell another is.
    mask: usize,
}

/// One array of cells.
#[repr(C)]
pub(crate) struct Cells<V> {
    head: Head,
    cells: [Cell<V>],
}

impl<V> Cells<V> {
    fn new(len: usize) -> Result<Box<Self>, OutOfMemory> {
        debug_assert!(len.is_power_of_two());
        let too_large = OutOfMemory { bytes: len.saturating_mul(size_of::<Cell<V>>()) };
        let cells = Layout::array::<Cell<V>>(len);
        let whole = cells.and_then(|cells| Layout::new::<Head>().extend(cells));
        let (layout, _) = whole.map_err(|_| too_large)?;
        let memory = allocate(layout.pad_to_align())?;
        let new = Self::with_len(memory.cast(), len).as_ptr();
        // SAFETY: fresh memory of this layout.
        unsafe { new.cast::<Head>().write(Head { mask: (len - 1) * CELL }) };
        // SAFETY: within it.
        let cells: *mut Cell<V> = unsafe { (&raw mut (*new).cells).cast() };
        for at in 0..len {
            let cell =
                Cell { key: AtomicUsize::new(FREE), value: AtomicPtr::new(core::ptr::null_mut()) };
            // SAFETY: there is room for so many.
            let place = unsafe { cells.add(at) };
            // SAFETY: as above.
            unsafe { place.write(cell) };
        }
        // SAFETY: it came from the global allocator with the layout of so many cells behind a head, and
        // all of them were written.
        Ok(unsafe { Box::from_raw(new) })
    }

    /// The array that begins at `head` and has so many cells.
    #[inline(always)]
    fn with_len(head: NonNull<Head>, len: usize) -> NonNull<Self> {
        let cells = NonNull::slice_from_raw_parts(head.cast::<Cell<V>>(), len);
        // SAFETY: what is not null is not null with a length either.
        unsafe { NonNull::new_unchecked(cells.as_ptr() as *mut Self) }
    }

    /// The array that begins at `head`.
    ///
    /// # Safety
    ///
    /// [`Cells::new`] made it, and it is not freed.
    #[inline(always)]
    unsafe fn at(head: NonNull<Head>) -> NonNull<Self> {
        // SAFETY: the caller's promise.
        let mask = unsafe { head.as_ref() }.mask;
        Self::with_len(head, mask / CELL + 1)
    }

    /// Where a key is looked for first.
    #[inline(always)]
    fn home(&self, key: usize) -> usize {
        home(key, self.head.mask) / CELL
    }

    /// The cell of a key that is in the table. At least one cell stays free, so every walk ends.
    #[inline(always)]
    fn find(&self, key: usize) -> Option<&Cell<V>> {
        let cell = self.find_or_free(key);
        // Acquire: with the release in `insert`, whoever sees the key sees its value, and what that
        // points to.
        (cell.key.load(Ordering::Acquire) == key).then_some(cell)
    }

    /// The cell of a key, or the free one that it would take.
    #[inline(always)]
    fn find_or_free(&self, key: usize) -> &Cell<V> {
        let last = self.cells.len() - 1;
        let mut at = self.home(key);
        loop {
            let cell = &self.cells[at & last];
            let found = cell.key.load(Ordering::Relaxed);
            if found & !REMOVED == key || found == FREE {
                return cell;
            }
            at += 1;
        }
    }
}

/// A table from addresses to what lives for ever, for readers.
#[repr(transparent)]
pub(crate) struct Table<V> {
    /// What its array begins with. Null before the first, and never again.
    head: AtomicPtr<Head>,
    values: PhantomData<AtomicPtr<V>>,
}

impl<V> Table<V> {
    /// A table without an array: every look-up misses.
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self { head: AtomicPtr::new(core::ptr::null_mut()), values: PhantomData }
    }

    /// A table without an array: every look-up misses.
    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self { head: AtomicPtr::new(core::ptr::null_mut()), values: PhantomData }
    }

    /// The value of the key `address`. The mark says so while it looks, and is [`LOOKING`] when
    /// this returns.
    #[inline(always)]
    pub(crate) fn find(&self, address: usize, mark: &Mark) -> Option<&'static V> {
        mark.store(LOOKING, Ordering::Release);
        light_barrier();
        let head = NonNull::new(self.head.load(Ordering::Acquire))?;
        // SAFETY: an array is freed only when, after a barrier, no thread has the mark that this one
        // has just set.
        let cells = unsafe { Cells::at(head) };
        // SAFETY: as above.
        let cells: &Cells<V> = unsafe { cells.as_ref() };
        let value = cells.find(address)?.value.load(Ordering::Relaxed);
        // SAFETY: what `insert` was given: it lives for ever.
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
        let head = NonNull::new(self.table.head.load(Ordering::Relaxed))?;
        // SAFETY: it is current: only this side replaces it.
        let cells = unsafe { Cells::at(head) };
        // SAFETY: as above.
        Some(unsafe { cells.as_ref() })
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
        let head = self.table.head.swap(core::ptr::null_mut(), Ordering::Relaxed);
        // SAFETY: the table has just given it up.
        drop(unsafe { Self::given_up(head) });
    }

    /// What begins at `head`; nothing if that is null.
    ///
    /// # Safety
    ///
    /// The table has given it up.
    unsafe fn given_up(head: *mut Head) -> Option<Box<Cells<V>>> {
        // SAFETY: an array that was published, and that nobody else frees.
        let cells = unsafe { Cells::at(NonNull::new(head)?) };
        // SAFETY: `rebuild` made it with `into_raw`.
        Some(unsafe { Box::from_raw(cells.as_ptr()) })
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
    /// the same value whenever it is added, and is even and not zero.
    pub(crate) fn insert(&mut self, key: usize, value: &'static V) {
        debug_assert!(key != FREE && key & REMOVED == 0);
        let cell = self.cells().expect("reserve() made an array").find_or_free(key);
        let found = cell.key.load(Ordering::Relaxed);
        if found == key {
            return;
        }
        if found == FREE {
            cell.value.store(core::ptr::from_ref(value).cast_mut(), Ordering::Relaxed);
        }
        // Release: with the acquire in `find`.
        cell.key.store(key, Ordering::Release);
        self.live += 1;
        self.removed -= usize::from(found != FREE);
    }

    /// Removes a key, if it is there.
    pub(crate) fn remove(&mut self, key: usize) {
        let Some(cell) = self.cells().and_then(|cells| cells.find(key)) else { return };
        cell.key.store(key | REMOVED, Ordering::Relaxed);
        self.live -= 1;
        self.removed += 1;
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
            let key = cell.key.load(Ordering::Relaxed);
            if key != FREE && key & REMOVED == 0 {
                let copy: &Cell<V> = new.find_or_free(key);
                copy.value.store(cell.value.load(Ordering::Relaxed), Ordering::Relaxed);
                copy.key.store(key, Ordering::Relaxed);
            }
        }
        self.removed = 0;
        // AcqRel: readers that find the new array see its cells.
        let old = self.table.head.swap(Box::into_raw(new).cast(), Ordering::AcqRel);
        // SAFETY: the table has just given it up.
        replaced.extend(unsafe { Self::given_up(old) });
        Ok(())
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
