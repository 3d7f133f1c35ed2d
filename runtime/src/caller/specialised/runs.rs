//! Which probes of a list run, and how: one of a type that is known, one of any type, or all.

use core::marker::PhantomData;

use crate::grace::{Thread, leave};
use crate::md::Md;
use crate::probe::{END_SLOTS, EntryProbe, ExitProbe, List, ModRetProbe, Outcome, Row, Target};
use crate::probe::{run_entry, run_exit, run_mod_ret};
use crate::site::Slot;

use super::super::result::place;

/// Which entry probes of a list run, and how.
pub(super) trait RunEntries<K = ()> {
    /// Keeps `errno` from them, as all of these do.
    ///
    /// # Safety
    ///
    /// The thread is the calling thread's, and holds the list. The list's own caller runs this: it has such
    /// rows, which were bound to the target's function. The slots are those of a call of it.
    unsafe fn run(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        thread: &Thread,
        kept: &mut K,
    );
}

/// Which modify-return probe of a list runs, and how.
pub(super) trait RunModRet {
    /// Whether the result travels in a slot.
    const IN_SLOT: bool;

    /// # Safety
    ///
    /// As [`RunEntries::run`]. There is room for a result, and none yet.
    unsafe fn run(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        ret: *mut (),
        thread: &Thread,
    ) -> Outcome;
}

/// Which exit probes of a list run, and how.
pub(super) trait RunExits<K = ()>: Sized {
    /// Whether the result travels in a slot, if that is known.
    const IN_SLOT: Option<bool>;

    /// # Safety
    ///
    /// As [`RunEntries::run`]; if it is one probe, it is the row `AT` this place. The function has
    /// returned, and its result is there.
    unsafe fn run<const AT: u32>(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        ret: *mut (),
        thread: &Thread,
        kept: &mut K,
    );

    /// Runs them at the end of a call with these slots and this result, lets the mark go under which they
    /// run, and returns the result. The list comes as an address, because then it can be gone.
    ///
    /// # Safety
    ///
    /// As [`RunExits::run`]; the slots are those of a call of the metadata's function, and the mark is the
    /// thread's outermost.
    #[inline(always)]
    unsafe fn end<const N: usize, const AT: u32>(
        list: *const List,
        slots: &mut [Slot; N],
        md: &'static Md,
        ret: Slot,
        thread: &Thread,
        kept: &mut K,
    ) -> Slot {
        // SAFETY: the caller's promise.
        unsafe { end_here::<Self, N, AT, K>(list, slots, md, ret, thread, kept) }
    }
}

/// One probe of type `P`. Unless `THROUGH`, what it asks for is in the slots themselves.
pub(in crate::caller) struct Typed<P, M, const THROUGH: bool>(PhantomData<fn(P, M)>);

/// One probe of any type.
pub(in crate::caller) struct AsItSays;

/// One exit probe of any type, of functions whose result travels in a slot, or of those whose result does
/// not.
pub(in crate::caller) struct Returning<const IN_SLOT: bool>;

/// Every probe there is.
pub(in crate::caller) struct EveryOne;

impl<K, P: EntryProbe<M>, M, const THROUGH: bool> RunEntries<K> for Typed<P, M, THROUGH> {
    #[inline(always)]
    unsafe fn run(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        thread: &Thread,
        _: &mut K,
    ) {
        // SAFETY: the list has such a row, says the caller.
        let row = unsafe { list.row(0) };
        // SAFETY: the caller's promise.
        unsafe { run_entry::<P, M, THROUGH>(row, args, target, thread.errno()) };
    }
}

impl<K> RunEntries<K> for AsItSays {
    #[inline(always)]
    unsafe fn run(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        thread: &Thread,
        _: &mut K,
    ) {
        // SAFETY: the list has such a row, says the caller.
        let row = unsafe { list.row(0) };
        // SAFETY: the caller's promise.
        unsafe { row.run_entry(args, target, thread) };
    }
}

impl<K> RunExits<K> for AsItSays {
    const IN_SLOT: Option<bool> = None;

    #[inline(always)]
    unsafe fn run<const AT: u32>(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        ret: *mut (),
        thread: &Thread,
        _: &mut K,
    ) {
        // SAFETY: the list has such a row, says the caller.
        let row = unsafe { list.row(AT) };
        // SAFETY: the caller's promise.
        unsafe { row.run_exit(args, target, ret, Outcome::Returned, thread) };
    }
}

impl<K> RunEntries<K> for EveryOne {
    #[inline(always)]
    unsafe fn run(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        thread: &Thread,
        _: &mut K,
    ) {
        for row in list.entries() {
            // SAFETY: the caller's promise.
            unsafe { row.run_entry(args, target, thread) };
        }
    }
}

impl<P: ModRetProbe<M>, M, const THROUGH: bool> RunModRet for Typed<P, M, THROUGH> {
    const IN_SLOT: bool = Slot::holds::<P::Ret>();

    #[inline(always)]
    unsafe fn run(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        ret: *mut (),
        thread: &Thread,
    ) -> Outcome {
        // SAFETY: the list has such a row, says the caller.
        let row = unsafe { list.row(0) };
        // SAFETY: the caller's promise.
        unsafe { run_mod_ret::<P, M, THROUGH>(row, args, target, ret, thread.errno()) }
    }
}

/// What an exit probe asks for is in the slots themselves.
impl<K, P: ExitProbe<M>, M> RunExits<K> for Typed<P, M, false> {
    const IN_SLOT: Option<bool> = P::RET_IN_SLOT;

    #[inline(always)]
    unsafe fn run<const AT: u32>(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        ret: *mut (),
        thread: &Thread,
        _: &mut K,
    ) {
        // SAFETY: the list has such a row, says the caller.
        let row = unsafe { list.row(AT) };
        let (outcome, errno) = (Outcome::Returned, thread.errno());
        // SAFETY: the caller's promise.
        unsafe { run_exit::<P, M, false>(row, args, target, ret, outcome, errno) };
    }
}

impl<K, const IN_SLOT: bool> RunExits<K> for Returning<IN_SLOT> {
    const IN_SLOT: Option<bool> = Some(IN_SLOT);

    #[inline(always)]
    unsafe fn run<const AT: u32>(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        ret: *mut (),
        thread: &Thread,
        kept: &mut K,
    ) {
        // SAFETY: the caller's promise.
        unsafe { <AsItSays as RunExits<K>>::run::<AT>(list, args, target, ret, thread, kept) };
    }

    /// Few slots stay in registers, and the frame goes before the probe runs.
    #[inline(always)]
    unsafe fn end<const N: usize, const AT: u32>(
        list: *const List,
        slots: &mut [Slot; N],
        md: &'static Md,
        ret: Slot,
        thread: &Thread,
        kept: &mut K,
    ) -> Slot {
        if IN_SLOT && N <= END_SLOTS {
            // SAFETY: the caller's promise: the mark holds it.
            let held = unsafe { &*list };
            let slot = |at| slots.get(at).copied().unwrap_or(Slot::uninit());
            // SAFETY: the list has such a row, says the caller.
            let row = core::ptr::from_ref(unsafe { held.row(AT) });
            // SAFETY: the caller's promise.
            return unsafe { Row::end_call(row, core::array::from_fn(slot), &md.target, ret) };
        }
        // SAFETY: the caller's promise.
        unsafe { end_here::<Self, N, AT, K>(list, slots, md, ret, thread, kept) }
    }
}

impl<K> RunExits<K> for EveryOne {
    const IN_SLOT: Option<bool> = None;

    #[inline(always)]
    unsafe fn run<const AT: u32>(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        ret: *mut (),
        thread: &Thread,
        _: &mut K,
    ) {
        for row in list.exits() {
            // SAFETY: the caller's promise.
            unsafe { row.run_exit(args, target, ret, Outcome::Returned, thread) };
        }
    }
}

/// Ends a call in the frame of its caller, see [`RunExits::end`].
///
/// # Safety
///
/// As there.
#[inline(always)]
unsafe fn end_here<C: RunExits<K>, const N: usize, const AT: u32, K>(
    list: *const List,
    slots: &mut [Slot; N],
    md: &'static Md,
    mut ret: Slot,
    thread: &Thread,
    kept: &mut K,
) -> Slot {
    let place = place(md, C::IN_SLOT, slots, &raw mut ret);
    // SAFETY: the caller's promise: the mark holds it.
    let held = unsafe { &*list };
    // SAFETY: the caller's promise.
    unsafe { C::run::<AT>(held, slots.as_mut_ptr(), &md.target, place, thread, kept) };
    leave(thread, thread.outermost());
    ret
}
