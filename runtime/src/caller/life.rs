//! The probes of a call that ends elsewhere than it began: of an async function's future, which begins in one poll
//! and ends in another, mostly on another thread.
//!
//! Such a call runs through no caller, because no frame lasts as long. It holds its list by a count between its two
//! halves, and asks each row whether its link is still there: as a caller does that calls the origin.

use crate::grace::{Mark, Slow, Thread, current, enter_slow};
use crate::md::Md;
use crate::probe::{Frame, FutureList, LifeInfo, List, Needs, Outcome, States};
use crate::site::{Function, Slot};

use super::origin::{mods, run_exits};
use super::result::drop_skipped;
use super::run::{EntryCall, pin_at};

/// A call whose probes run in two halves.
pub(crate) struct Halves {
    list: FutureList,
    md: &'static Md,
    /// What the sessions among its probes keep; `None` if there are none.
    states: Option<States>,
}

impl Halves {
    /// What probes are at the site of this stub, for a call that begins now; `None` if it runs unprobed.
    ///
    /// # Safety
    ///
    /// `entry` is the stub of a site, and one of its switches was found armed.
    pub(crate) unsafe fn of(entry: *const ()) -> Option<Self> {
        // SAFETY: the caller's promise.
        let (md, thread, list, pin) = unsafe { pin_at(entry, List::calls) }?;
        let list = FutureList::hold(list);
        pin.release(thread);
        if list.is_empty() {
            return None;
        }
        let states = list.needs().has(Needs::SESSION).then(States::default);
        Some(Self { list, md, states })
    }

    /// Whether the result needs a place that its last slot names.
    pub(crate) fn ret_in_slot(&self) -> bool {
        self.md.target.ret_in_slot
    }

    /// Whose call it is.
    pub(crate) fn function(&self) -> &'static Function {
        self.md.target.function
    }

    /// Whether there is anything to do when the call ends.
    pub(crate) fn has_end(&self) -> bool {
        !self.list.exits().is_empty()
    }

    /// Runs the entry probes and those that may decide the result; whether one has, at `ret`.
    ///
    /// # Safety
    ///
    /// `args` are the slots of a call of this function, and there is room for its result at `ret`.
    pub(crate) unsafe fn begin(
        &mut self,
        args: *mut Slot,
        ret: *mut (),
        info: &LifeInfo,
    ) -> Outcome {
        let mut frame = Frame { target: &self.md.target, args, ret, outcome: Outcome::Running };
        let thread = current();
        let mark = thread.outermost();
        info.during(args, || {
            if thread.is_idle() {
                self.entries::<false>(&mut frame, thread, mark);
            } else if let Slow::Enter { thread, mark, nested } = enter_slow() {
                if nested {
                    self.entries::<true>(&mut frame, thread, mark);
                } else {
                    self.entries::<false>(&mut frame, thread, mark);
                }
            }
        });
        frame.outcome
    }

    fn entries<const NESTED: bool>(
        &mut self,
        frame: &mut Frame,
        thread: &'static Thread,
        mark: &Mark,
    ) {
        if !self.list.entries().is_empty() {
            let entry = EntryCall { args: frame.args, target: frame.target, thread, mark };
            let outer = States::enter(self.states.as_mut(), thread);
            entry.run_pinned::<true, NESTED>(&self.list);
            States::leave(outer, thread);
        }
        if !self.list.mods().is_empty() {
            mods::<true, NESTED>(&self.list, frame, thread, mark);
        }
    }

    /// Drops the arguments of a call whose result was decided. If that panics, there is no result any more.
    ///
    /// # Safety
    ///
    /// `args` are the slots of a call of this function, whose values nobody has taken, and its result is at `ret`.
    pub(crate) unsafe fn drop_args(&self, args: *mut Slot, ret: *mut ()) {
        // SAFETY: the caller's promise.
        unsafe { drop_skipped(self.md, args, ret) };
    }

    /// Runs the exit probes.
    ///
    /// # Safety
    ///
    /// `args` are slots as the call had them when it began, of which only what is `Copy` is still there, and its
    /// result is at `ret` if the outcome has one.
    pub(crate) unsafe fn end(
        &mut self,
        args: *mut Slot,
        ret: *mut (),
        outcome: Outcome,
        info: &LifeInfo,
    ) {
        if self.has_end() {
            let mut frame = Frame { target: &self.md.target, args, ret, outcome };
            let thread = current();
            info.at_end(args, || {
                run_exits::<true>(&self.list, &mut frame, &mut self.states, thread);
            });
        }
    }
}
