//! The handle of a patch.

use core::fmt;

use crate::arch::TARGET;
use crate::error::Error;
use crate::patch::{InsidePatch, Patching};
use crate::site::Function;

use super::apply::{patching, revert};

/// Replacements in the place of functions' bodies. Dropping it reverts.
#[must_use = "dropping a patch reverts it"]
pub struct Patch {
    number: u64,
    /// Empty when it was reverted, or is to stay.
    functions: Vec<&'static Function>,
}

impl Patch {
    pub(super) fn new(number: u64, functions: Vec<&'static Function>) -> Self {
        Self { number, functions }
    }

    /// The functions that are replaced.
    #[must_use]
    pub fn functions(&self) -> &[&'static Function] {
        &self.functions
    }

    /// Puts back what was there before: the functions' own bodies, or a patch below this one. Calls that are in a
    /// replacement end there.
    pub fn revert(self) {
        drop(self);
    }

    /// As [`Patch::revert`], and returns when no call is in a replacement of these functions any more that began
    /// before. Then what a replacement calls can be unloaded.
    ///
    /// # Errors
    ///
    /// [`Error::InsidePatch`] if the calling thread is in a replacement itself. The patch is reverted; only nobody
    /// has waited. [`Error::Unsupported`] in a process in which nothing can be changed any more.
    pub fn revert_and_wait(mut self) -> Result<(), Error> {
        let functions = core::mem::take(&mut self.functions);
        if !revert(self.number, &functions) {
            return Err(Error::Unsupported {
                target: TARGET,
                reason: "the process was made by a bare `clone` in the midst of a change"
                    .to_owned(),
            });
        }
        let mut patchings = functions.iter().filter_map(|function| patching(function));
        patchings.try_for_each(Patching::wait).map_err(|InsidePatch| Error::InsidePatch)
    }

    /// Keeps it for the life of the process.
    pub fn leak(mut self) {
        self.functions.clear();
    }
}

impl Drop for Patch {
    fn drop(&mut self) {
        if !self.functions.is_empty() {
            let _ = revert(self.number, &self.functions);
        }
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
        let functions: Vec<_> = self.functions.iter().map(|function| function.instance()).collect();
        f.debug_struct("Patch").field("functions", &functions).finish_non_exhaustive()
    }
}
