//! Callers that run entry probes and leave the origin to the entry: the stub jumps on, and no
//! frame of ours is on the stack while the body runs.
//!
//! What a caller serves and how it finds its metadata are constants of the caller, so each has
//! a `run` of its own with nothing left to decide about itself.

use crate::grace::{Mark, Pin, Slow, Thread, current, enter_slow, leave, leave_and_wake, recheck};
use crate::md::{Md, Table};
use crate::probe::{List, Needs, Row, Target, is_one_link};
use crate::site::{Slot, data_of};
use crate::sync::Ordering;

/// The functions that are attached to through the hash callers.
pub(crate) static TABLE: Table<Md> = Table::new();

/// A way to find metadata.
pub(super) trait Find {
    /// The metadata of the site whose entry had `md` at hand. May use the mark meanwhile.
    fn find(md: &'static Md, mark: &Mark) -> &'static Md;
}

/// Through the site.
#[derive(Debug)]
pub(super) struct Inline;

impl Find for Inline {
    #[inline(always)]
    fn find(md: &'static Md, _: &Mark) -> &'static Md {
        md
    }
}

/// Through the hash table.
#[derive(Debug)]
pub(super) struct Hash;

impl Find for Hash {
    #[inline(always)]
    fn find(md: &'static Md, mark: &Mark) -> &'static Md {
        // None: the function was detached after the thread had entered its caller.
        TABLE.find(md.target.address, mark).unwrap_or(md)
    }
}

/// What a caller of these flags can run.
pub(super) const fn serves(sleepable: bool, origin: bool) -> Needs {
    let sleep = if sleepable { Needs::SLEEP } else { Needs::NOTHING };
    // What calls the origin itself has a frame to keep values in.
    let origin = if origin { Needs::ORIGIN.and(Needs::SESSION) } else { Needs::NOTHING };
    sleep.and(origin)
}

/// Runs the entry probes and says where the call goes on: at the body.
///
/// If the list asks for more than this caller serves, because it was published after the
/// entry had chosen the caller, nothing runs here: the call goes on in a caller that serves every
/// list. So a call sees exactly one list, whole.
///
/// # Safety
///
/// Called by a generated caller: `args` are the function's saved slots and `md` is the metadata of
/// its site.
pub(super) unsafe extern "C" fn run_entry<L: Find, const SLEEP: bool>(
    args: *mut Slot,
    md: &'static Md,
) -> *const () {
    let thread = current();
    let mark = thread.outermost();
    if thread.is_idle() {
        // SAFETY: the caller's promise.
        unsafe { entry::<L, SLEEP, false>(args, md, thread, mark) }
    } else {
        // SAFETY: the caller's promise.
        unsafe { run_entry_slow::<L, SLEEP>(args, md) }
    }
}

/// [`run_entry`] on a thread that is running a probe, is new, or is to be left alone.
///
/// # Safety
///
/// As [`run_entry`].
#[cold]
#[inline(never)]
unsafe fn run_entry_slow<L: Find, const SLEEP: bool>(
    args: *mut Slot,
    md: &'static Md,
) -> *const () {
    match enter_slow() {
        Slow::Full { thread } => {
            miss(md, thread, List::calls, |_| true);
            md.origin()
        }
        Slow::Skip => md.origin(),
        Slow::Enter { thread, mark, nested: false } => {
            // SAFETY: the caller's promise.
            unsafe { entry::<L, SLEEP, false>(args, md, thread, mark) }
        }
        Slow::Enter { thread, mark, nested: true } => {
            // SAFETY: the caller's promise.
            unsafe { entry::<L, SLEEP, true>(args, md, thread, mark) }
        }
    }
}

/// # Safety
///
/// As [`run_entry`]; `mark` is free and of `thread`, the calling thread's record.
#[inline(always)]
unsafe fn entry<L: Find, const SLEEP: bool, const NESTED: bool>(
    args: *mut Slot,
    md: &'static Md,
    thread: &'static Thread,
    mark: &Mark,
) -> *const () {
    let md = L::find(md, mark);
    let call = EntryCall { args, target: &md.target, thread, mark };
    if SLEEP {
        // Probes may block, so the list is held by a pin, which nobody waits for, and
        // each probe by a mark of its own.
        // Release: the look into the table happens before whoever frees its array.
        leave(thread, mark);
        let (list, pin) = md.pin(thread);
        let served = list.needs().within(serves(SLEEP, false));
        if served {
            call.run_pinned::<SLEEP, NESTED>(list);
        }
        pin.release(thread);
        return if served { md.origin() } else { md.full() };
    }
    let list = md.enter(mark);
    if !list.needs().within(serves(SLEEP, false)) {
        leave(thread, mark);
        return md.full();
    }
    let origin = md.origin();
    if NESTED {
        call.run_nested(list);
    } else if let [row] = list.entries() {
        // The mark names this row already.
        // SAFETY: the list was found current after the mark was set, so whoever retires it
        // waits; and the row was bound to this function.
        unsafe { row.run_entry(args, &md.target, thread) };
    } else {
        call.run_many(list);
    }
    leave(thread, mark);
    origin
}

/// A call whose entry probes run.
#[derive(Clone, Copy)]
pub(super) struct EntryCall<'c> {
    pub(super) args: *mut Slot,
    pub(super) target: &'static Target,
    pub(super) thread: &'static Thread,
    pub(super) mark: &'c Mark,
}

impl EntryCall<'_> {
    /// Runs the probes of a list that the mark has entered: it is held from the first to the last.
    #[inline(never)]
    fn run_many(self, list: &List) {
        self.run_section::<false>(list);
    }

    /// As [`EntryCall::run_many`], inside another probe.
    #[cold]
    #[inline(never)]
    fn run_nested(self, list: &List) {
        self.run_section::<true>(list);
    }

    #[inline(always)]
    fn run_section<const NESTED: bool>(self, list: &List) {
        for row in list.entries() {
            self.mark.store(row.mark(), Ordering::Release);
            if !is_recursive::<NESTED>(row, self.target, self.thread, self.mark) {
                // SAFETY: the mark has named a row of this list since before the list was found
                // current, so whoever retires it waits; and the row was bound to this function.
                unsafe { row.run_entry(self.args, self.target, self.thread) };
            }
        }
    }

    /// Runs the probes of a list that is only pinned, those that have not been detached.
    #[inline(always)]
    pub(super) fn run_pinned<const SLEEP: bool, const NESTED: bool>(self, list: &List) {
        for row in list.entries() {
            let of = (list, List::entries as Group);
            run_row::<SLEEP, NESTED>(row, of, self.target, self.thread, self.mark, |row| {
                // SAFETY: the row is not dead and the mark names it, so its link stays; and the
                // row was bound to this function.
                unsafe { row.run_entry(self.args, self.target, self.thread) };
            });
        }
    }
}

/// The probes of one kind in a list.
pub(super) type Group = fn(&List) -> &[Row];

/// Runs one probe of a list that is only pinned, among those of its kind, unless it has been detached. Whether it
/// may sleep, and somebody sleep until it has ended, says `SLEEP`.
///
/// If it has been, its link may have other probes meanwhile, or another list: then what is
/// in its place runs.
#[inline(always)]
pub(super) fn run_row<const SLEEP: bool, const NESTED: bool>(
    row: &Row,
    of: (&List, Group),
    target: &'static Target,
    thread: &'static Thread,
    mark: &Mark,
    run: impl FnOnce(&Row),
) {
    if !recheck(mark, row.mark(), || row.is_dead()) {
        run_in_its_place::<NESTED>(row, of, target, thread, mark, run);
    } else if !is_recursive::<NESTED>(row, target, thread, mark) {
        run(row);
    }
    if SLEEP {
        leave_and_wake(thread, mark);
    } else {
        leave(thread, mark);
    }
}

/// Runs what a link has now in the place of a row of it that is dead, if anything: the same probe in another list,
/// or the one that was exchanged for it.
#[cold]
#[inline(never)]
fn run_in_its_place<const NESTED: bool>(
    dead: &Row,
    (list, group): (&List, Group),
    target: &'static Target,
    thread: &'static Thread,
    mark: &Mark,
    run: impl FnOnce(&Row),
) {
    let Some(md) = Md::of_target(target) else { return };
    let is_of_its_link = |row: &&Row| {
        // SAFETY: a list holds its links' states, and its pin holds the list.
        let link = unsafe { &*dead.link };
        // SAFETY: as above.
        let other = unsafe { &*row.link };
        is_one_link(link.number, other.number)
    };
    let before = group(list).iter().take_while(|row| !core::ptr::eq(*row, dead));
    let place = before.filter(is_of_its_link).count();
    let mut seen = core::ptr::from_ref(list);
    loop {
        let (current, pin) = md.pin(thread);
        // If it is dead in the list that is published, its link is about to go.
        let is_new = !core::ptr::eq(current, seen);
        let row = group(current).iter().filter(is_of_its_link).nth(place).filter(|_| is_new);
        let Some(row) = row else { return pin.release(thread) };
        if !recheck(mark, row.mark(), || row.is_dead()) {
            // It was replaced again.
            seen = core::ptr::from_ref(current);
            pin.release(thread);
            continue;
        }
        if !is_recursive::<NESTED>(row, target, thread, mark) {
            run(row);
        }
        return pin.release(thread);
    }
}

/// The list at the site of a stub, pinned, for this part of it, whose probes no caller runs. `None` if the thread is not
/// to run them; without a mark that is left, they have missed it.
///
/// # Safety
///
/// `entry` is the stub of a site, one of whose switches was found armed.
#[inline]
pub(super) unsafe fn pin_at(
    entry: *const (),
    of: Group,
) -> Option<(&'static Md, &'static Thread, &'static List, Pin)> {
    // SAFETY: the caller's promise.
    let data = unsafe { data_of(entry) };
    let md = Md::existing(data)?;
    let thread = current();
    if !thread.is_idle() {
        match enter_slow() {
            Slow::Skip => return None,
            Slow::Full { thread } => {
                miss(md, thread, of, |_| true);
                return None;
            }
            Slow::Enter { .. } => {}
        }
    }
    // Whoever has entered slowly has a record by now.
    let thread = current();
    let (list, pin) = md.pin(thread);
    Some((md, thread, list, pin))
}

/// Counts a call as missed, because the thread has no mark left, by the links of which such a row is in this part
/// of the list.
#[cold]
pub(super) fn miss(
    md: &'static Md,
    thread: &'static Thread,
    of: Group,
    such: impl Fn(&Row) -> bool,
) {
    let (list, pin) = md.pin(thread);
    for row in of(list).iter().filter(|row| row.counts && !row.is_dead() && such(row)) {
        // SAFETY: the list holds its links' states, and the pin holds the list.
        unsafe { &*row.link }.tally.count_missed(md.target.function);
    }
    pin.release(thread);
}

/// Whether a probe of the same link is running on this thread already; counted as missed then.
#[inline(always)]
fn is_recursive<const NESTED: bool>(
    row: &Row,
    target: &Target,
    thread: &Thread,
    mark: &Mark,
) -> bool {
    NESTED && is_recursive_slow(row, target, thread, mark)
}

#[cold]
#[inline(never)]
fn is_recursive_slow(row: &Row, target: &Target, thread: &Thread, mark: &Mark) -> bool {
    // Not by what it says: in a call of the very function that is being probed, an outer mark and
    // this one name the same row. The mark of a look-up runs no probe.
    let running = thread.running_besides(mark).any(|running| runs_link_of(running, row));
    if running && row.counts {
        // SAFETY: the row was not dead when the mark was set, so its link is alive.
        unsafe { &*row.link }.tally.count_missed(target.function);
    }
    running
}

/// Whether a mark of this thread says that a probe of the link of `row` is running.
fn runs_link_of(mark: *mut (), row: &Row) -> bool {
    // SAFETY: the row was not dead when its mark was set, so its link is alive.
    let link = unsafe { &*row.link };
    if let Some(md) = Md::of_mark(mark) {
        return is_one_link(md.tenant(), link.number);
    }
    Row::of_mark(mark).is_some_and(|running| {
        // SAFETY: the thread itself set the mark and has not cleared it, so the row's list is held: the
        // mark of a list that is only being entered names no row.
        let running = unsafe { (*running).link };
        // Null for the row of no probe, which a thread in a list without probes names. SAFETY: a list holds its
        // links' states.
        unsafe { running.as_ref() }.is_some_and(|running| is_one_link(running.number, link.number))
    })
}
