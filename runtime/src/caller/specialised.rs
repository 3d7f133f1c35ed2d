//! Callers made for lists of one link: for a single probe of a known type, which is then part of the
//! caller, so that the arguments stay in registers unless the probe wants them elsewhere; and for
//! several entry and exit probes.
//!
//! A site gets one when all probes in its list are of one link that is found through the site and
//! does not block. The call is an ordinary one, whose last act is to call the body: the compiler makes a
//! jump of it where nothing of the frame is needed any more.
//!
//! When the list turns out to be another than the caller was made for, or the thread is in a
//! probe already, the call goes on in the caller that serves every list of the function.

use core::marker::PhantomData;

use crate::arch::{unless_equal, unless_null};
use crate::grace::{Slow, current, enter_slow};
use crate::md::Md;
use crate::probe::{EntryProbe, ExitProbe, Frame, List, ModRetProbe, Outcome};
use crate::probe::{call_entry, call_exit, call_mod_ret};
use crate::site::Slot;
use crate::sync::Ordering;

use super::origin::{call_body, drop_skipped, result_place, run_exits_of};
use super::select::specialised;

/// Goes on with a call of so many slots in the caller that serves every list.
///
/// # Safety
///
/// The slots are those of a call of the function whose metadata these are.
pub(crate) type HandOver<const N: usize> = unsafe fn([Slot; N], &'static Md) -> Slot;

/// A kind of probe and the probe's type.
pub(crate) trait Specialised {
    /// Runs a call: the probe, and the body.
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

/// An entry probe of type `P`. Unless `THROUGH`, what it asks for is in the slots themselves.
struct EntryOnly<P, M, const THROUGH: bool>(PhantomData<fn(P, M)>);

/// The caller for one entry probe alone.
pub(crate) fn entry_caller<P: EntryProbe<M>, M>(slots: usize, through: u32) -> Option<*const ()> {
    if through == 0 {
        specialised::<EntryOnly<P, M, false>>(slots)
    } else {
        specialised::<EntryOnly<P, M, true>>(slots)
    }
}

impl<P: EntryProbe<M>, M, const THROUGH: bool> Specialised for EntryOnly<P, M, THROUGH> {
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
        // SAFETY: a list with a caller of its own has a row.
        let row = unsafe { list.first() };
        // SAFETY: `thread` is the calling thread's.
        let errno = unsafe { thread.errno() };
        let through = if THROUGH { row.through } else { 0 };
        // SAFETY: the list was published when the mark was set or later, so whoever retires it
        // waits; the row's probe is a `P`, because this caller is the row's, and was bound to this
        // function.
        unsafe { call_entry::<P, M>(row, slots.as_mut_ptr(), &md.target, through) };
        // SAFETY: `thread` is the calling thread's.
        unsafe { thread.set_errno(errno) };
        // Release: what the probe did happens before whatever waited for the mark.
        mark.store(core::ptr::null_mut(), Ordering::Release);
        // SAFETY: the origin is the body of this site's function.
        unsafe { call_body(md.origin(), slots) }
    }
}

/// A probe that runs before the body and may take its place.
struct ModRetOnly<P, M, const THROUGH: bool>(PhantomData<fn(P, M)>);

/// The caller for one modify-return probe alone.
pub(crate) fn mod_ret_caller<P, M>(slots: usize, through: u32) -> Option<*const ()>
where
    P: ModRetProbe<M>,
{
    if through == 0 {
        specialised::<ModRetOnly<P, M, false>>(slots)
    } else {
        specialised::<ModRetOnly<P, M, true>>(slots)
    }
}

impl<P: ModRetProbe<M>, M, const THROUGH: bool> Specialised for ModRetOnly<P, M, THROUGH> {
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
        // SAFETY: a list with a caller of its own has a row.
        let row = unsafe { list.first() };
        let mut ret = Slot::uninit();
        let args = slots.as_mut_ptr();
        // SAFETY: the slots are this function's.
        let place = unsafe { result_place(md, args, &raw mut ret) };
        let mut frame =
            Frame { target: &raw const md.target, args, ret: place, outcome: Outcome::Running };
        // SAFETY: `thread` is the calling thread's.
        let errno = unsafe { thread.errno() };
        let through = if THROUGH { row.through } else { 0 };
        // SAFETY: as in `EntryOnly`.
        unsafe { call_mod_ret::<P, M>(row, &mut frame, through) };
        // SAFETY: `thread` is the calling thread's.
        unsafe { thread.set_errno(errno) };
        // Release: what the probe did happens before whatever waited for the mark.
        mark.store(core::ptr::null_mut(), Ordering::Release);
        if frame.outcome == Outcome::Running {
            // SAFETY: the origin is the body of this site's function.
            return unsafe { call_body(md.origin(), slots) };
        }
        // SAFETY: the slots are this function's, nobody has taken their values, and the probe has
        // written the result.
        unsafe { drop_skipped(md, args, place) };
        if md.target.ret_in_slot { ret } else { Slot::pointer(place) }
    }
}

/// A probe that runs after the body.
struct ExitOnly<P, M>(PhantomData<fn(P, M)>);

/// The caller for one exit probe alone.
pub(crate) fn exit_caller<P: ExitProbe<M>, M>(slots: usize, _: u32) -> Option<*const ()> {
    specialised::<ExitOnly<P, M>>(slots)
}

impl<P: ExitProbe<M>, M> Specialised for ExitOnly<P, M> {
    /// Nothing is held while the body runs: what is remembered is which link was alone in the
    /// list. When the body has returned, the list is looked at again.
    #[inline(always)]
    unsafe fn run<const N: usize>(
        mut slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        unless_null!(current().outermost().load(Ordering::Relaxed), {
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        let Some(link) = md.alone(caller) else {
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        };
        let args = slots;
        let unwinding = Unwinding { md, link, args: (&raw mut slots).cast() };
        // SAFETY: the origin is the body of this site's function.
        let mut ret = unsafe { call_body(md.origin(), args) };
        core::mem::forget(unwinding);
        // SAFETY: the slots are this function's.
        let place = unsafe { result_place(md, slots.as_mut_ptr(), &raw mut ret) };
        let mut frame = Frame {
            target: &raw const md.target,
            args: slots.as_mut_ptr(),
            ret: place,
            outcome: Outcome::Returned,
        };
        let thread = current();
        let mark = thread.outermost();
        unless_null!(mark.load(Ordering::Relaxed), {
            run_exit_of(link, md, &mut frame);
            return ret;
        });
        let list: &List = md.hold(mark);
        let Some(row) = list.only_row_of_link(link) else {
            mark.store(core::ptr::null_mut(), Ordering::Release);
            run_exit_of(link, md, &mut frame);
            return ret;
        };
        // SAFETY: `thread` is the calling thread's.
        let errno = unsafe { thread.errno() };
        // SAFETY: the list was published when the mark was set or later, so whoever retires it
        // waits; the row's probe is a `P`, because the link is the one whose caller
        // this is, and was bound to this function.
        unsafe { call_exit::<P, M>(row, &mut frame, 0) };
        // SAFETY: `thread` is the calling thread's.
        unsafe { thread.set_errno(errno) };
        // Release: what the probe did happens before whatever waited for the mark.
        mark.store(core::ptr::null_mut(), Ordering::Release);
        ret
    }
}

/// The entry and exit probes of one link, of any type.
struct OneLink;

/// The caller for the entry and exit probes of one link, if they are all there is.
pub(crate) fn one_link_caller(slots: usize) -> Option<*const ()> {
    specialised::<OneLink>(slots)
}

impl Specialised for OneLink {
    /// As the callers of one probe, but that the rows say which code to run.
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
        let link = list.only();
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

        let args = slots;
        let unwinding = Unwinding { md, link, args: (&raw mut slots).cast() };
        // SAFETY: the origin is the body of this site's function.
        let mut ret = unsafe { call_body(md.origin(), args) };
        core::mem::forget(unwinding);
        // SAFETY: the slots are this function's.
        let place = unsafe { result_place(md, slots.as_mut_ptr(), &raw mut ret) };
        let mut frame = Frame {
            target: &raw const md.target,
            args: slots.as_mut_ptr(),
            ret: place,
            outcome: Outcome::Returned,
        };
        let thread = current();
        let mark = thread.outermost();
        unless_null!(mark.load(Ordering::Relaxed), {
            run_exit_of(link, md, &mut frame);
            return ret;
        });
        let list: &List = md.hold(mark);
        if list.only() != link {
            mark.store(core::ptr::null_mut(), Ordering::Release);
            run_exit_of(link, md, &mut frame);
            return ret;
        }
        // SAFETY: `thread` is the calling thread's.
        let errno = unsafe { thread.errno() };
        for row in list.exits() {
            // SAFETY: as for the entry probes.
            unsafe { row.run_call(&mut frame) };
        }
        // SAFETY: `thread` is the calling thread's.
        unsafe { thread.set_errno(errno) };
        // Release: as above.
        mark.store(core::ptr::null_mut(), Ordering::Release);
        ret
    }
}

/// A call of which only the exit probe is left, if the body panics.
struct Unwinding {
    md: &'static Md,
    link: u64,
    args: *mut Slot,
}

impl Drop for Unwinding {
    #[inline(always)]
    fn drop(&mut self) {
        unwound(self.link, self.md, self.args);
    }
}

/// Runs the exit probe of a call that has no result.
#[cold]
#[inline(never)]
fn unwound(link: u64, md: &'static Md, args: *mut Slot) {
    let mut frame = Frame {
        target: &raw const md.target,
        args,
        ret: core::ptr::null_mut(),
        outcome: Outcome::Unwound,
    };
    run_exit_of(link, md, &mut frame);
}

/// Runs the exit probe of one link, if it is still attached: on any thread, in any list.
#[cold]
#[inline(never)]
fn run_exit_of(link: u64, md: &'static Md, frame: &mut Frame) {
    match enter_slow() {
        Slow::Skip | Slow::Full { .. } => {}
        Slow::Enter { thread, mark, nested } => {
            let (list, pin) = md.pin(thread);
            run_exits_of(link, list, frame, thread, mark, nested);
            pin.release(thread);
        }
    }
}
