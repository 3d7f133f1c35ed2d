//! Poll probes around a poll of a future that nothing else is known of.

use core::mem::ManuallyDrop;
use core::task::Poll;
use std::time::Instant;

use crate::caller::Polled;
use crate::probe::PollStep;

/// The probes around a poll of a future whose life is not known.
pub(super) struct Around {
    polled: Polled,
    began: Instant,
}

impl Around {
    pub(super) fn begin(mut polled: Polled) -> Self {
        polled.begins(None);
        Self { polled, began: Instant::now() }
    }

    pub(super) fn end<T>(self, poll: &Poll<T>) {
        let mut this = ManuallyDrop::new(self);
        let took = this.began.elapsed();
        this.polled.ends(None, step_of(poll), took);
    }
}

/// The poll panics.
impl Drop for Around {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        self.polled.ends(None, PollStep::Unwound, took);
    }
}

/// How a poll that did not panic has ended.
pub(super) fn step_of<T>(poll: &Poll<T>) -> PollStep {
    if poll.is_ready() { PollStep::Ready } else { PollStep::Pending }
}
