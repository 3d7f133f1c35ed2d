//! What is published for callers, and replaced under their feet.

use crate::sync::{AtomicPtr, Ordering, light_barrier};

use super::record::{Mark, Pin, Thread};

/// What a list is to the protocols: marks can name it.
pub(crate) trait Named {
    /// The mark of a thread that is entering it. Takes an address, because it may be gone before
    /// the mark is set, and whoever finds the mark then must not read anything there.
    fn entering(at: *mut Self) -> *mut ();

    /// The mark of a thread that has entered it.
    fn entered(&self) -> *mut ();
}

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

    /// What is published now, kept from being freed by `mark`, which says so when this returns.
    ///
    /// Publish first, then look again: if it is still the same, whoever retires it later will see
    /// the mark after its barrier. If it was retired before, this sees the new one.
    /// [`light_barrier`] has the other side's name.
    #[inline(always)]
    pub(crate) fn enter(&self, mark: &Mark) -> &L {
        let mut found = self.0.load(Ordering::Acquire);
        loop {
            // Release, here and below: what an earlier run under this mark did happens before
            // whoever sees the mark name something else.
            mark.store(L::entering(found), Ordering::Release);
            light_barrier();
            let again = self.0.load(Ordering::Acquire);
            if again == found {
                // SAFETY: never null, and the mark keeps it from being freed.
                let found = unsafe { &*found };
                mark.store(found.entered(), Ordering::Release);
                return found;
            }
            found = again;
        }
    }

    /// What is published now, kept from being freed by a pin. As [`Published::enter`].
    #[inline(always)]
    pub(crate) fn pin(&self, thread: &'static Thread) -> (&L, Pin) {
        let mut found = self.0.load(Ordering::Acquire);
        loop {
            let pin = thread.pin(found.cast());
            let again = self.0.load(Ordering::Acquire);
            if again == found {
                // SAFETY: never null, and the pin keeps it from being freed.
                return (unsafe { &*found }, pin);
            }
            pin.release(thread);
            found = again;
        }
    }
}
