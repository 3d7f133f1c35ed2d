//! What one thread says of itself: marks and pins.

use core::mem::offset_of;

use crate::sync::{AtomicI32, AtomicPtr, AtomicU8, AtomicU32, Ordering, light_barrier};
use crate::sys;

use super::errno::Errno;

/// Probes of different links that may be nested on one thread: a probe calls a traced
/// function, whose probe calls another, and so on.
const MARKS: usize = if cfg!(loom) { 2 } else { 14 };

/// Calls in progress on one thread that will run exit probes and have a pin each in its record. Deeper
/// calls have theirs in pieces of memory that are made when they are needed.
const PINS: usize = if cfg!(loom) { 1 } else { 100 };

/// How many such pieces there can be. Calls deeper than all of them, or than there is memory for, hold
/// back every list instead of their own.
const PIECES: usize = if cfg!(loom) { 1 } else { 8 };

/// How many pins the first piece has, and how many times more each of the others than the one before:
/// more than twenty million in all.
const FIRST_PIECE: usize = if cfg!(loom) { 1 } else { 1024 };
const GROWTH: usize = 4;

/// The index of the pin of a call that has none.
const NOWHERE: u32 = u32::MAX;

/// [`PINS`] as an index.
#[expect(clippy::cast_possible_truncation, reason = "it is small")]
const INLINE: u32 = PINS as u32;

const _: () = assert!(
    cfg!(any(loom, not(target_pointer_width = "64"))) || size_of::<Thread>() == 1024,
    "no more than it needs"
);

/// Memory for so many further pins, which is never given back. A signal handler may ask for it.
#[cfg(not(loom))]
fn make_piece(pins: usize) -> Option<*mut AtomicPtr<()>> {
    // Zeroed memory is pins that name nothing.
    sys::map_zeroed(pins * size_of::<AtomicPtr<()>>()).ok().map(<*mut u8>::cast)
}

#[cfg(loom)]
fn make_piece(pins: usize) -> Option<*mut AtomicPtr<()>> {
    let pins: Vec<_> = (0..pins).map(|_| AtomicPtr::new(core::ptr::null_mut())).collect();
    Some(Box::leak(pins.into_boxed_slice()).as_mut_ptr())
}

/// A cell of a record, which says what its thread is running; when nothing, [`Thread::free`] or null.
pub(crate) type Mark = AtomicPtr<()>;

/// What one thread is doing, readable by all.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Thread {
    /// Address of the thread's `errno`.
    pub(super) errno: AtomicPtr<i32>,
    /// Whether a thread owns the record: 0 or 1.
    owned: AtomicU8,
    /// Marks behind the first and so many more were never used.
    nested: AtomicU8,
    /// Index of the pin that is probably free next.
    top: AtomicU32,
    /// The values of sessions of the call whose probes run: of no meaning to other threads.
    states: AtomicPtr<()>,
    /// `marks[0]` belongs to the outermost probe; the others to those nested in it.
    marks: [Mark; MARKS],
    pins: [AtomicPtr<()>; PINS],
    /// Further pins; null where there are none yet. What is there once stays.
    pieces: [AtomicPtr<AtomicPtr<()>>; PIECES],
    /// Further pins behind the first so many name nothing.
    deepest: AtomicU32,
    /// Calls in progress that found no free pin.
    deep: AtomicI32,
    /// Whether somebody waits until a mark is let go, and sleeps on this word: 0 or 1.
    awaited: AtomicU32,
    /// The process and the thread that own the record, as the system numbers them; 0 where that is not
    /// known.
    process: AtomicU32,
    number: AtomicU32,
}

impl Thread {
    /// What [`Thread::swap_states`] has set last.
    #[inline(always)]
    pub(crate) fn states(&self) -> *mut () {
        self.states.load(Ordering::Relaxed)
    }

    /// Says where the values of sessions are, and where they were before. By the record's own thread.
    #[inline(always)]
    pub(crate) fn swap_states(&self, states: *mut ()) -> *mut () {
        let before = self.states();
        self.states.store(states, Ordering::Relaxed);
        before
    }

    /// Where [`Thread::outermost`] is, for callers in assembly.
    #[allow(dead_code, reason = "only some architectures have such callers")]
    pub(crate) const OUTERMOST: usize = offset_of!(Self, marks);
    /// Where the address of `errno` is.
    #[allow(dead_code, reason = "only some architectures have such callers")]
    pub(crate) const ERRNO: usize = offset_of!(Self, errno);

    /// How far into a thread's variable `gtramp_current` the address of its own record is, for callers in
    /// assembly. It is there from when the thread is registered.
    #[allow(dead_code, reason = "without stubs there is no such variable")]
    pub(crate) const OWN: usize = 8;

    #[cfg(not(loom))]
    pub(super) const fn new(first_mark: *mut ()) -> Self {
        let mut marks = [const { Mark::new(core::ptr::null_mut()) }; MARKS];
        marks[0] = Mark::new(first_mark);
        Self {
            errno: AtomicPtr::new(core::ptr::null_mut()),
            owned: AtomicU8::new(0),
            nested: AtomicU8::new(0),
            top: AtomicU32::new(0),
            states: AtomicPtr::new(core::ptr::null_mut()),
            marks,
            pins: [const { AtomicPtr::new(core::ptr::null_mut()) }; PINS],
            pieces: [const { AtomicPtr::new(core::ptr::null_mut()) }; PIECES],
            deepest: AtomicU32::new(0),
            deep: AtomicI32::new(0),
            awaited: AtomicU32::new(0),
            process: AtomicU32::new(0),
            number: AtomicU32::new(0),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new(first_mark: *mut ()) -> Self {
        let null = |_| AtomicPtr::new(core::ptr::null_mut());
        let thread = Self {
            errno: AtomicPtr::new(core::ptr::null_mut()),
            owned: AtomicU8::new(0),
            nested: AtomicU8::new(0),
            top: AtomicU32::new(0),
            states: AtomicPtr::new(core::ptr::null_mut()),
            marks: core::array::from_fn(null),
            pins: core::array::from_fn(null),
            pieces: core::array::from_fn(|_| AtomicPtr::new(core::ptr::null_mut())),
            deepest: AtomicU32::new(0),
            deep: AtomicI32::new(0),
            awaited: AtomicU32::new(0),
            process: AtomicU32::new(0),
            number: AtomicU32::new(0),
        };
        thread.marks[0].store(first_mark, Ordering::Relaxed);
        thread
    }

    /// Takes the record for the calling thread: whether it was free.
    pub(crate) fn claim(&self) -> bool {
        // Acquire: see the record as its last owner left it.
        self.owned.load(Ordering::Relaxed) == 0
            && self.owned.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Gives the record back. The pins stay: a coroutine may carry them on to another thread, and
    /// lets them go there.
    pub(crate) fn give_back(&self) {
        self.number.store(0, Ordering::Relaxed);
        self.awaited.store(0, Ordering::Relaxed);
        // Release: the next owner sees the record as this thread left it.
        self.owned.store(0, Ordering::Release);
    }

    /// Notes which thread it is that has it: the calling one.
    #[cfg(not(loom))]
    pub(super) fn note_owner(&self) {
        self.process.store(sys::process(), Ordering::Relaxed);
        self.number.store(sys::thread(), Ordering::Relaxed);
    }

    /// Whether its thread is, or was, one of this process.
    #[cfg(not(loom))]
    pub(super) fn is_of(&self, process: u32) -> bool {
        self.process.load(Ordering::Relaxed) == process
    }

    /// Gives the record up if its thread is no more: it has ended without its destructors, by the bare system
    /// call. Nobody will clear what it has marked.
    #[cfg(not(loom))]
    pub(super) fn abandon_if_gone(&self) {
        let number = self.number.load(Ordering::Relaxed);
        if number == 0 || !self.is_of(sys::process()) || !sys::is_gone(number) {
            return;
        }
        // Of those who find it gone, one gives it up: then it may be another's. If it was given back
        // meanwhile, it says so or has another number.
        let taken =
            self.number.compare_exchange(number, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if taken {
            self.abandon();
        }
    }

    /// Whether a thread has it.
    pub(super) fn is_owned(&self) -> bool {
        self.owned.load(Ordering::Relaxed) != 0
    }

    /// A mark that is free, for the thread itself, and how many probes run on the thread.
    pub(crate) fn free_mark(&self) -> Option<(usize, &Mark)> {
        let mut marks = self.marks.iter().enumerate();
        let free = marks.find(|(_, mark)| self.is_free(mark.load(Ordering::Relaxed)))?;
        // Relaxed, before the mark is set: see `Thread::marks`. A signal handler may raise it as well.
        self.nested.fetch_max(u8::try_from(free.0).expect("a few"), Ordering::Relaxed);
        Some(free)
    }

    /// The mark of the outermost probe.
    #[inline(always)]
    pub(crate) fn outermost(&self) -> &Mark {
        &self.marks[0]
    }

    /// Whether no probe runs on this thread, and the record is its own. One comparison answers both,
    /// which is what the fast path wants. (It may say no where the outermost mark is null.)
    #[inline(always)]
    pub(crate) fn is_idle(&self) -> bool {
        self.outermost().load(Ordering::Relaxed) == self.free()
    }

    /// What a mark says when nothing runs under it: the record's own address, which a caller has in
    /// a register. Null, which is what the marks of a fresh record are, says the same.
    #[inline(always)]
    pub(crate) fn free(&self) -> *mut () {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    /// Whether this is what one of its marks says when nothing runs under it.
    pub(super) fn is_free(&self, mark: *mut ()) -> bool {
        mark.is_null() || mark == self.free()
    }

    /// Wakes whoever sleeps until a mark is let go.
    #[cold]
    #[inline(never)]
    pub(super) fn wake(&self) {
        self.awaited.store(0, Ordering::Relaxed);
        sys::wake(&self.awaited);
    }

    /// Says that somebody waits. Followed by [`crate::sys::barrier`], another look at what is waited for,
    /// and [`Thread::rest`].
    pub(crate) fn await_marks(&self) {
        self.awaited.store(1, Ordering::Relaxed);
    }

    /// Whether nobody was woken since somebody said that he waits.
    #[inline(always)]
    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited.load(Ordering::Relaxed) != 0
    }

    /// Sleeps until somebody is woken, or for so long.
    #[cfg(not(loom))]
    pub(super) fn rest(&self, at_most: std::time::Duration) {
        sys::sleep_on(&self.awaited, 1, at_most);
    }

    /// The marks that were ever used, and the first.
    ///
    /// Relaxed: whoever asks for another thread has passed a barrier. A thread that had set a mark before that had
    /// counted it before, and so it is seen; one that sets it later finds what has changed.
    pub(super) fn marks(&self) -> &[Mark] {
        &self.marks[..=usize::from(self.nested.load(Ordering::Relaxed))]
    }

    /// What its marks say that something runs under.
    pub(super) fn marked(&self, order: Ordering) -> impl Iterator<Item = *mut ()> {
        self.marks().iter().map(move |mark| mark.load(order)).filter(|&mark| !self.is_free(mark))
    }

    pub(super) fn is_deep(&self) -> bool {
        self.deep.load(Ordering::Acquire) > 0
    }

    /// What the thread runs now, outermost first, for the thread itself.
    pub(crate) fn running(&self) -> impl Iterator<Item = *mut ()> {
        self.marked(Ordering::Relaxed)
    }

    /// As [`Thread::running`], without what `own` says, which is one of the marks.
    pub(crate) fn running_besides<'t>(
        &'t self,
        own: &'t Mark,
    ) -> impl Iterator<Item = *mut ()> + 't {
        let others = self.marks().iter().filter(move |mark| !core::ptr::eq(*mark, own));
        others.map(|mark| mark.load(Ordering::Relaxed)).filter(|&mark| !self.is_free(mark))
    }

    /// The thread's `errno`, for the thread itself.
    #[inline(always)]
    pub(crate) fn errno(&self) -> Errno {
        Errno(self.errno.load(Ordering::Relaxed))
    }

    /// Keeps `list` from being freed until [`Pin::release`]. Publish it first, then check that
    /// the list is still the one in use: [`light_barrier`] stands between.
    #[inline(always)]
    pub(crate) fn pin(&'static self, list: *mut ()) -> Pin {
        let top = self.top.load(Ordering::Relaxed);
        // Acquire and release, here and in `pin_anywhere`: whoever sees this list in the pin sees the
        // end of what the earlier list was held for, also on another thread.
        if let Some(pin) = self.pins.get(top as usize)
            && pin.load(Ordering::Acquire).is_null()
        {
            pin.store(list, Ordering::Release);
            self.top.store(top + 1, Ordering::Relaxed);
            light_barrier();
            return Pin { thread: self, index: top };
        }
        self.pin_anywhere(list)
    }

    /// The hint was wrong (a coroutine moved to another thread) or the record's own pins are used up.
    #[cold]
    #[inline(never)]
    fn pin_anywhere(&'static self, list: *mut ()) -> Pin {
        let is_free = |pin: &AtomicPtr<()>| pin.load(Ordering::Acquire).is_null();
        let further = self.top.load(Ordering::Relaxed).checked_sub(INLINE);
        // Where the record's own are free again, the hint is no good: calls have ended elsewhere.
        let hinted = further.filter(|&at| {
            !is_free(&self.pins[PINS - 1]) && self.further_or_made(at).is_some_and(is_free)
        });
        let first_free = || (0..INLINE).zip(&self.pins).find(|(_, pin)| is_free(pin));
        let deepest = self.deepest.load(Ordering::Relaxed);
        let further_free =
            || (0..=deepest).find(|&at| self.further_or_made(at).is_some_and(is_free));
        let index = match hinted {
            Some(at) => INLINE + at,
            None => first_free()
                .map(|(index, _)| index)
                .or_else(|| further_free().map(|at| INLINE + at))
                .unwrap_or(NOWHERE),
        };
        if let Some(pin) = self.pin_at(index) {
            pin.store(list, Ordering::Release);
            if let Some(at) = index.checked_sub(INLINE) {
                // After the pin, so that a signal handler in between, which may lower it, sees the pin. It is
                // before the barrier below, and so whoever is to see the pin sees this.
                self.deepest.fetch_max(at + 1, Ordering::Release);
            }
            self.top.store(index + 1, Ordering::Relaxed);
        } else {
            self.deep.fetch_add(1, Ordering::Relaxed);
        }
        light_barrier();
        Pin { thread: self, index }
    }

    /// The pin of this index; `None` for [`NOWHERE`].
    fn pin_at(&self, index: u32) -> Option<&AtomicPtr<()>> {
        match index.checked_sub(INLINE) {
            None => self.pins.get(index as usize),
            Some(further) => {
                let (piece, at) = Self::place(further)?;
                Self::in_piece(self.pieces[piece].load(Ordering::Acquire), at)
            }
        }
    }

    /// This one of the further pins, for the thread itself; made if it is missing. `None` without memory.
    fn further_or_made(&self, further: u32) -> Option<&AtomicPtr<()>> {
        let (piece, at) = Self::place(further)?;
        let mut pins = self.pieces[piece].load(Ordering::Acquire);
        if pins.is_null() {
            let made = make_piece(FIRST_PIECE * GROWTH.pow(u32::try_from(piece).ok()?))?;
            // A signal handler may have been faster: then what was made here is lost.
            let (null, release) = (core::ptr::null_mut(), Ordering::Release);
            let stored =
                self.pieces[piece].compare_exchange(null, made, release, Ordering::Acquire);
            pins = stored.map_or_else(|faster| faster, |_| made);
        }
        Self::in_piece(pins, at)
    }

    /// In which piece one of the further pins is, and where in it.
    fn place(further: u32) -> Option<(usize, usize)> {
        let (mut at, mut size) = (further as usize, FIRST_PIECE);
        for piece in 0..PIECES {
            if at < size {
                return Some((piece, at));
            }
            at -= size;
            size *= GROWTH;
        }
        None
    }

    /// The pin `at` this place, as [`Thread::place`] says, of a piece, or none if it is not made.
    fn in_piece<'t>(pins: *mut AtomicPtr<()>, at: usize) -> Option<&'t AtomicPtr<()>> {
        if pins.is_null() {
            return None;
        }
        // SAFETY: the piece was made for more than so many pins, and stays.
        Some(unsafe { &*pins.wrapping_add(at) })
    }

    /// Every pin that may name something.
    ///
    /// After a barrier, for others than the thread itself: one that was set before it is among them.
    pub(super) fn pins(&self) -> impl Iterator<Item = &AtomicPtr<()>> {
        // Acquire: where the thread has found further pins to be free again, what they held is no longer used.
        let deepest = self.deepest.load(Ordering::Acquire);
        self.pins.iter().chain((0..deepest).filter_map(|at| self.pin_at(INLINE + at)))
    }

    /// Lets go of a pin that is not among the record's own, on the thread whose record is `now`.
    #[cold]
    #[inline(never)]
    fn release_further(&self, index: u32, now: &Self) {
        let Some(pin) = self.pin_at(index) else {
            self.deep.fetch_sub(1, Ordering::Release);
            return;
        };
        pin.store(core::ptr::null_mut(), Ordering::Release);
        if !core::ptr::eq(now, self) {
            return;
        }
        self.top.store(index, Ordering::Relaxed);
        let mut deepest = self.deepest.load(Ordering::Relaxed);
        // Acquire: some may have been let go on other threads.
        let is_free = |at| self.pin_at(at).is_none_or(|pin| pin.load(Ordering::Acquire).is_null());
        while deepest > 0 && is_free(INLINE + deepest - 1) {
            deepest -= 1;
            // Release: whoever looks no further sees the end of what they held.
            self.deepest.store(deepest, Ordering::Release);
        }
    }

    /// Gives up the record of a thread that a fork has left behind: what it ran, nobody ends.
    ///
    /// What it has pinned stays, and the record with it: a coroutine that began there may go on
    /// in the child.
    pub(super) fn abandon(&self) {
        for mark in &self.marks {
            // Release: who found the thread gone happens before whoever sees that.
            mark.store(self.free(), Ordering::Release);
        }
        // What it holds without a pin is not known, and must not hold back every list for ever. If a
        // coroutine ends such a call here, the count goes below zero: the record is nobody else's.
        let deep = self.deep.swap(0, Ordering::Relaxed) > 0;
        let pinned = self.pins().any(|pin| !pin.load(Ordering::Relaxed).is_null());
        self.owned.store(u8::from(pinned || deep), Ordering::Relaxed);
    }
}

/// A list that is held back. Belongs to a call in progress, which may finish on another
/// thread than it began on: the record is the one it began on.
#[derive(Debug)]
pub(crate) struct Pin {
    thread: &'static Thread,
    index: u32,
}

impl Pin {
    /// Lets the list go. `now` is the record of the thread on which the call ends.
    #[inline(always)]
    pub(crate) fn release(self, now: &Thread) {
        let Some(pin) = self.thread.pins.get(self.index as usize) else {
            self.thread.release_further(self.index, now);
            return;
        };
        // Release: what this call read of the list happens before whoever sees the pin gone frees it.
        pin.store(core::ptr::null_mut(), Ordering::Release);
        if core::ptr::eq(now, self.thread) {
            self.thread.top.store(self.index, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{FIRST_PIECE, GROWTH, PINS, Thread};
    use crate::sys::{Call, refuse};

    #[test]
    fn a_record_left_behind_by_a_fork_deep_in_calls_holds_back_nothing_and_is_nobody_elses() {
        let thread: &'static Thread = Box::leak(Box::new(Thread::new(core::ptr::null_mut())));
        assert!(thread.claim());
        let list = core::ptr::without_provenance_mut(64);
        let refusing = refuse(Call::Map.always(), None);
        let mut pins: Vec<_> = (0..PINS + 2).map(|_| thread.pin(list)).collect();
        drop(refusing);
        assert!(thread.is_deep());
        thread.abandon();
        assert!(!thread.is_deep(), "lists would be held back for ever");
        // A coroutine that began there goes on in the child, and ends.
        pins.drain(..).rev().for_each(|pin| pin.release(thread));
        assert!(!thread.is_deep());
        assert!(!thread.claim(), "its counts are no measure of another's calls");
    }

    #[test]
    fn marks_are_looked_at_that_were_used_and_no_others() {
        let thread: &'static Thread = Box::leak(Box::new(Thread::new(core::ptr::null_mut())));
        let something = core::ptr::without_provenance_mut(64);
        assert_eq!(thread.marks().len(), 1);
        for nested in 0..super::MARKS {
            let (running, mark) = thread.free_mark().expect("not all are in use");
            assert_eq!(running, nested);
            mark.store(something, super::Ordering::Relaxed);
            assert_eq!(thread.running().count(), nested + 1);
            assert_eq!(thread.marks().len(), nested + 1);
        }
        assert!(thread.free_mark().is_none());
        thread.abandon();
        assert_eq!((thread.running().count(), thread.marks().len()), (0, super::MARKS));
    }

    fn held(thread: &Thread) -> usize {
        thread.pins().filter(|pin| !pin.load(super::Ordering::Relaxed).is_null()).count()
    }

    #[test]
    fn every_call_has_a_pin_however_deep_and_none_is_looked_at_that_is_not_needed() {
        let thread: &'static Thread = Box::leak(Box::new(Thread::new(core::ptr::null_mut())));
        let list = core::ptr::without_provenance_mut(64);
        let all = PINS + FIRST_PIECE + GROWTH * FIRST_PIECE + 1;
        for moved in [None, Some(PINS - 1), Some(PINS), Some(PINS + FIRST_PIECE)] {
            let mut pins: Vec<_> = (0..all).map(|_| thread.pin(list)).collect();
            assert_eq!(held(thread), all);
            assert!(!thread.is_deep());
            if let Some(moved) = moved {
                // The call ends on another thread, and its pin is taken again.
                let elsewhere: &'static Thread =
                    Box::leak(Box::new(Thread::new(core::ptr::null_mut())));
                pins.remove(moved).release(elsewhere);
                assert_eq!(held(thread), all - 1);
                pins.pop().expect("there are more").release(thread);
                let again = thread.pin(list);
                pins.push(again);
                assert_eq!(held(thread), all - 1);
            }
            pins.drain(..).rev().for_each(|pin| pin.release(thread));
            assert_eq!(thread.pins().count(), PINS);
            assert_eq!(held(thread), 0);
        }
    }

    #[test]
    fn a_record_left_behind_by_a_fork_keeps_its_pins() {
        let thread: &'static Thread = Box::leak(Box::new(Thread::new(core::ptr::null_mut())));
        assert!(thread.claim());
        let list = core::ptr::without_provenance_mut(64);
        let pin = thread.pin(list);
        thread.abandon();
        assert!(thread.pins().any(|pin| pin.load(super::Ordering::Relaxed) == list));
        assert!(!thread.claim());
        pin.release(thread);
        assert!(thread.pins().all(|pin| pin.load(super::Ordering::Relaxed).is_null()));

        let idle: &'static Thread = Box::leak(Box::new(Thread::new(core::ptr::null_mut())));
        assert!(idle.claim());
        idle.abandon();
        assert!(idle.claim(), "the record of a thread without calls is given to another");
    }
}
