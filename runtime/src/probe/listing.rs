//! Where it is noted which lives are under way: places in memory that stays, so that whoever looks needs no lock and
//! holds nobody up.
//!
//! A life takes a place when it begins and gives it back when it ends, whichever threads that happens on. All in a place
//! is atomic: whoever reads while it changes hands sees another number before than after, and leaves it out. Places
//! that were given back are taken again first, so there are as many as there ever were lives at one time.

use core::alloc::Layout;
use core::cell::Cell;
use core::num::NonZero;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};
use std::time::Instant;

use crate::site::Function;
use crate::sys::{self, allocate_zeroed};

/// One life that is under way. A free place that was never taken is all zeros.
#[repr(align(64))]
struct Place {
    /// Its number; 0 while the place is free.
    id: AtomicU64,
    function: AtomicPtr<Function>,
    /// The number of the life around it; 0 if there is none.
    parent: AtomicU64,
    /// When it began, in nanoseconds since [`dawn`].
    began: AtomicU64,
    /// When its last poll began or ended, likewise, above a bit that says whether that poll is under way.
    turned: AtomicU64,
    polls: AtomicU64,
    /// Who has polled it last, by the system's number.
    thread: AtomicU32,
    /// While it is free: the place below it in the stack of free ones, counted from 1.
    below: AtomicU32,
}

/// How many places the first piece has; each has twice as many as the one before.
const FIRST: u32 = 64;
const PIECES: usize = 26;
/// How many there can be.
const MOST: u32 = FIRST * ((1 << PIECES) - 1);

static TABLE: [AtomicPtr<Place>; PIECES] =
    [const { AtomicPtr::new(core::ptr::null_mut()) }; PIECES];
/// How many places of the table were ever taken.
static USED: AtomicU32 = AtomicU32::new(0);
/// The free place to be taken next, counted from 1, and above it how often one was taken: by that, a stack that is as
/// before is told from one that only begins with the same place.
static FREE: AtomicU64 = AtomicU64::new(0);

std::thread_local! {
    /// The system's number of the thread; 0 while nobody has asked.
    static THREAD: Cell<u32> = const { Cell::new(0) };
}

fn this_thread() -> u32 {
    let mut thread = THREAD.get();
    if thread == 0 {
        thread = sys::thread();
        THREAD.set(thread);
    }
    thread
}

/// What times are counted from.
///
/// No thread waits for another that makes it, who might be gone: in the child of a fork.
fn dawn() -> Instant {
    static DAWN: AtomicPtr<Instant> = AtomicPtr::new(core::ptr::null_mut());
    let mut dawn = DAWN.load(Ordering::Acquire);
    if dawn.is_null() {
        let made = Box::into_raw(Box::new(Instant::now()));
        let (null, free, taken) = (core::ptr::null_mut(), Ordering::AcqRel, Ordering::Acquire);
        dawn = match DAWN.compare_exchange(null, made, free, taken) {
            Ok(_) => made,
            Err(other) => {
                // SAFETY: it was just made, and nobody knows of it.
                drop(unsafe { Box::from_raw(made) });
                other
            }
        };
    }
    // SAFETY: it was made before it was stored, and stays for ever.
    unsafe { *dawn }
}

/// Makes what the first life would have to wait for. Called before a function is armed.
pub(crate) fn prepare() {
    let _ = dawn();
}

fn nanos(at: Instant) -> u64 {
    // In 63 bits, which last for 292 years, and without wider numbers: each poll asks twice.
    let time = at.saturating_duration_since(dawn());
    time.as_secs().wrapping_mul(1_000_000_000).wrapping_add(time.subsec_nanos().into())
}

/// Which piece a place is in, and where.
fn piece_of(index: u32) -> (usize, usize) {
    let piece = (index / FIRST + 1).ilog2();
    let before = FIRST * ((1 << piece) - 1);
    (piece as usize, (index - before) as usize)
}

/// The place at an index, if its piece was made.
fn place(index: u32) -> Option<&'static Place> {
    let (piece, at) = piece_of(index);
    // Acquire: the zeros that `make` has asked for.
    let start = TABLE[piece].load(Ordering::Acquire);
    if start.is_null() {
        return None;
    }
    // SAFETY: the piece has so many places.
    let place = unsafe { start.add(at) };
    // SAFETY: they were zeros, which are places, before the piece was published, and stay for ever.
    Some(unsafe { &*place })
}

/// Makes the piece of a place, unless it is there.
fn make(index: u32) -> Option<&'static Place> {
    let (piece, _) = piece_of(index);
    if TABLE[piece].load(Ordering::Acquire).is_null() {
        let places = (FIRST as usize) << piece;
        let layout = Layout::array::<Place>(places).ok()?;
        // Zeros are free places.
        let made = allocate_zeroed(layout).ok()?.cast::<Place>();
        let (null, made) = (core::ptr::null_mut(), made.as_ptr());
        // Release: whoever finds the piece finds the zeros.
        let (free, taken) = (Ordering::Release, Ordering::Relaxed);
        if TABLE[piece].compare_exchange(null, made, free, taken).is_err() {
            // SAFETY: another thread was faster, and nobody knows of this one.
            unsafe { std::alloc::dealloc(made.cast(), layout) };
        }
    }
    place(index)
}

/// Takes a free place, or a new one.
fn take() -> Option<(u32, &'static Place)> {
    // Acquire: what is below the place, by whoever has given it back.
    let mut free = FREE.load(Ordering::Acquire);
    while let Some(index) = (free & u64::from(u32::MAX)).checked_sub(1) {
        let index = u32::try_from(index).ok()?;
        let place = place(index)?;
        let times = (free >> 32).wrapping_add(1);
        let next = times << 32 | u64::from(place.below.load(Ordering::Relaxed));
        match FREE.compare_exchange_weak(free, next, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => return Some((index, place)),
            Err(other) => free = other,
        }
    }
    let mut used = USED.load(Ordering::Relaxed);
    while used < MOST {
        // Before it counts as used: where there is no memory, it is asked for again.
        let place = make(used)?;
        match USED.compare_exchange_weak(used, used + 1, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return Some((used, place)),
            Err(other) => used = other,
        }
    }
    None
}

/// Gives back what was taken.
fn give_back(index: u32, place: &Place) {
    let mut free = FREE.load(Ordering::Relaxed);
    loop {
        place.below.store(free as u32, Ordering::Relaxed);
        let next = free & !u64::from(u32::MAX) | u64::from(index + 1);
        // Release: whoever takes it sees what is below it.
        match FREE.compare_exchange_weak(free, next, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(other) => free = other,
        }
    }
}

/// A life in the listing: it is there until this is dropped.
#[derive(Debug)]
pub(super) struct Listed {
    index: u32,
    place: &'static Place,
}

impl core::fmt::Debug for Place {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Place").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Listed {
    /// Lists a life; `None` if there is no memory for it.
    pub(super) fn new(
        id: NonZero<u64>,
        function: &'static Function,
        parent: Option<NonZero<u64>>,
        began: Instant,
    ) -> Option<Self> {
        let (index, place) = take()?;
        // Before all else that is stored, for whoever was reading of the life that was here: see `read`.
        fence(Ordering::Release);
        let began = nanos(began);
        place.function.store(core::ptr::from_ref(function).cast_mut(), Ordering::Relaxed);
        place.parent.store(parent.map_or(0, NonZero::get), Ordering::Relaxed);
        place.began.store(began, Ordering::Relaxed);
        place.turned.store(began << 1, Ordering::Relaxed);
        place.polls.store(0, Ordering::Relaxed);
        place.thread.store(this_thread(), Ordering::Relaxed);
        // Release: whoever finds the number finds all that.
        place.id.store(id.get(), Ordering::Release);
        Some(Self { index, place })
    }

    /// A poll begins, on this thread.
    pub(super) fn poll_begins(&self, at: Instant) {
        self.place.thread.store(this_thread(), Ordering::Relaxed);
        self.place.turned.store(nanos(at) << 1 | 1, Ordering::Relaxed);
    }

    /// So many have ended, the last one now.
    pub(super) fn poll_ends(&self, at: Instant, polls: u64) {
        self.place.turned.store(nanos(at) << 1, Ordering::Relaxed);
        self.place.polls.store(polls, Ordering::Relaxed);
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.place.id.store(0, Ordering::Relaxed);
        give_back(self.index, self.place);
    }
}

/// What was read of a life, with times in nanoseconds of the same clock.
pub(super) struct Read {
    pub(super) id: u64,
    pub(super) function: &'static Function,
    pub(super) parent: Option<u64>,
    pub(super) began: u64,
    pub(super) turned: u64,
    pub(super) is_polled: bool,
    pub(super) polls: u64,
    pub(super) thread: u32,
}

fn read(place: &Place) -> Option<Read> {
    // Acquire: what `Listed::new` has stored before the number.
    let id = place.id.load(Ordering::Acquire);
    if id == 0 {
        return None;
    }
    let function = place.function.load(Ordering::Relaxed);
    let parent = NonZero::new(place.parent.load(Ordering::Relaxed)).map(NonZero::get);
    let began = place.began.load(Ordering::Relaxed);
    let turned = place.turned.load(Ordering::Relaxed);
    let polls = place.polls.load(Ordering::Relaxed);
    let thread = place.thread.load(Ordering::Relaxed);
    // If any of that was stored for the next life here, then behind the fence in `Listed::new`, before which this
    // number was taken away: the two fences make that visible. No life has the number of another.
    fence(Ordering::Acquire);
    if place.id.load(Ordering::Relaxed) != id {
        return None;
    }
    // SAFETY: it is of the life of this number, which has stored a function there, and functions stay.
    let function = unsafe { function.as_ref() }?;
    let (turned, is_polled) = (turned >> 1, turned & 1 == 1);
    Some(Read { id, function, parent, began, turned, is_polled, polls, thread })
}

fn places() -> impl Iterator<Item = &'static Place> {
    (0..USED.load(Ordering::Relaxed)).filter_map(place)
}

/// All that are listed, in no order, and what time it is.
pub(super) fn read_all() -> (Vec<Read>, u64) {
    let read = places().filter_map(read).collect();
    (read, nanos(Instant::now()))
}

/// In a child of a fork: what other threads were polling, nobody is polling any more.
pub(crate) fn in_forked_child() {
    // The child's one thread has another number now.
    let (before, now) = (THREAD.replace(0), this_thread());
    for place in places() {
        let turned = place.turned.load(Ordering::Relaxed);
        if place.thread.load(Ordering::Relaxed) == before && before != 0 {
            place.thread.store(now, Ordering::Relaxed);
        } else if turned & 1 == 1 {
            // Nothing is stored where nothing changes: the pages are shared with the parent.
            place.turned.store(turned & !1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST, MOST, PIECES, piece_of};

    #[test]
    fn every_index_is_in_one_piece_at_one_place() {
        let mut expected = (0, 0);
        for index in 0..100 * FIRST {
            assert_eq!(piece_of(index), expected);
            expected.1 += 1;
            if expected.1 == (FIRST as usize) << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert_eq!(piece_of(MOST - 1), (PIECES - 1, ((FIRST as usize) << (PIECES - 1)) - 1));
    }
}
