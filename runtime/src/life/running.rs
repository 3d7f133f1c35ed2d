//! What a future keeps whose life probes see.

use core::future::Future;
use core::mem::{ManuallyDrop, MaybeUninit};

use crate::caller::{Halves, replaced};
use crate::probe::{LifeInfo, Outcome, discard, drop_caught, go_on};
use crate::site::{Lives, Slot};

use super::instead::Instead;

type Output<L> = <<L as Lives>::Future as Future>::Output;

/// Room for a result, as large as a slot at least.
union Ret<T> {
    empty: (),
    value: ManuallyDrop<MaybeUninit<T>>,
    _slot: Slot,
}

impl<T> Ret<T> {
    const fn new() -> Self {
        Self { empty: () }
    }

    fn place(&mut self) -> *mut () {
        core::ptr::from_mut(self).cast()
    }

    /// # Safety
    ///
    /// There is a result, which nobody takes again.
    unsafe fn take(&mut self) -> T {
        // SAFETY: as large as the result, and uninitialised at worst.
        let value = unsafe { &mut self.value };
        // SAFETY: the caller's promise.
        unsafe { value.assume_init_read() }
    }
}

/// How a life begins.
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
pub(super) enum Begun<L: Lives> {
    /// No probe sees it, and its body runs.
    Unprobed,
    /// A probe has decided the result: the body is not to run.
    Decided(Decided<L>),
    /// It goes on, and not just as that of its body: that is still to be made, or something is in its place. The
    /// arguments are there unless a patch has taken them.
    Running(Box<Running<L>>),
}

/// A life that is not just that of its body.
pub(super) struct Running<L: Lives> {
    /// What probes have of it, if any see it.
    pub(super) seen: Option<Seen<L>>,
    /// What is polled in the place of the body, which is not there then.
    pub(super) instead: Option<Instead<Output<L>>>,
}

/// A life that probes see.
pub(super) struct Seen<L: Lives> {
    pub(super) info: LifeInfo,
    halves: Halves,
    /// Copies of the arguments as they were when it began: what is `Copy` in them may still be read at the end.
    args: MaybeUninit<L::Args>,
}

impl<L: Lives> Running<L> {
    /// Runs the entry probes of a call with the arguments at this place. If the result is decided or the body
    /// patched, the arguments are the caller's no more.
    ///
    /// # Safety
    ///
    /// They are there, and `entry` is null or the stub of their function, one of whose switches was found armed.
    pub(super) unsafe fn begin(entry: *const (), args: *mut L::Args) -> Begun<L> {
        if entry.is_null() {
            return Begun::Unprobed;
        }
        // SAFETY: the caller's promise.
        let Some(mut halves) = (unsafe { Halves::of(entry) }) else {
            // SAFETY: the caller's promise.
            let instead = unsafe { patched::<L>(entry, args) };
            return match instead {
                Some(_) => Begun::Running(Box::new(Self { seen: None, instead })),
                None => Begun::Unprobed,
            };
        };
        let mut info = LifeInfo::begin();
        let mut ret = Ret::<Output<L>>::new();
        // SAFETY: the arguments stay where they are until the slots are gone.
        let mut slots = unsafe { L::slots(args) };
        let place = place_of(&halves, &mut slots, &mut ret);
        let first = slots.as_mut().as_mut_ptr();
        // SAFETY: these are the call's slots and its place.
        let outcome = unsafe { halves.begin(first, place, &info) };
        // SAFETY: the slots were made of these.
        unsafe { L::restore(args, &slots) };
        let answer = info.take_answer();
        if outcome == Outcome::Skipped && answer.is_none() {
            return Begun::Decided(Decided { info, halves, args, ret });
        }
        info.list(halves.function());
        // SAFETY: they are there; of the copy, only what is `Copy` is read.
        let copy = unsafe { args.cast::<MaybeUninit<L::Args>>().read() };
        let seen = Some(Seen { info, halves, args: copy });
        let instead = match answer {
            // SAFETY: the probe was bound to the function, whose output its future gives, and it borrows nothing.
            Some(answer) => Some(unsafe { Instead::of(answer.as_ptr(), None) }),
            // SAFETY: the caller's promise.
            None => unsafe { patched::<L>(entry, args) },
        };
        Begun::Running(Box::new(Self { seen, instead }))
    }

    /// Ends it with this result.
    pub(super) fn returned(self, ret: Output<L>) -> Output<L> {
        let mut ret = ret;
        let place = core::ptr::from_mut(&mut ret).cast();
        let Self { seen, instead } = self;
        let outcome = instead.as_ref().map_or(Outcome::Returned, Instead::outcome);
        // Before the exit probes: they may wait until no call is in a patch.
        let dropped = drop_caught(instead);
        if let Some(mut seen) = seen {
            let (place, outcome) = match &dropped {
                Ok(()) => (place, outcome),
                Err(_) => (core::ptr::null_mut(), Outcome::Unwound),
            };
            // SAFETY: the result is there if the outcome says so.
            unsafe { seen.end(place, outcome) };
        }
        go_on(dropped);
        ret
    }

    /// Ends it without a result: its poll panics.
    pub(super) fn unwound(self) {
        // As above. The panic that goes on is that of the poll.
        let _ = drop_caught(self.instead).map_err(discard);
        if let Some(mut seen) = self.seen {
            // SAFETY: there is no result.
            unsafe { seen.end(core::ptr::null_mut(), Outcome::Unwound) };
        }
    }

    /// Whether something is in the place of the body.
    pub(super) fn has_instead(&self) -> bool {
        self.instead.is_some()
    }
}

impl<L: Lives> Seen<L> {
    /// # Safety
    ///
    /// If the outcome has a result, it is at `ret`.
    unsafe fn end(&mut self, ret: *mut (), outcome: Outcome) {
        // SAFETY: these are copies of arguments.
        let mut slots = unsafe { L::slots(self.args.as_mut_ptr()) };
        let slots = slots.as_mut().as_mut_ptr();
        // SAFETY: the slots are as when it began, and the rest is the caller's promise.
        unsafe { self.halves.end(slots, ret, outcome, &self.info) };
    }
}

/// What a patch makes of the arguments, which are gone then; `None` if the body is to run.
///
/// # Safety
///
/// As [`Running::begin`], where `entry` is not null.
unsafe fn patched<L: Lives>(entry: *const (), args: *mut L::Args) -> Option<Instead<Output<L>>> {
    // SAFETY: the caller's promise.
    let patch = unsafe { replaced(entry) }?;
    // SAFETY: the arguments stay where they are until the slots are gone.
    let mut slots = unsafe { L::slots(args) };
    let slots = slots.as_mut().as_mut_ptr();
    // SAFETY: it was checked against this function, whose slots these are, and nobody else takes the values.
    let made = unsafe { patch.code().run(slots) };
    // SAFETY: what an async replacement returns is an address.
    let made = unsafe { made.address() };
    // SAFETY: it is that of a future of the function's output, which borrows what the arguments did.
    Some(unsafe { Instead::of(made, Some(patch)) })
}

/// Where a result is to be: the address of a large one is in the last slot.
fn place_of<S: AsMut<[Slot]>, T>(halves: &Halves, slots: &mut S, ret: &mut Ret<T>) -> *mut () {
    let place = ret.place();
    if !halves.ret_in_slot()
        && let Some(last) = slots.as_mut().last_mut()
    {
        *last = Slot::pointer(place);
    }
    place
}

/// Ends a life whose future is dropped: first what is polled, the body by `drop_body`, even if that panics.
///
/// # Safety
///
/// It is the address of a [`Running`], which nobody uses any more.
pub(super) unsafe fn cancel<L: Lives>(running: *mut (), drop_body: impl FnOnce()) {
    // SAFETY: the caller's promise; it was a box.
    let running = unsafe { Box::from_raw(running.cast::<Running<L>>()) };
    let is_body = !running.has_instead();
    let _ends = Cancelled { _instead: running.instead, _seen: running.seen.map(CancelledSeen) };
    if is_body {
        drop_body();
    }
}

/// A life that ends when this is dropped.
struct Cancelled<L: Lives> {
    /// First; if that panics, the other still follows.
    _instead: Option<Instead<Output<L>>>,
    _seen: Option<CancelledSeen<L>>,
}

/// What runs the exit probes.
struct CancelledSeen<L: Lives>(Seen<L>);

impl<L: Lives> Drop for CancelledSeen<L> {
    fn drop(&mut self) {
        // SAFETY: there is no result.
        unsafe { self.0.end(core::ptr::null_mut(), Outcome::Cancelled) };
    }
}

/// A call whose result was decided before its body ran.
pub(super) struct Decided<L: Lives> {
    info: LifeInfo,
    halves: Halves,
    args: *mut L::Args,
    ret: Ret<Output<L>>,
}

impl<L: Lives> Decided<L> {
    /// Drops the arguments, runs the exit probes, and returns the result.
    pub(super) fn end(mut self) -> Output<L> {
        let place = self.ret.place();
        // SAFETY: the arguments are where they were.
        let mut slots = unsafe { L::slots(self.args) };
        let slots = slots.as_mut().as_mut_ptr();
        let mut unwinding = Exits { decided: &mut self, slots, outcome: Outcome::Unwound };
        // SAFETY: the body, which would have taken them, does not run, and the result is there.
        unsafe { unwinding.decided.halves.drop_args(slots, place) };
        unwinding.outcome = Outcome::Skipped;
        drop(unwinding);
        // SAFETY: the result is there.
        unsafe { self.ret.take() }
    }
}

/// Runs the exit probes of a decided call, also if the drop of an argument panics.
struct Exits<'d, L: Lives> {
    decided: &'d mut Decided<L>,
    slots: *mut Slot,
    outcome: Outcome,
}

impl<L: Lives> Drop for Exits<'_, L> {
    fn drop(&mut self) {
        let Decided { info, halves, ret, .. } = &mut *self.decided;
        // SAFETY: of what the slots have, only what is `Copy` is read; and the result is there if the outcome says so.
        unsafe { halves.end(self.slots, ret.place(), self.outcome, info) };
    }
}

/// Runs the exit probes of a call that nobody has polled.
///
/// # Safety
///
/// The arguments are there, and `entry` is the stub of their function, one of whose switches was found armed.
#[cold]
#[inline(never)]
pub(super) unsafe fn cancel_unpolled<L: Lives>(entry: *const (), args: *mut L::Args) {
    // SAFETY: the caller's promise.
    let Some(mut halves) = (unsafe { Halves::of(entry) }) else { return };
    if !halves.has_end() {
        return;
    }
    // SAFETY: the arguments stay where they are until the slots are gone.
    let mut slots = unsafe { L::slots(args) };
    let slots = slots.as_mut().as_mut_ptr();
    // SAFETY: the slots are those of the call, and there is no result.
    unsafe { halves.end(slots, core::ptr::null_mut(), Outcome::Cancelled, &LifeInfo::begin()) };
}
