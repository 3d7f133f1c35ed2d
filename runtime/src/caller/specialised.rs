//! Callers made for lists of one link: for a single probe, and for an entry and an exit probe.
//!
//! Where the type of the probe is known, the probe is part of the caller, and the arguments stay in
//! registers unless the probe wants them elsewhere. Otherwise the row says what to run, and that is
//! all there is to find out.
//!
//! A site gets one when all probes in its list are of one link that is found through the site and
//! does not block. The call is an ordinary one, whose last act is to call the body: the compiler makes a
//! jump of it where nothing of the frame is needed any more.
//!
//! When the list turns out to be another than the caller was made for, or the thread is in a
//! probe already, the call goes on in the caller that serves every list of the function.

use core::marker::PhantomData;

use crate::arch::{unless_equal, unless_null, unless_odd};
use crate::grace::{Slow, current, enter_slow};
use crate::md::Md;
use crate::probe::{EntryProbe, ExitProbe, Frame, List, ModRetProbe, Outcome, Row, Sole, Target};
use crate::probe::{call_entry, call_exit, call_mod_ret};
use crate::site::Slot;
use crate::sync::Ordering;

use super::origin::{call_body, drop_skipped, run_exits_of};
use super::select::specialised;

/// Goes on with a call of so many slots in the caller that serves every list.
///
/// # Safety
///
/// The slots are those of a call of the function whose metadata these are.
pub(crate) type HandOver<const N: usize> = unsafe fn([Slot; N], &'static Md) -> Slot;

/// What a caller is made for.
pub(crate) trait Specialised {
    /// Runs a call: the probes, and the body.
    ///
    /// # Safety
    ///
    /// The slots are those of a call of the function whose metadata `md` is, and `caller` is the
    /// address that its list has for this caller. `hand_over` is for so many slots.
    unsafe fn run<const N: usize>(
        slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot;
}

/// What an entry probe's row runs.
trait RunEntry {
    /// # Safety
    ///
    /// As [`Row::run_entry`], and the row is of a list whose own caller runs this.
    unsafe fn run(row: &Row, args: *mut Slot, target: &'static Target);
}

/// What the row of a probe that has to do with the result runs.
trait RunCall {
    /// Whether it runs the probe of any row.
    const ANY: bool;

    /// # Safety
    ///
    /// As [`Row::run_call`], and the row is of a list whose own caller runs this.
    unsafe fn run(row: &Row, frame: &mut Frame);
}

/// A probe of type `P`. Unless `THROUGH`, what it asks for is in the slots themselves.
struct Typed<P, M, const THROUGH: bool>(PhantomData<fn(P, M)>);

/// A probe of any type.
struct AsItSays;

impl<P: EntryProbe<M>, M, const THROUGH: bool> RunEntry for Typed<P, M, THROUGH> {
    #[inline(always)]
    unsafe fn run(row: &Row, args: *mut Slot, target: &'static Target) {
        let through = if THROUGH { row.through } else { 0 };
        // SAFETY: the caller's promise.
        unsafe { call_entry::<P, M>(row, args, target, through) };
    }
}

impl RunEntry for AsItSays {
    #[inline(always)]
    unsafe fn run(row: &Row, args: *mut Slot, target: &'static Target) {
        // SAFETY: the caller's promise.
        unsafe { row.run_entry(args, target) };
    }
}

/// A probe of type `P`.
struct TypedExit<P, M>(PhantomData<fn(P, M)>);

impl<P: ExitProbe<M>, M> RunCall for TypedExit<P, M> {
    const ANY: bool = false;

    #[inline(always)]
    unsafe fn run(row: &Row, frame: &mut Frame) {
        // SAFETY: the caller's promise.
        unsafe { call_exit::<P, M>(row, frame, 0) };
    }
}

/// A probe of type `P`, as [`Typed`].
struct TypedModRet<P, M, const THROUGH: bool>(PhantomData<fn(P, M)>);

impl<P: ModRetProbe<M>, M, const THROUGH: bool> RunCall for TypedModRet<P, M, THROUGH> {
    const ANY: bool = false;

    #[inline(always)]
    unsafe fn run(row: &Row, frame: &mut Frame) {
        let through = if THROUGH { row.through } else { 0 };
        // SAFETY: the caller's promise.
        unsafe { call_mod_ret::<P, M>(row, frame, through) };
    }
}

impl RunCall for AsItSays {
    const ANY: bool = true;

    #[inline(always)]
    unsafe fn run(row: &Row, frame: &mut Frame) {
        // SAFETY: the caller's promise.
        unsafe { row.run_call(frame) };
    }
}

/// The caller for one entry probe alone.
pub(crate) fn entry_caller<P: EntryProbe<M>, M>(slots: usize, through: u32) -> Option<*const ()> {
    if through == 0 {
        specialised::<EntryOnly<Typed<P, M, false>>>(slots)
    } else {
        specialised::<EntryOnly<Typed<P, M, true>>>(slots)
    }
}

/// The caller for one entry probe of any type alone.
pub(crate) fn any_entry_caller(slots: usize) -> Option<*const ()> {
    specialised::<EntryOnly<AsItSays>>(slots)
}

/// The caller for one modify-return probe alone.
pub(crate) fn mod_ret_caller<P, M>(slots: usize, through: u32) -> Option<*const ()>
where
    P: ModRetProbe<M>,
{
    if through == 0 {
        specialised::<ModRetOnly<TypedModRet<P, M, false>>>(slots)
    } else {
        specialised::<ModRetOnly<TypedModRet<P, M, true>>>(slots)
    }
}

/// The caller for one modify-return probe of any type alone.
pub(crate) fn any_mod_ret_caller(slots: usize) -> Option<*const ()> {
    specialised::<ModRetOnly<AsItSays>>(slots)
}

/// The caller for one exit probe alone.
pub(crate) fn exit_caller<P: ExitProbe<M>, M>(slots: usize, _: u32) -> Option<*const ()> {
    specialised::<ExitOnly<TypedExit<P, M>>>(slots)
}

/// The caller for one exit probe of any type alone.
pub(crate) fn any_exit_caller(slots: usize) -> Option<*const ()> {
    specialised::<ExitOnly<AsItSays>>(slots)
}

/// The caller for an entry and an exit probe of one link, if they are all there is.
pub(crate) fn pair_caller<P, PM, Q, QM>(slots: usize, through: u32) -> Option<*const ()>
where
    P: EntryProbe<PM>,
    Q: ExitProbe<QM>,
{
    if through == 0 {
        specialised::<Pair<Typed<P, PM, false>, TypedExit<Q, QM>>>(slots)
    } else {
        specialised::<Pair<Typed<P, PM, true>, TypedExit<Q, QM>>>(slots)
    }
}

/// The caller for an entry and an exit probe of any types.
pub(crate) fn any_pair_caller(slots: usize) -> Option<*const ()> {
    specialised::<Pair<AsItSays, AsItSays>>(slots)
}

/// The caller for entry and exit probes of one link, if they are all there is.
pub(crate) fn one_link_caller(slots: usize) -> Option<*const ()> {
    specialised::<OneLink>(slots)
}

struct EntryOnly<E>(PhantomData<E>);

impl<E: RunEntry> Specialised for EntryOnly<E> {
    #[inline(always)]
    unsafe fn run<const N: usize>(
        mut slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        let thread = current();
        let mark = thread.outermost();
        unless_null!(mark.load(Ordering::Relaxed), {
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        let list: &List = md.hold(mark);
        unless_equal!(list.own_caller(), caller, {
            mark.store(core::ptr::null_mut(), Ordering::Release);
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        // SAFETY: the list of this caller has one row.
        let row = unsafe { list.row(0) };
        // SAFETY: `thread` is the calling thread's.
        let errno = unsafe { thread.errno() };
        // SAFETY: the list was published when the mark was set or later, so whoever retires it
        // waits; the row is of the list whose caller this is, and was bound to this function.
        unsafe { E::run(row, slots.as_mut_ptr(), &md.target) };
        // SAFETY: `thread` is the calling thread's.
        unsafe { thread.set_errno(errno) };
        // Release: what the probe did happens before whatever waited for the mark.
        mark.store(core::ptr::null_mut(), Ordering::Release);
        // SAFETY: the origin is the body of this site's function.
        unsafe { call_body(md.origin(), slots) }
    }
}

/// A probe that runs before the body and may take its place.
struct ModRetOnly<C>(PhantomData<C>);

impl<C: RunCall> Specialised for ModRetOnly<C> {
    #[inline(always)]
    unsafe fn run<const N: usize>(
        mut slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        let thread = current();
        let mark = thread.outermost();
        unless_null!(mark.load(Ordering::Relaxed), {
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        let list: &List = md.hold(mark);
        unless_equal!(list.own_caller(), caller, {
            mark.store(core::ptr::null_mut(), Ordering::Release);
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        // SAFETY: the list of this caller has one row.
        let row = unsafe { list.row(0) };
        let mut ret = Slot::uninit();
        let place = place(md, &slots.clone(), &raw mut ret);
        let args = slots.as_mut_ptr();
        let mut frame =
            Frame { target: &raw const md.target, args, ret: place, outcome: Outcome::Running };
        // SAFETY: `thread` is the calling thread's.
        let errno = unsafe { thread.errno() };
        // SAFETY: as in `EntryOnly`.
        unsafe { C::run(row, &mut frame) };
        // SAFETY: `thread` is the calling thread's.
        unsafe { thread.set_errno(errno) };
        // Release: what the probe did happens before whatever waited for the mark.
        mark.store(core::ptr::null_mut(), Ordering::Release);
        unless_equal!(frame.outcome as u64, Outcome::Running as u64, {
            // SAFETY: the slots are this function's, nobody has taken their values, and the probe
            // has written the result.
            unsafe { drop_skipped(md, args, place) };
            return if md.target.ret_in_slot { ret } else { Slot::pointer(place) };
        });
        // SAFETY: the origin is the body of this site's function.
        unsafe { call_body(md.origin(), slots) }
    }
}

/// A probe that runs after the body.
struct ExitOnly<C>(PhantomData<C>);

impl<C: RunCall> Specialised for ExitOnly<C> {
    /// Nothing is held while the body runs: what is remembered is which link was alone in the
    /// list. When the body has returned, the list is looked at again.
    #[inline(always)]
    unsafe fn run<const N: usize>(
        slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        unless_null!(current().outermost().load(Ordering::Relaxed), {
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        let sole = md.sole();
        // Odd: the link has an exit probe there and nothing else.
        unless_odd!(sole.0, {
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        // SAFETY: the link's only row is that of its exit probe.
        unsafe { run_body::<C, N, 0>(slots, md, caller, sole) }
    }
}

/// An entry and an exit probe of one link.
struct Pair<E, C>(PhantomData<(E, C)>);

impl<E: RunEntry, C: RunCall> Specialised for Pair<E, C> {
    #[inline(always)]
    unsafe fn run<const N: usize>(
        mut slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        let thread = current();
        let mark = thread.outermost();
        unless_null!(mark.load(Ordering::Relaxed), {
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        let list: &List = md.hold(mark);
        unless_equal!(list.own_caller(), caller, {
            mark.store(core::ptr::null_mut(), Ordering::Release);
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        let sole = list.sole();
        // SAFETY: the list of this caller has two rows, and the first is that of an entry probe.
        let row = unsafe { list.row(0) };
        // SAFETY: `thread` is the calling thread's.
        let errno = unsafe { thread.errno() };
        // SAFETY: as in `EntryOnly`.
        unsafe { E::run(row, slots.as_mut_ptr(), &md.target) };
        // SAFETY: `thread` is the calling thread's.
        unsafe { thread.set_errno(errno) };
        // Release: what the probe did happens before whatever waited for the mark.
        mark.store(core::ptr::null_mut(), Ordering::Release);
        // SAFETY: the second row is that of the exit probe.
        unsafe { run_body::<C, N, 1>(slots, md, caller, sole) }
    }
}

/// Calls the body, and then runs the exit probe whose row is the one `AT` this place.
///
/// # Safety
///
/// As [`Specialised::run`]; and in every list whose sole link is `sole`, there is an exit probe's row
/// at this place.
#[inline(always)]
unsafe fn run_body<C: RunCall, const N: usize, const AT: u32>(
    slots: [Slot; N],
    md: &'static Md,
    caller: *const (),
    sole: Sole,
) -> Slot {
    let mut saved = slots;
    let unwinding = Unwinding { md, sole, args: (&raw mut saved).cast() };
    // SAFETY: the origin is the body of this site's function.
    let mut ret = unsafe { call_body(md.origin(), slots) };
    core::mem::forget(unwinding);
    let place = place(md, &saved, &raw mut ret);
    let thread = current();
    let mark = thread.outermost();
    unless_null!(mark.load(Ordering::Relaxed), {
        returned(sole, md, saved.as_mut_ptr(), place);
        return ret;
    });
    let list: &List = md.hold(mark);
    unless_equal!(list.sole().0, sole.0, {
        mark.store(core::ptr::null_mut(), Ordering::Release);
        returned(sole, md, saved.as_mut_ptr(), place);
        return ret;
    });
    if !C::ANY {
        // The call may have begun with another list than the one that had this caller.
        unless_equal!(list.own_caller(), caller, {
            mark.store(core::ptr::null_mut(), Ordering::Release);
            returned(sole, md, saved.as_mut_ptr(), place);
            return ret;
        });
    }
    // SAFETY: the caller's promise.
    let row = unsafe { list.row(AT) };
    let mut frame = Frame {
        target: &raw const md.target,
        args: saved.as_mut_ptr(),
        ret: place,
        outcome: Outcome::Returned,
    };
    // SAFETY: `thread` is the calling thread's.
    let errno = unsafe { thread.errno() };
    // SAFETY: as in `EntryOnly`.
    unsafe { C::run(row, &mut frame) };
    // SAFETY: `thread` is the calling thread's.
    unsafe { thread.set_errno(errno) };
    // Release: what the probe did happens before whatever waited for the mark.
    mark.store(core::ptr::null_mut(), Ordering::Release);
    ret
}

/// Where the function's result is or is to be, given its slots.
#[inline(always)]
fn place<const N: usize>(md: &Md, slots: &[Slot; N], ret: *mut Slot) -> *mut () {
    match slots.last() {
        // SAFETY: the last slot of a function whose result does not fit one is the address of room for
        // it.
        Some(out) if !md.target.ret_in_slot => unsafe { out.address() },
        _ => ret.cast(),
    }
}

/// Several entry and exit probes of one link.
struct OneLink;

impl Specialised for OneLink {
    #[inline(always)]
    unsafe fn run<const N: usize>(
        mut slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        let thread = current();
        let mark = thread.outermost();
        unless_null!(mark.load(Ordering::Relaxed), {
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        let list: &List = md.hold(mark);
        unless_equal!(list.own_caller(), caller, {
            mark.store(core::ptr::null_mut(), Ordering::Release);
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        let sole = list.sole();
        // SAFETY: `thread` is the calling thread's.
        let errno = unsafe { thread.errno() };
        for row in list.entries() {
            // SAFETY: the list was published when the mark was set or later, so whoever retires it
            // waits; and its rows were bound to this function.
            unsafe { row.run_entry(slots.as_mut_ptr(), &md.target) };
        }
        // SAFETY: `thread` is the calling thread's.
        unsafe { thread.set_errno(errno) };
        // Release: what the probes did happens before whatever waited for the mark.
        mark.store(core::ptr::null_mut(), Ordering::Release);
        // SAFETY: what the rows say is run by any caller of this link's list.
        unsafe { run_body_all(slots, md, sole) }
    }
}

/// As [`run_body`], for all exit probes.
///
/// # Safety
///
/// As [`Specialised::run`].
#[inline(always)]
unsafe fn run_body_all<const N: usize>(slots: [Slot; N], md: &'static Md, sole: Sole) -> Slot {
    let mut saved = slots;
    let unwinding = Unwinding { md, sole, args: (&raw mut saved).cast() };
    // SAFETY: the origin is the body of this site's function.
    let mut ret = unsafe { call_body(md.origin(), slots) };
    core::mem::forget(unwinding);
    let place = place(md, &saved, &raw mut ret);
    let thread = current();
    let mark = thread.outermost();
    unless_null!(mark.load(Ordering::Relaxed), {
        returned(sole, md, saved.as_mut_ptr(), place);
        return ret;
    });
    let list: &List = md.hold(mark);
    unless_equal!(list.sole().0, sole.0, {
        mark.store(core::ptr::null_mut(), Ordering::Release);
        returned(sole, md, saved.as_mut_ptr(), place);
        return ret;
    });
    let mut frame = Frame {
        target: &raw const md.target,
        args: saved.as_mut_ptr(),
        ret: place,
        outcome: Outcome::Returned,
    };
    // SAFETY: `thread` is the calling thread's.
    let errno = unsafe { thread.errno() };
    for row in list.exits() {
        // SAFETY: as for the entry probes.
        unsafe { row.run_call(&mut frame) };
    }
    // SAFETY: `thread` is the calling thread's.
    unsafe { thread.set_errno(errno) };
    // Release: what the probes did happens before whatever waited for the mark.
    mark.store(core::ptr::null_mut(), Ordering::Release);
    ret
}

/// A call of which only exit probes are left, if the body panics.
struct Unwinding {
    md: &'static Md,
    sole: Sole,
    args: *mut Slot,
}

impl Drop for Unwinding {
    #[inline(always)]
    fn drop(&mut self) {
        unwound(self.sole, self.md, self.args);
    }
}

/// Runs the exit probes of a call that has no result.
#[cold]
#[inline(never)]
fn unwound(sole: Sole, md: &'static Md, args: *mut Slot) {
    let ret = core::ptr::null_mut();
    run_exit_of(sole, md, args, ret, Outcome::Unwound);
}

/// Runs the exit probes of a call that has returned.
#[cold]
#[inline(never)]
fn returned(sole: Sole, md: &'static Md, args: *mut Slot, ret: *mut ()) {
    run_exit_of(sole, md, args, ret, Outcome::Returned);
}

/// Runs the exit probes of one link, if it is still attached: on any thread, in any list.
fn run_exit_of(sole: Sole, md: &'static Md, args: *mut Slot, ret: *mut (), outcome: Outcome) {
    match enter_slow() {
        Slow::Skip | Slow::Full { .. } => {}
        Slow::Enter { thread, mark, nested } => {
            let mut frame = Frame { target: &raw const md.target, args, ret, outcome };
            let (list, pin) = md.pin(thread);
            run_exits_of(sole.link(), list, &mut frame, thread, mark, nested);
            pin.release(thread);
        }
    }
}
