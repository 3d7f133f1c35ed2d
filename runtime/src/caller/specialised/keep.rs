//! What a caller keeps in its frame from the probes before the body for those after it.

use crate::probe::{Kept, States};

/// It begins empty.
pub(in crate::caller) trait Keep: Default {
    /// The values of sessions, where probes look for them in every run.
    #[inline(always)]
    fn states(&mut self) -> Option<&mut States> {
        None
    }

    /// Hands the values of sessions to what runs probes as their rows say. What those have not taken is dropped
    /// with this.
    ///
    /// It is moved there on the rare ways that need it: what nobody has the address of stays in registers.
    fn hand_over(mut self, run: impl FnOnce(Option<&mut States>)) {
        run(self.states());
    }
}

/// Nothing.
impl Keep for () {}

impl Keep for States {
    #[inline(always)]
    fn states(&mut self) -> Option<&mut States> {
        Some(self)
    }
}

impl<S: Send + 'static> Keep for Kept<S> {
    fn hand_over(self, run: impl FnOnce(Option<&mut States>)) {
        run(Some(&mut self.into_states()));
    }
}
