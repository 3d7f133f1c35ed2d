//! The one call of a replaced function that is to run its own body.

use core::cell::Cell;
use core::ptr::NonNull;

use crate::grace::{IgnoreGuard, ignore_current_thread};

use super::Patching;

std::thread_local! {
    /// Whose body the next call of the thread runs.
    static WANTED: Cell<*const Patching> = const { Cell::new(core::ptr::null()) };
}

/// Keeps the thread unprobed until the call has come to its body, or this is dropped.
pub(crate) struct Original {
    outer: *const Patching,
    _of_this_thread: core::marker::PhantomData<NonNull<()>>,
}

impl Original {
    /// The next call of this function on this thread.
    pub(crate) fn of(patching: &'static Patching) -> Self {
        // Taken back by whoever takes what is wanted.
        core::mem::forget(ignore_current_thread());
        let outer = WANTED.replace(core::ptr::from_ref(patching));
        Self { outer, _of_this_thread: core::marker::PhantomData }
    }

    /// Whether it is this function's call that was meant. The thread is probed again then.
    #[inline(always)]
    pub(crate) fn is_wanted(patching: &Patching) -> bool {
        if !core::ptr::eq(WANTED.get(), patching) {
            return false;
        }
        take_wanted();
        true
    }
}

impl Drop for Original {
    fn drop(&mut self) {
        // If no call came by.
        take_wanted();
        WANTED.set(self.outer);
    }
}

fn take_wanted() {
    if !WANTED.replace(core::ptr::null()).is_null() {
        IgnoreGuard::take_back();
    }
}
