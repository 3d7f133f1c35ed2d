//! Callers that call the origin themselves, because something runs after it or in its place.

use core::mem::transmute;

use seq_macro::seq;

use crate::grace::{Mark, Pin, Slow, Thread, current, enter_slow, leave};
use crate::md::Md;
use crate::probe::{Frame, List, Needs, Outcome, Row, States, is_one_link};
use crate::site::Slot;

use super::result::{drop_skipped, place};
use super::run::{EntryCall, Find, Group, miss, run_row, serves};

/// Runs all the probes and, in their midst, the body; returns the result's slot.
///
/// The stub's frame and this one stay on the stack while the body runs. A panic of the body
/// unwinds through both, and the exit probes run on its way.
///
/// # Safety
///
/// Called by a generated caller: `args` are the function's `N` saved slots, and `md` is the
/// metadata of its site.
pub(super) unsafe extern "C-unwind" fn run_origin<L: Find, const N: usize, const SLEEP: bool>(
    args: *mut Slot,
    md: &'static Md,
) -> Slot {
    let thread = current();
    let mark = thread.outermost();
    if thread.is_idle() {
        // SAFETY: the caller's promise.
        unsafe { origin::<L, N, SLEEP, false>(args, md, thread, mark) }
    } else {
        // SAFETY: the caller's promise.
        unsafe { run_origin_slow::<L, N, SLEEP>(args, md) }
    }
}

/// [`run_origin`] on a thread that is running a probe, is new, or is to be left alone.
///
/// # Safety
///
/// As [`run_origin`].
#[cold]
#[inline(never)]
unsafe fn run_origin_slow<L: Find, const N: usize, const SLEEP: bool>(
    args: *mut Slot,
    md: &'static Md,
) -> Slot {
    let slow = enter_slow();
    match slow {
        Slow::Skip | Slow::Full { .. } => {
            if let Slow::Full { thread } = slow {
                miss(md, thread, List::calls, |_| true);
            }
            // SAFETY: `args` are the slots of this site's function.
            let slots = unsafe { saved::<N>(args) };
            // SAFETY: the origin is that function's body.
            unsafe { call_body(md.origin(), slots) }
        }
        Slow::Enter { thread, mark, nested: false } => {
            // SAFETY: the caller's promise.
            unsafe { origin::<L, N, SLEEP, false>(args, md, thread, mark) }
        }
        Slow::Enter { thread, mark, nested: true } => {
            // SAFETY: the caller's promise.
            unsafe { origin::<L, N, SLEEP, true>(args, md, thread, mark) }
        }
    }
}

/// # Safety
///
/// As [`run_origin`]; `mark` is free and of `thread`, the calling thread's record.
#[inline(always)]
unsafe fn origin<L: Find, const N: usize, const SLEEP: bool, const NESTED: bool>(
    args: *mut Slot,
    md: &'static Md,
    thread: &'static Thread,
    mark: &Mark,
) -> Slot {
    let md = L::find(md, mark);
    // Release: the look into the table happens before whoever frees its array.
    leave(thread, mark);
    // No mark may span the origin, which may run for hours: a pin holds the list's memory, and
    // each probe has a mark of its own while it runs.
    let (list, pin) = md.pin(thread);
    if !list.needs().within(serves(SLEEP, true)) {
        // Published after the entry had chosen this caller: the call goes on in one that serves it.
        pin.release(thread);
        // SAFETY: the caller's promise, and the mark is free again.
        return unsafe { run_origin::<L, N, true>(args, md) };
    }
    let mut ret = Slot::uninit();
    let mut call = Call::<SLEEP> {
        list,
        pin: Some(pin),
        frame: Frame {
            target: &md.target,
            args,
            ret: core::ptr::null_mut(),
            outcome: Outcome::Running,
        },
        states: list.needs().has(Needs::SESSION).then(States::default),
    };
    // SAFETY: `args` are the slots of this site's function.
    let slots = unsafe { &*args.cast::<[Slot; N]>() };
    call.frame.ret = place(md, None, slots, &raw mut ret);

    if !list.entries().is_empty() {
        let entry = EntryCall { args, target: &md.target, thread, mark };
        let outer = States::enter(call.states.as_mut(), thread);
        entry.run_pinned::<SLEEP, NESTED>(list);
        States::leave(outer, thread);
    }
    if !list.mods().is_empty() {
        mods::<SLEEP, NESTED>(list, &mut call.frame, thread, mark);
    }
    if call.frame.outcome == Outcome::Running {
        // SAFETY: `args` are the slots of this site's function.
        let slots = unsafe { saved::<N>(args) };
        // SAFETY: the origin is that function's body.
        let slot = unsafe { call_body(md.origin(), slots) };
        if md.target.ret_in_slot {
            ret = slot;
            // The place was borrowed before the value was there.
            call.frame.ret = (&raw mut ret).cast();
        }
        call.frame.outcome = Outcome::Returned;
    } else {
        // SAFETY: the slots are this function's, the body, which would have taken their values,
        // does not run, and a probe has written the result.
        unsafe { drop_skipped(md, args, call.frame.ret) };
    }
    call.end();
    if md.target.ret_in_slot { ret } else { Slot::pointer(call.frame.ret) }
}

/// Runs the probes that may decide the result, up to the first that does.
#[inline(always)]
pub(super) fn mods<const SLEEP: bool, const NESTED: bool>(
    list: &List,
    frame: &mut Frame,
    thread: &'static Thread,
    mark: &Mark,
) {
    for row in list.mods() {
        run_row::<SLEEP, NESTED>(row, (list, List::mods), frame.target, thread, mark, |row| {
            // SAFETY: the row is not dead and the mark names it, so its link stays; and the row
            // was bound to this function.
            frame.outcome = unsafe { row.run_mod_ret(frame.args, frame.target, frame.ret, thread) };
        });
        if frame.outcome == Outcome::Skipped {
            break;
        }
    }
}

/// A call that has begun: its exit probes run when it ends, however it does.
struct Call<'l, const SLEEP: bool> {
    list: &'l List,
    /// Taken when the exit probes have run.
    pin: Option<Pin>,
    frame: Frame,
    /// What the sessions among its probes keep; `None` if there are none.
    states: Option<States>,
}

impl<const SLEEP: bool> Call<'_, SLEEP> {
    /// Runs the exit probes and lets the list go.
    #[inline(always)]
    fn end(&mut self) {
        if let Some(pin) = self.pin.take() {
            let thread = current();
            if !self.list.exits().is_empty() {
                run_exits::<SLEEP>(self.list, &mut self.frame, &mut self.states, thread);
            }
            pin.release(thread);
        }
    }
}

impl<const SLEEP: bool> Drop for Call<'_, SLEEP> {
    fn drop(&mut self) {
        if self.pin.is_some() {
            // Only a panic, of the origin or of an argument's drop, comes by before `end`.
            self.frame.outcome = Outcome::Unwound;
            self.end();
        }
    }
}

/// Runs the exit probes, on the thread whose record this is.
pub(super) fn run_exits<const SLEEP: bool>(
    list: &List,
    frame: &mut Frame,
    states: &mut Option<States>,
    thread: &'static Thread,
) {
    let mark = thread.outermost();
    if thread.is_idle() {
        exits::<SLEEP, false>(list, frame, states, thread, mark);
    } else {
        run_exits_slow::<SLEEP>(list, frame, states);
    }
}

/// [`run_exits`] on a thread that is running a probe, is new, or is to be left alone.
#[cold]
#[inline(never)]
fn run_exits_slow<const SLEEP: bool>(list: &List, frame: &mut Frame, states: &mut Option<States>) {
    match enter_slow() {
        // Not a miss that is counted: the call was, if its entry found no mark either.
        Slow::Skip | Slow::Full { .. } => {}
        Slow::Enter { thread, mark, nested: false } => {
            exits::<SLEEP, false>(list, frame, states, thread, mark);
        }
        Slow::Enter { thread, mark, nested: true } => {
            exits::<SLEEP, true>(list, frame, states, thread, mark);
        }
    }
}

/// Runs the exit probes of one link, where the list is another than the call began with.
pub(super) fn run_exits_of(
    link: u64,
    list: &List,
    frame: &mut Frame,
    thread: &'static Thread,
    mark: &Mark,
    nested: bool,
) {
    for row in list.exits() {
        // SAFETY: the list holds its links' states, and it is held.
        let state = unsafe { &*row.link };
        // Others may be its probes now than when the call began.
        if !is_one_link(state.number, link) {
            continue;
        }
        let (target, of) = (frame.target, (list, List::exits as Group));
        let run = |row: &Row| {
            // SAFETY: the row is not dead and the mark names it, so its link stays; and the row was bound
            // to this function.
            unsafe { row.run_exit(frame.args, frame.target, frame.ret, frame.outcome, thread) };
        };
        if nested {
            run_row::<true, true>(row, of, target, thread, mark, run);
        } else {
            run_row::<true, false>(row, of, target, thread, mark, run);
        }
    }
}

#[inline(always)]
fn exits<const SLEEP: bool, const NESTED: bool>(
    list: &List,
    frame: &mut Frame,
    states: &mut Option<States>,
    thread: &'static Thread,
    mark: &Mark,
) {
    let outer = States::enter(states.as_mut(), thread);
    for row in list.exits() {
        run_row::<SLEEP, NESTED>(row, (list, List::exits), frame.target, thread, mark, |row| {
            // SAFETY: the row is not dead and the mark names it, so its link stays; and the row
            // was bound to this function.
            unsafe { row.run_exit(frame.args, frame.target, frame.ret, frame.outcome, thread) };
        });
    }
    States::leave(outer, thread);
}

/// [`Slot`], whatever its number.
macro_rules! slot {
    ($index:literal) => {
        Slot
    };
}

/// Calls a body of so many slots.
macro_rules! call_body_of {
    ($count:tt, $body:ident, $slots:ident) => {
        seq!(I in 0..$count {{
            type Body = unsafe extern "C-unwind" fn(#(slot!(I),)*) -> Slot;
            // SAFETY: this is the type of every body of so many slots.
            let body = unsafe { transmute::<*const (), Body>($body) };
            // SAFETY: the slots are the body's.
            unsafe { body(#($slots[I],)*) }
        }})
    };
}

/// The saved slots of a call.
///
/// # Safety
///
/// `args` is the address of `N` slots.
#[inline(always)]
pub(super) unsafe fn saved<const N: usize>(args: *mut Slot) -> [Slot; N] {
    // SAFETY: the caller's promise.
    unsafe { args.cast::<[Slot; N]>().read() }
}

/// Calls a body of `N` slots.
///
/// # Safety
///
/// `body` is one, and these are its slots, whose values it takes.
#[inline(always)]
pub(super) unsafe fn call_body<const N: usize>(body: *const (), slots: [Slot; N]) -> Slot {
    seq!(COUNT in 0..=33 {
        match N {
            #(COUNT => call_body_of!(COUNT, body, slots),)*
            _ => unreachable!("no caller is generated for more slots"),
        }
    })
}
