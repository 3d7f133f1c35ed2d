//! The handle of a patch.

use core::fmt;
use std::panic::resume_unwind;

use crate::arch::TARGET;
use crate::error::Error;
use crate::patch::{InsidePatch, Patching, wait_for_drop};
use crate::probe::go_on;
use crate::site::Function;

use super::apply::{Applied, patching, revert};

/// Replacements in the place of functions' bodies. Dropping it reverts.
#[must_use = "dropping a patch reverts it"]
pub struct Patch {
    /// Without functions when it was reverted, or is to stay.
    applied: Applied,
}

impl Patch {
    pub(super) fn new(applied: Applied) -> Self {
        Self { applied }
    }

    /// The functions that are replaced.
    #[must_use]
    pub fn functions(&self) -> &[&'static Function] {
        &self.applied.functions
    }

    /// Puts back what was there before: the functions' own bodies, or a patch below this one. Calls that are in a
    /// replacement end there. What a closure has captured is dropped here, or by the last call that is in it.
    ///
    /// # Panics
    ///
    /// If dropping that does. The patch is reverted all the same.
    pub fn revert(self) {
        drop(self);
    }

    /// As [`Patch::revert`], and returns when no call is in a replacement of these functions any more that began
    /// before. Then what a replacement calls can be unloaded, and what a closure has captured was dropped.
    ///
    /// What is dropped must not wait for the thread that waits here.
    ///
    /// It waits for futures that are in the patch as well. They have to be polled or dropped by other threads meanwhile:
    /// so a thread that polls them, of an executor or in a poll probe around one, waits for itself. Of futures that a
    /// forked child has from its parent nobody knows any more, and they are not waited for.
    ///
    /// # Errors
    ///
    /// [`Error::InsidePatch`] if the calling thread is in a replacement itself. The patch is reverted; only nobody
    /// has waited. [`Error::Unsupported`] in a process in which nothing can be changed any more.
    ///
    /// # Panics
    ///
    /// As [`Patch::revert`], when it has waited.
    pub fn revert_and_wait(mut self) -> Result<(), Error> {
        let applied = self.take();
        let Some(dropped) = revert(&applied) else {
            return Err(Error::Unsupported {
                target: TARGET,
                reason: "the process was made by a bare `clone` in the midst of a change"
                    .to_owned(),
            });
        };
        let mut patchings = applied.functions.iter().filter_map(|function| patching(function));
        let waited = patchings.try_for_each(Patching::wait);
        if waited.is_ok() {
            applied.codes.iter().for_each(|&(code, number)| wait_for_drop(code, number));
        }
        dropped.unwrap_or_else(|payload| resume_unwind(payload));
        waited.map_err(|InsidePatch| Error::InsidePatch)
    }

    /// Keeps it for the life of the process.
    pub fn leak(mut self) {
        let _ = self.take();
    }

    fn take(&mut self) -> Applied {
        let nothing = Applied { number: 0, functions: Vec::new(), codes: Vec::new() };
        core::mem::replace(&mut self.applied, nothing)
    }
}

impl Drop for Patch {
    fn drop(&mut self) {
        if self.applied.functions.is_empty() {
            return;
        }
        revert(&self.applied).into_iter().for_each(go_on);
    }
}

impl Function {
    /// Whether calls of it run a replacement now: see [`replace`](macro@crate::replace).
    #[must_use]
    pub fn is_patched(&self) -> bool {
        patching(self).is_some_and(Patching::is_current)
    }
}

impl fmt::Debug for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let functions: Vec<_> =
            self.functions().iter().map(|function| function.instance()).collect();
        f.debug_struct("Patch").field("functions", &functions).finish_non_exhaustive()
    }
}
