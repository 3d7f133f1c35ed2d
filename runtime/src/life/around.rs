//! Poll probes around a poll of a future that nothing else is known of.

use core::mem::ManuallyDrop;
use core::task::Poll;
use std::time::Instant;

use crate::caller::Polled;
use crate::probe::PollStep;

/// Runs the probes around a poll of a future whose life is not known, if there are any.
pub(super) fn around<T>(polled: Option<Polled>, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
    let Some(mut polled) = polled else { return poll() };
    polled.begins(None);
    let unwinding = Around { polled, began: Instant::now() };
    let poll = poll();
    let mut around = ManuallyDrop::new(unwinding);
    let took = around.began.elapsed();
    around.polled.ends(None, step_of(&poll), took);
    poll
}

struct Around {
    polled: Polled,
    began: Instant,
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
