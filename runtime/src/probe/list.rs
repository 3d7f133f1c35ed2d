//! Probe lists: immutable once published.
//!
//! Changing a function's probes publishes a new list and retires the old one. Functions with the same
//! probes and the same cookies share one list: nothing in it is of one function. The only things ever
//! written to a published list are how many hold it, and [`Row::dead`], when its link is taken out of
//! every list.

use core::mem::{align_of, offset_of, size_of};
use core::ops::{Deref, Range};
use core::ptr::NonNull;
use std::sync::Arc;

use crate::grace::Named;
use crate::sync::{AtomicUsize, Ordering};
use crate::sys::OutOfMemory;

use super::block::{self, Block, Room};
use super::needs::Needs;
use super::row::Row;
use super::sole::Sole;

/// The probes of a site, or of several that have the same. Rows stand in the order in which they run:
/// entry probes, then those that may override, then exit probes; and then those of polls, which no caller runs.
#[repr(C)]
pub(crate) struct List {
    needs: Needs,
    entry_end: u32,
    mod_end: u32,
    exit_end: u32,
    poll_end: u32,
    /// So that nothing in it is left to the compiler.
    _padding: u32,
    /// The caller for this list alone, if all its rows are of one link. Null otherwise.
    specialised: *const (),
    /// That link, if the list has such a caller.
    sole: Sole,
    /// How many hold it: metadata that publish it, whoever retired it from them, whoever makes lists.
    holders: AtomicUsize,
    /// How many futures hold it: those of async functions, from one poll to the next.
    futures: AtomicUsize,
    /// Where its memory is; `None` for the list without probes, which is not on the heap.
    block: Option<NonNull<Block>>,
    rows: [Row; 0],
}

// SAFETY: a list is read-only but for its atomics; what its rows point to (probe, link state) is
// `Send + Sync` and kept alive by the link that put it there.
unsafe impl Send for List {}
// SAFETY: as above.
unsafe impl Sync for List {}

/// Where callers in assembly find what a list asks for, and how many entry probes it has.
#[allow(dead_code, reason = "only some architectures have such callers")]
impl List {
    pub(crate) const NEEDS: usize = offset_of!(Self, needs);
    pub(crate) const ENTRY_END: usize = offset_of!(Self, entry_end);
}

impl List {
    /// Where the first row is.
    pub(crate) const FIRST: usize = Row::FIRST;

    /// How far behind its address the mark of a thread that is entering it is.
    pub(crate) const ENTERING: usize = 2;

    #[inline(always)]
    pub(crate) fn needs(&self) -> Needs {
        self.needs
    }

    #[inline(always)]
    fn range(&self, range: Range<u32>) -> &[Row] {
        let first = core::ptr::from_ref(self).cast::<u8>().wrapping_add(size_of::<Self>());
        let first = first.cast::<Row>().wrapping_add(range.start as usize);
        // SAFETY: a list is only ever made by `ListBox::write`, which lays `poll_end` rows
        // behind the header, or is empty; every range ends at or before `poll_end`.
        unsafe { core::slice::from_raw_parts(first, (range.end - range.start) as usize) }
    }

    /// The caller for this list alone, if there is one.
    pub(crate) fn specialised(&self) -> Option<*const ()> {
        (!self.specialised.is_null()).then_some(self.specialised)
    }

    /// The link to which all rows of a list with a caller of its own belong.
    #[inline(always)]
    pub(crate) fn sole(&self) -> Sole {
        self.sole
    }

    /// The row at this place among all.
    ///
    /// # Safety
    ///
    /// There is one.
    #[inline(always)]
    pub(crate) unsafe fn row(&self, at: u32) -> &Row {
        // SAFETY: the caller's promise.
        unsafe { self.range(at..at + 1).get_unchecked(0) }
    }

    /// The entry probes.
    #[inline(always)]
    pub(crate) fn entries(&self) -> &[Row] {
        self.range(0..self.entry_end)
    }

    /// The probes that may override.
    #[inline(always)]
    pub(crate) fn mods(&self) -> &[Row] {
        self.range(self.entry_end..self.mod_end)
    }

    /// The exit probes.
    #[inline(always)]
    pub(crate) fn exits(&self) -> &[Row] {
        self.range(self.mod_end..self.exit_end)
    }

    /// The probes of calls: all but those of polls.
    pub(crate) fn calls(&self) -> &[Row] {
        self.range(0..self.exit_end)
    }

    /// The probes of polls, in attach order.
    pub(crate) fn polls(&self) -> &[Row] {
        self.range(self.exit_end..self.poll_end)
    }

    /// All of them.
    pub(crate) fn rows(&self) -> &[Row] {
        self.range(0..self.poll_end)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.poll_end == 0
    }

    /// Whether a future holds it, which may be polled again. To be asked after the threads' pins: a future is
    /// counted while its thread has one.
    pub(crate) fn has_futures(&self) -> bool {
        self.futures.load(Ordering::Acquire) > 0
    }

    /// Every address a mark or a pin of this list can have.
    pub(crate) fn addresses(&self) -> Range<usize> {
        let start = core::ptr::from_ref(self).addr();
        start..start + size_of::<Self>() + self.poll_end as usize * size_of::<Row>()
    }

    /// Whether this is the mark of a thread that is entering the list.
    pub(crate) fn is_entering(&self, mark: usize) -> bool {
        List::entering(core::ptr::from_ref(self).cast_mut()).addr() == mark
    }

    /// The row whose mark this is.
    pub(crate) fn row_at(&self, mark: usize) -> Option<&Row> {
        self.rows().iter().find(|row| row.mark().addr() == mark)
    }
}

impl Named for List {
    /// It names no row: a signal handler on the same thread may find it when the list is gone.
    #[inline(always)]
    fn entering(list: *mut Self) -> *mut () {
        list.cast::<u8>().wrapping_add(Self::ENTERING).cast()
    }

    /// That of its first row, which the thread is about to run.
    #[inline(always)]
    fn entered(&self) -> *mut () {
        let list = core::ptr::from_ref(self).cast_mut();
        list.cast::<u8>().wrapping_add(Self::FIRST + Row::NAMED).cast()
    }
}

/// The list without probes. A thread that has entered it is marked as every other: its first
/// row is there for that mark alone.
#[repr(C)]
struct Empty {
    list: List,
    row: Row,
}

// SAFETY: it is never written, and its row's pointers are null.
unsafe impl Sync for Empty {}

static EMPTY: Empty = Empty {
    list: List {
        needs: Needs::NOTHING,
        entry_end: 0,
        mod_end: 0,
        exit_end: 0,
        poll_end: 0,
        _padding: 0,
        specialised: core::ptr::null(),
        sole: Sole::NOBODY,
        holders: AtomicUsize::new(0),
        futures: AtomicUsize::new(0),
        block: None,
        rows: [],
    },
    row: Row::NOBODY,
};

/// A caller that was made for one list: see [`List::specialised`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnCaller {
    pub(crate) code: *const (),
    /// The number of the link to which all rows belong.
    pub(crate) link: u64,
}

/// A list that a future holds from one poll to the next: it is not freed meanwhile, and nobody waits for that.
pub(crate) struct FutureList(NonNull<List>);

// SAFETY: it gives out references to a `List`, which is `Sync`.
unsafe impl Send for FutureList {}
// SAFETY: as above.
unsafe impl Sync for FutureList {}

impl FutureList {
    /// Holds a list that is pinned.
    pub(crate) fn hold(list: &List) -> Self {
        // Release, so that whoever finds the pin gone finds this.
        list.futures.fetch_add(1, Ordering::Release);
        Self(NonNull::from(list))
    }
}

impl Deref for FutureList {
    type Target = List;

    fn deref(&self) -> &List {
        // SAFETY: whoever retires it keeps it while it has futures.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for FutureList {
    fn drop(&mut self) {
        // Release: what was done with it happens before it is freed.
        self.futures.fetch_sub(1, Ordering::Release);
    }
}

/// A list on the heap, or the empty one. A clone is the same list, held once more.
pub(crate) struct ListBox(NonNull<List>);

// SAFETY: it owns a `List`, which is `Send`.
unsafe impl Send for ListBox {}
// SAFETY: it gives out references to a `List`, which is `Sync`.
unsafe impl Sync for ListBox {}

impl ListBox {
    /// The list without probes.
    pub(crate) fn empty() -> Self {
        Self(NonNull::from(&EMPTY).cast())
    }

    /// A list of these rows, each group in the order in which it is to run.
    pub(crate) fn new(
        needs: Needs,
        own_caller: Option<OwnCaller>,
        entries: Vec<Row>,
        mods: Vec<Row>,
        exits: Vec<Row>,
        polls: Vec<Row>,
    ) -> Result<Self, OutOfMemory> {
        let entry_end = entries.len();
        let mod_end = entry_end + mods.len();
        let exit_end = mod_end + exits.len();
        let poll_end = exit_end + polls.len();
        if poll_end == 0 {
            return Ok(Self::empty());
        }
        let count = |rows: usize| u32::try_from(rows).expect("fewer than 2^32 probes");
        let alone = |own: OwnCaller| {
            (own.code, Sole::new(own.link, entries.len(), mods.len(), exits.len()))
        };
        let (specialised, sole) = own_caller.map_or((core::ptr::null(), Sole::NOBODY), alone);
        let header = List {
            needs,
            entry_end: count(entry_end),
            mod_end: count(mod_end),
            exit_end: count(exit_end),
            poll_end: count(poll_end),
            _padding: 0,
            specialised,
            sole,
            holders: AtomicUsize::new(0),
            futures: AtomicUsize::new(0),
            block: None,
            rows: [],
        };
        let rows = entries.into_iter().chain(mods).chain(exits).chain(polls);
        Self::write(&mut Self::room(poll_end, 1), header, rows)
    }

    /// Room for so many lists of so many rows.
    pub(crate) fn room(rows: usize, lists: usize) -> Room {
        const { assert!(size_of::<List>() == Row::FIRST && Row::FIRST.is_multiple_of(align_of::<Row>())) }
        const { assert!(block::ALIGN.is_multiple_of(align_of::<List>())) }
        Room::new(size_of::<List>() + rows * size_of::<Row>(), lists)
    }

    /// The same rows with another cookie; the room is for lists of so many.
    pub(crate) fn copy(&self, room: &mut Room, cookie: u64) -> Result<Self, OutOfMemory> {
        let rows = self.rows().iter().map(|row| row.with_cookie(cookie));
        let (holders, futures) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let header = List { rows: [], holders, futures, ..**self };
        Self::write(room, header, rows)
    }

    /// Makes a list of as many rows as the room is for and the header says. What the header says of
    /// its block and its holders does not count.
    fn write(
        room: &mut Room,
        header: List,
        rows: impl Iterator<Item = Row>,
    ) -> Result<Self, OutOfMemory> {
        let (list, block) = room.take()?;
        let list = list.cast::<List>();
        let rows = rows.take(header.poll_end as usize);
        let holders = AtomicUsize::new(1);
        // SAFETY: fresh memory for a header and its rows.
        unsafe { list.write(List { block: Some(block), holders, ..header }) };
        let mut next = list.as_ptr().cast::<u8>().wrapping_add(size_of::<List>()).cast::<Row>();
        for row in rows {
            // SAFETY: a row is made for a link that is attached, with the address of its state, which
            // is in an `Arc` that the link holds. Dropping the list gives it back.
            unsafe { Arc::increment_strong_count(row.link) };
            // SAFETY: there is room for `poll_end` rows behind the header, and this is at most the
            // last of them.
            unsafe { next.write(row) };
            next = next.wrapping_add(1);
        }
        Ok(Self(list))
    }

    /// Lets it be served by a shared caller, though it has one of its own. It is held once, by
    /// whoever calls this.
    pub(crate) fn share(&mut self) {
        if !self.specialised.is_null() {
            assert_eq!(self.holders.load(Ordering::Acquire), 1, "others rely on its caller");
            // SAFETY: a list with a caller of its own has rows, so `write` made it, and nobody else
            // refers to it: it was just looked up that nobody else holds it.
            let list = unsafe { self.0.as_mut() };
            list.specialised = core::ptr::null();
            list.sole = Sole::NOBODY;
        }
    }

    /// Hands the list over to whoever publishes it.
    pub(crate) fn into_raw(self) -> *mut List {
        let list = self.0.as_ptr();
        core::mem::forget(self);
        list
    }

    /// Takes back a list.
    ///
    /// # Safety
    ///
    /// `list` came from [`ListBox::into_raw`] and nobody else takes it back.
    pub(crate) unsafe fn from_raw(list: *mut List) -> Self {
        Self(NonNull::new(list).expect("a published list is not null"))
    }
}

impl Deref for ListBox {
    type Target = List;

    fn deref(&self) -> &List {
        // SAFETY: made by `new` or `empty`, and alive for as long as this box.
        unsafe { self.0.as_ref() }
    }
}

impl Clone for ListBox {
    fn clone(&self) -> Self {
        if self.block.is_some() {
            self.holders.fetch_add(1, Ordering::Relaxed);
        }
        Self(self.0)
    }
}

impl Drop for ListBox {
    fn drop(&mut self) {
        let Some(block) = self.block else { return };
        // Release and acquire: what anybody did with it happens before it is given up.
        if self.holders.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        for row in self.rows() {
            // SAFETY: `write` has taken it for this row.
            unsafe { Arc::decrement_strong_count(row.link) };
        }
        // SAFETY: `write` made the list in this block, and nobody uses it any more. Rows have
        // nothing else to drop.
        unsafe { Block::release(block, 1) };
    }
}

#[cfg(test)]
mod tests {
    use super::{List, ListBox, Named as _, Row};

    /// A signal handler on the same thread may find the mark when the list is gone.
    #[test]
    fn the_mark_of_a_list_that_is_only_being_entered_names_no_row() {
        let list = ListBox::empty();
        let entering = List::entering(core::ptr::from_ref::<List>(&list).cast_mut());
        assert!(list.is_entering(entering.addr()));
        assert_eq!(Row::of_mark(entering), None);
        assert!(Row::of_mark(list.entered()).is_some());
    }
}
