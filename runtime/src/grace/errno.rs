//! What keeps a probe from changing its thread's `errno`.

use crate::arch::if_changed;
#[cfg(not(loom))]
use crate::sys;

/// The place of a thread's `errno`.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Errno(pub(super) *mut i32);

impl Errno {
    /// The calling thread's, whether the thread has a record or not.
    #[cfg(not(loom))]
    pub(crate) fn of_this_thread() -> Self {
        Self(sys::errno_location())
    }

    /// Runs a probe; `errno` is afterwards as it was before.
    ///
    /// It is written only if the probe has changed it: a store that is always made is one for which the next
    /// call's load has to wait.
    ///
    /// # Safety
    ///
    /// It is the calling thread's, from the record in which a thread that has registered left it.
    #[inline(always)]
    pub(crate) unsafe fn keep<R>(self, run: impl FnOnce() -> R) -> R {
        // SAFETY: the caller's promise: it lives as long as the thread.
        let value = unsafe { self.0.read() };
        let done = run();
        // SAFETY: as above.
        let current = unsafe { &*self.0 };
        if_changed!(current, value, {
            // SAFETY: as above; nobody looks at `current` any more.
            unsafe { self.0.write(value) };
        });
        done
    }
}
