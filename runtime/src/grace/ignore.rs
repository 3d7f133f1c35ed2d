//! Threads that run unprobed for a while.

use core::cell::Cell;
use core::marker::PhantomData;

use super::thread::set_ignored;

std::thread_local! {
    /// How many guards the thread holds.
    static GUARDS: Cell<u32> = const { Cell::new(0) };
}

/// Runs the calling thread unprobed until the guard is dropped: traced functions called on it
/// run as if nothing were attached to them, and no probe counts them as missed.
///
/// Guards nest and may be dropped in any order. A call that had begun before keeps its
/// exit probes only if the guard is gone when it returns. Of a call that begins under a guard and returns when it
/// is gone, an exit probe may run all the same.
///
/// ```
/// let quiet = gtramp::ignore_current_thread();
/// // Whatever runs here is not observed.
/// drop(quiet);
/// ```
pub fn ignore_current_thread() -> IgnoreGuard {
    GUARDS.set(GUARDS.get() + 1);
    set_ignored(true);
    IgnoreGuard { thread_bound: PhantomData }
}

/// Keeps its thread unprobed, see [`ignore_current_thread`].
#[derive(Debug)]
#[must_use = "the thread is probed again as soon as the guard is dropped"]
pub struct IgnoreGuard {
    /// Not `Send`: the guard speaks of the thread that made it.
    thread_bound: PhantomData<*const ()>,
}

impl IgnoreGuard {
    /// Does what dropping one does that was forgotten on this thread.
    pub(crate) fn take_back() {
        drop(Self { thread_bound: PhantomData });
    }
}

impl Drop for IgnoreGuard {
    fn drop(&mut self) {
        let left = GUARDS.get() - 1;
        GUARDS.set(left);
        if left == 0 {
            set_ignored(false);
        }
    }
}
