//! What is published for callers, and replaced under their feet.

use crate::sync::{AtomicPtr, Ordering};

use super::protect::{self, Named};
use super::record::{Mark, Pin, Thread};

/// A pointer to something on the heap that callers use and a transaction replaces. Never null.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Published<L>(AtomicPtr<L>);

impl<L: Named> Published<L> {
    /// Publishes the first.
    pub(crate) fn new(first: *mut L) -> Self {
        Self(AtomicPtr::new(first))
    }

    /// What is published now, for the holder of the transaction lock: nobody else replaces it.
    pub(crate) fn current(&self) -> *mut L {
        self.0.load(Ordering::Acquire)
    }

    /// Replaces it, and hands back the old one, which callers may still be using: free it when,
    /// after [`crate::sys::barrier`], no mark or pin names it.
    ///
    /// For the holder of the transaction lock.
    pub(crate) fn replace(&self, new: *mut L) -> *mut L {
        // No exchange, which would take longer: nobody else stores here.
        let old = self.current();
        // Release: callers that find the new one see what is in it.
        self.0.store(new, Ordering::Release);
        old
    }

    /// What is published now, kept from being freed by `mark`: see [`protect::enter`].
    #[inline(always)]
    pub(crate) fn enter(&self, mark: &Mark) -> &L {
        protect::enter(&self.0, mark)
    }

    /// What is published now, kept from being freed by a pin: see [`protect::retain`].
    #[inline(always)]
    pub(crate) fn pin(&self, thread: &'static Thread) -> (&L, Pin) {
        protect::retain(&self.0, thread)
    }
}
