//! The probes of a poll: of one call of an async function's future, which has a frame as any other call.

use core::time::Duration;

use crate::grace::{Mark, Pin, Slow, Thread, current, enter_slow};
use crate::md::Md;
use crate::probe::{LifeInfo, List, PollCall, PollStep, no_poll_probes};

use super::run::{Group, pin_at, run_row};

/// What probes are around a poll that begins now. The list is that of this time, whenever the life began.
pub(crate) struct Polled {
    list: &'static List,
    md: &'static Md,
    /// Taken when the last has run.
    pin: Option<Pin>,
    /// Bit i: the i-th has run before the poll, so it runs behind it; of those that come after 64 others nothing is
    /// noted.
    begun: u64,
}

impl Polled {
    /// Those at the site of this stub; `None` if there are none, or the poll runs unprobed.
    ///
    /// # Safety
    ///
    /// `entry` is null, or the stub of a site, one of whose switches was found armed.
    #[inline]
    pub(crate) unsafe fn of(entry: *const ()) -> Option<Self> {
        if entry.is_null() || no_poll_probes() {
            return None;
        }
        // SAFETY: the caller's promise.
        let (md, thread, list, pin) = unsafe { pin_at(entry, List::polls) }?;
        if list.polls().is_empty() {
            pin.release(thread);
            return None;
        }
        Some(Self { list, md, pin: Some(pin), begun: 0 })
    }

    /// Runs those that come before it.
    pub(crate) fn begins(&mut self, life: Option<&LifeInfo>) {
        self.run(life, PollStep::Begins, Duration::ZERO);
    }

    /// Runs those that come after it, which took so long.
    pub(crate) fn ends(&mut self, life: Option<&LifeInfo>, step: PollStep, took: Duration) {
        self.run(life, step, took);
        if let Some(pin) = self.pin.take() {
            pin.release(current());
        }
    }

    fn run(&mut self, life: Option<&LifeInfo>, step: PollStep, took: Duration) {
        let mut call = PollCall::new(&self.md.target, step, took);
        call.during(life, |call| {
            let thread = current();
            if thread.is_idle() {
                return self.rows::<false>(call, step, thread, thread.outermost());
            }
            match enter_slow() {
                Slow::Enter { thread, mark, nested: true } => {
                    self.rows::<true>(call, step, thread, mark);
                }
                Slow::Enter { thread, mark, nested: false } => {
                    self.rows::<false>(call, step, thread, mark);
                }
                Slow::Skip | Slow::Full { .. } => {}
            }
        });
    }

    fn rows<const NESTED: bool>(
        &mut self,
        call: &PollCall,
        step: PollStep,
        thread: &'static Thread,
        mark: &Mark,
    ) {
        let row = |row| {
            let (of, mut has_run) = ((self.list, List::polls as Group), false);
            run_row::<true, NESTED>(row, of, &self.md.target, thread, mark, |row| {
                // SAFETY: the row is not dead and the mark names it, so its link stays; and the row was bound to
                // this function.
                unsafe { row.run_poll(call, thread) };
                has_run = true;
            });
            has_run
        };
        let bit = |at| 1_u64.checked_shl(at as u32).unwrap_or(0);
        let rows = self.list.polls().iter().enumerate();
        if step == PollStep::Begins {
            for (at, one) in rows {
                if row(one) {
                    self.begun |= bit(at);
                }
            }
        } else {
            // The other way round, so that probes nest.
            for (at, one) in rows.rev() {
                if bit(at) == 0 || self.begun & bit(at) != 0 {
                    row(one);
                }
            }
        }
    }
}
