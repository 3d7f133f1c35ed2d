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
//! When another caller is selected by then, or the thread is in a probe already, the call goes on in
//! the caller that serves every list of the function.

mod half;
mod keep;
mod runs;

use core::marker::PhantomData;

use crate::arch::{unless_equal_at, unless_null, unless_odd};
use crate::grace::{Slow, Thread, current, enter_slow, leave};
use crate::md::Md;
use crate::probe::{Frame, List, Outcome, Sole, States, admits_at_once, is_one_link};
use crate::scope::is_in_any;
use crate::site::Slot;

use super::origin::{call_body, run_exits_of};
use super::result::{drop_skipped, place};
use super::run::miss;
pub(super) use half::Half;
use keep::Keep;
pub(super) use runs::{AsItSays, EveryOne, Returning, Typed};
use runs::{RunEntries, RunExits, RunModRet};

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
    /// address by which this caller is selected. `hand_over` is for so many slots.
    unsafe fn run<const N: usize>(
        slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot;
}

/// The thread's record and the list of the link that is alone at some metadata, held; or what comes after
/// `else` where the thread runs a probe already, or the word so far into the metadata is not the value
/// that says so.
macro_rules! hold {
    ($md:expr, if $word:expr, $value:expr, same: $same:expr, else $rare:expr) => {{
        let thread = current();
        let mark = thread.outermost();
        unless_equal_at!(thread, Thread::OUTERMOST, thread.free(), same: thread.is_idle(), {
            return $rare;
        });
        $md.hold(mark);
        unless_equal_at!($md, $word, $value, same: $same, {
            leave(thread, mark);
            return $rare;
        });
        // SAFETY: the mark was set, and then the word was found that says so.
        (thread, unsafe { $md.own_list() })
    }};
}

/// [`hold`], if this caller is the selected one.
macro_rules! hold_own {
    ($md:expr, $caller:expr, else $rare:expr) => {
        hold!($md, if Md::CALLER, $caller, same: $md.is_selected($caller), else $rare)
    };
}

/// Probes that run before the body.
pub(super) struct EntryOnly<E>(PhantomData<E>);

impl<E: RunEntries> Specialised for EntryOnly<E> {
    #[inline(always)]
    unsafe fn run<const N: usize>(
        mut slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        let (thread, list) = hold_own!(md, caller, else {
            // SAFETY: the caller's promise.
            unsafe { hand_over(slots, md) }
        });
        // SAFETY: the list is held, and is one that this caller was made for.
        unsafe { E::run(list, slots.as_mut_ptr(), &md.target, thread, &mut ()) };
        leave(thread, thread.outermost());
        // SAFETY: the origin is the body of this site's function.
        unsafe { call_body(md.origin(), slots) }
    }
}

/// An entry probe of a link that is limited to a scope.
pub(super) struct InScope<E>(PhantomData<E>);

impl<E: RunEntries> Specialised for InScope<E> {
    #[inline(always)]
    unsafe fn run<const N: usize>(
        mut slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        // Where no scope is in force, nothing is held, and nothing of the list is looked at. That this caller is
        // selected is asked, because an entry may still show it when another link has come.
        if !is_in_any() && md.is_selected(caller) {
            // SAFETY: the origin is the body of this site's function.
            return unsafe { call_body(md.origin(), slots) };
        }
        let (thread, list) = hold_own!(md, caller, else {
            // SAFETY: the caller's promise.
            unsafe { hand_over(slots, md) }
        });
        // SAFETY: the list is held, and is one that this caller was made for.
        let row = unsafe { list.row(0) };
        // SAFETY: the list is held.
        match unsafe { admits_at_once(row) } {
            Some(false) => {}
            // SAFETY: the list is held, and is one that this caller was made for.
            Some(true) => unsafe { E::run(list, slots.as_mut_ptr(), &md.target, thread, &mut ()) },
            None => {
                leave(thread, thread.outermost());
                // SAFETY: the caller's promise.
                return unsafe { hand_over(slots, md) };
            }
        }
        leave(thread, thread.outermost());
        // SAFETY: the origin is the body of this site's function.
        unsafe { call_body(md.origin(), slots) }
    }
}

/// A probe that runs before the body and may take its place.
pub(super) struct ModRetOnly<C>(PhantomData<C>);

impl<C: RunModRet> Specialised for ModRetOnly<C> {
    #[inline(always)]
    unsafe fn run<const N: usize>(
        mut slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        let (thread, list) = hold_own!(md, caller, else {
            // SAFETY: the caller's promise.
            unsafe { hand_over(slots, md) }
        });
        let mut ret = Slot::uninit();
        let place = place(md, Some(C::IN_SLOT), &slots.clone(), &raw mut ret);
        let args = slots.as_mut_ptr();
        // SAFETY: the list is held, and is one that this caller was made for.
        let outcome = unsafe { C::run(list, args, &md.target, place, thread) };
        leave(thread, thread.outermost());
        unless_null!(core::ptr::without_provenance_mut(outcome as usize), {
            // SAFETY: the slots are this function's, nobody has taken their values, and the probe
            // has written the result.
            unsafe { drop_skipped(md, args, place) };
            return if C::IN_SLOT { ret } else { Slot::pointer(place) };
        });
        // SAFETY: the origin is the body of this site's function.
        unsafe { call_body(md.origin(), slots) }
    }
}

/// A probe that runs after the body.
pub(super) struct ExitOnly<C>(PhantomData<C>);

impl<C: RunExits> Specialised for ExitOnly<C> {
    /// Nothing is held while the body runs: what is remembered is which link was alone. When the
    /// body has returned, it is asked for again, and only then the thread's mark: what the thread was
    /// doing when the call began, it is doing again, unless the body has made or dropped a guard
    /// that lets the thread run unprobed.
    #[inline(always)]
    unsafe fn run<const N: usize>(
        slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        let sole = md.sole();
        // Odd: the link has an exit probe there and nothing else.
        unless_odd!(sole.0, {
            // SAFETY: the caller's promise.
            return unsafe { hand_over(slots, md) };
        });
        // The call may have begun with another list than one that has this caller.
        // SAFETY: the link's only row is that of its exit probe.
        unsafe { run_body::<C, N, 0, ()>(slots, md, Some(caller), sole, &mut ()) }
    }
}

/// Entry and exit probes of one link, and what is kept for them.
pub(super) struct Pair<E, C, K = ()>(PhantomData<(E, C, K)>);

impl<E: RunEntries<K>, C: RunExits<K>, K: Keep> Specialised for Pair<E, C, K> {
    #[inline(always)]
    unsafe fn run<const N: usize>(
        mut slots: [Slot; N],
        md: &'static Md,
        caller: *const (),
        hand_over: HandOver<N>,
    ) -> Slot {
        let (thread, list) = hold_own!(md, caller, else {
            // SAFETY: the caller's promise.
            unsafe { hand_over(slots, md) }
        });
        let sole = md.alone();
        let mut kept = K::default();
        let outer = States::enter(kept.states(), thread);
        // SAFETY: the list is held, and is one that this caller was made for.
        unsafe { E::run(list, slots.as_mut_ptr(), &md.target, thread, &mut kept) };
        States::leave(outer, thread);
        leave(thread, thread.outermost());
        // A link that is alone in a later list has another caller only if it is counted now and was not, or was and is
        // not: in either, its probes are the same, in the same rows.
        // SAFETY: if there is one exit probe, it is in the second row.
        unsafe { run_body::<C, N, 1, K>(slots, md, None, sole, &mut kept) }
    }
}

/// Calls the body, and then runs the exit probes of the link `sole` if it is still alone, and if the list's
/// own caller is `own`, where that is given.
///
/// # Safety
///
/// As [`Specialised::run`]; and in every such list, what `C` runs is there, its one probe in the row
/// `AT` this place.
#[inline(always)]
unsafe fn run_body<C: RunExits<K>, const N: usize, const AT: u32, K: Keep>(
    slots: [Slot; N],
    md: &'static Md,
    own: Option<*const ()>,
    sole: Sole,
    kept: &mut K,
) -> Slot {
    let mut saved = slots;
    let unwinding = Unwinding { md, sole, args: (&raw mut saved).cast(), kept: &mut *kept };
    // SAFETY: the origin is the body of this site's function.
    let ret = unsafe { call_body(md.origin(), slots) };
    core::mem::forget(unwinding);
    let (thread, list) = hold!(md, if Md::SOLE, sole.0, same: md.sole() == sole, else {
        returned(sole, md, &mut saved, C::IN_SLOT, ret, kept)
    });
    if let Some(own) = own {
        unless_equal_at!(md, Md::CALLER, own, same: md.is_selected(own), {
            leave(thread, thread.outermost());
            return returned(sole, md, &mut saved, C::IN_SLOT, ret, kept);
        });
    }
    let outer = States::enter(kept.states(), thread);
    // SAFETY: the list is held, and is one that has such a row, says the caller.
    let ret = unsafe { C::end::<N, AT>(list, &mut saved, md, ret, thread, kept) };
    States::leave(outer, thread);
    ret
}

/// A call of which only exit probes are left, if the body panics.
struct Unwinding<'k, K: Keep> {
    md: &'static Md,
    sole: Sole,
    args: *mut Slot,
    kept: &'k mut K,
}

impl<K: Keep> Drop for Unwinding<'_, K> {
    #[inline(always)]
    fn drop(&mut self) {
        unwound(self.sole, self.md, self.args, core::mem::take(self.kept));
    }
}

/// Runs the exit probes of a call that has no result.
#[cold]
#[inline(never)]
fn unwound<K: Keep>(sole: Sole, md: &'static Md, args: *mut Slot, kept: K) {
    let ret = core::ptr::null_mut();
    kept.hand_over(|states| run_exit_of(sole, md, args, ret, Outcome::Unwound, states));
}

/// Runs the exit probes of a call that has returned, somewhere else than where its result is, so that this
/// can be in a register.
#[inline(always)]
fn returned<const N: usize, K: Keep>(
    sole: Sole,
    md: &'static Md,
    args: &mut [Slot; N],
    in_slot: Option<bool>,
    mut ret: Slot,
    kept: &mut K,
) -> Slot {
    let place = place(md, in_slot, args, &raw mut ret);
    run_returned(sole, md, args.as_mut_ptr(), place, core::mem::take(kept));
    ret
}

#[cold]
#[inline(never)]
fn run_returned<K: Keep>(sole: Sole, md: &'static Md, args: *mut Slot, ret: *mut (), kept: K) {
    kept.hand_over(|states| run_exit_of(sole, md, args, ret, Outcome::Returned, states));
}

/// Runs the exit probes of one link, if it is still attached: on any thread, in any list.
#[cold]
#[inline(never)]
fn run_exit_of(
    sole: Sole,
    md: &'static Md,
    args: *mut Slot,
    ret: *mut (),
    outcome: Outcome,
    states: Option<&mut States>,
) {
    match enter_slow() {
        Slow::Skip => {}
        Slow::Full { thread } => miss(md, thread, List::calls, |row| {
            // SAFETY: the list holds its links' states, and it is held.
            let state = unsafe { &*row.link };
            is_one_link(state.number, sole.link())
        }),
        Slow::Enter { thread, mark, nested } => {
            let mut frame = Frame { target: &md.target, args, ret, outcome };
            let (list, pin) = md.pin(thread);
            let outer = States::enter(states, thread);
            run_exits_of(sole.link(), list, &mut frame, thread, mark, nested);
            States::leave(outer, thread);
            pin.release(thread);
        }
    }
}
