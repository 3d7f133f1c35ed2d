//! One poll of a future, at one of its steps.

use core::time::Duration;

use crate::site::Slot;

use super::frame::{Frame, Outcome, Target};
use super::life::LifeInfo;

/// Where a poll is when a probe of it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PollStep {
    /// It is about to begin.
    Begins,
    /// The future is not ready.
    Pending,
    /// The future has returned: this was its last poll.
    Ready,
    /// A panic is passing through it: this was its last poll.
    Unwound,
}

impl PollStep {
    /// Whether the poll has ended.
    #[must_use]
    pub fn has_ended(self) -> bool {
        self != Self::Begins
    }
}

/// What the probes of a poll are handed.
#[derive(Debug)]
pub(crate) struct PollCall {
    /// Without arguments, which the future has taken, and without a result. What stands for the arguments' address
    /// tells the poll's life from others.
    pub(super) frame: Frame,
    pub(super) step: PollStep,
    pub(super) took: Duration,
}

impl PollCall {
    /// At this step, when the poll has taken so long.
    pub(crate) fn new(target: &'static Target, step: PollStep, took: Duration) -> Self {
        let (args, ret) = (core::ptr::null_mut(), core::ptr::null_mut());
        Self { frame: Frame { target, args, ret, outcome: Outcome::Polled }, step, took }
    }

    /// Runs probes of it; it is a poll of this life, if that is known.
    pub(crate) fn during(&mut self, life: Option<&LifeInfo>, run: impl FnOnce(&Self)) {
        let Some(life) = life else { return run(self) };
        let own = core::ptr::from_mut(self).cast::<Slot>();
        self.frame.args = own;
        life.during(own, || run(self));
    }
}
