//! The steps by which a call holds what a transaction may retire, each with its partner on the other side.
//!
//! They are all one exchange: see *Grace periods* in ARCHITECTURE.md. A call names in its thread's record what
//! it is about to use, and only then looks whether it is still in use. A transaction takes it out of use, and
//! only then looks for the name. Between the two steps of the call is [`light_barrier`], between those of the
//! transaction [`crate::sys::barrier`], which makes every thread pass a full fence. So either the call finds
//! that it is out of use, or the transaction finds the name.
//!
//! | here | its partner |
//! |---|---|
//! | [`enter`] | [`Published::replace`](super::Published::replace), the barrier, a wait for marks within the list |
//! | [`retain`] | the same, and no memory is freed that a pin names |
//! | [`enter_place`] | `Selected::select` and `announce`, the barrier, a wait for marks of the place |
//! | [`recheck`] | `Row::kill`, the barrier, a wait for marks of the row |
//! | [`leave`] | the loads of whoever waits or frees, which acquire |
//! | [`leave_and_wake`] | [`Thread::await_marks`], the barrier, another look at the mark, [`Thread::rest`] |
//!
//! Callers in assembly do the same by hand: `templates/x86_64/rows.tera`, `templates/x86_64/single.tera`.

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

/// Says in a mark what the thread is about to use. What follows is a look whether it is still in use.
#[inline(always)]
fn name(mark: &Mark, what: *mut ()) {
    // Release: what an earlier run under this mark did happens before whoever sees it name something else.
    mark.store(what, Ordering::Release);
    light_barrier();
}

/// What is published now, kept from being freed by `mark`, which says so when this returns.
///
/// If it is still published after it was named, whoever retires it later will see the mark after its barrier.
/// If it was retired before, the second look finds the new one.
#[inline(always)]
pub(super) fn enter<'l, L: Named>(published: &AtomicPtr<L>, mark: &Mark) -> &'l L {
    let mut found = published.load(Ordering::Acquire);
    loop {
        name(mark, L::entering(found));
        let again = published.load(Ordering::Acquire);
        if again == found {
            // SAFETY: never null, and the mark keeps it from being freed.
            let found = unsafe { &*found };
            // Release: as in `name`.
            mark.store(found.entered(), Ordering::Release);
            return found;
        }
        found = again;
    }
}

/// What is published now, kept from being freed by a pin, which nobody waits for: as [`enter`].
#[inline(always)]
pub(super) fn retain<'l, L>(published: &AtomicPtr<L>, thread: &'static Thread) -> (&'l L, Pin) {
    let mut found = published.load(Ordering::Acquire);
    loop {
        // Names it, and passes the barrier.
        let pin = thread.pin(found.cast());
        let again = published.load(Ordering::Acquire);
        if again == found {
            // SAFETY: never null, and the pin keeps it from being freed.
            return (unsafe { &*found }, pin);
        }
        pin.release(thread);
        found = again;
    }
}

/// Names a place that lives for ever, in which a list is: followed by a look whether what the caller was made
/// for is still selected there.
///
/// What is found to be selected under the mark stays for as long as the mark does, as does its link: another
/// cannot become the tenant while a thread has such a mark. But a mark that comes and goes with every call looks
/// the same before and after a change, so a wait for it could be long where calls are frequent: whoever retires
/// a list that is held in this way publishes one that is not.
#[inline(always)]
pub(crate) fn enter_place(mark: &Mark, place: *mut ()) {
    name(mark, place);
}

/// Names a row of a list that is only retained; whether its probe may run, for as long as the mark stands.
///
/// If the row is not dead now, whoever kills it later will see the mark after its barrier and wait.
#[inline(always)]
pub(crate) fn recheck(mark: &Mark, row: *mut (), is_dead: impl FnOnce() -> bool) -> bool {
    name(mark, row);
    !is_dead()
}

/// Says that nothing runs any more under a mark of the thread's record.
#[inline(always)]
pub(crate) fn leave(thread: &Thread, mark: &Mark) {
    // Release: what ran under it happens before whatever waited for it.
    mark.store(thread.free(), Ordering::Release);
}

/// As [`leave`], after a probe that may have blocked: whoever sleeps until then is woken.
///
/// If this sees nobody, whoever says later that he waits sees after his barrier that there is nothing to wait
/// for.
#[inline(always)]
pub(crate) fn leave_and_wake(thread: &Thread, mark: &Mark) {
    leave(thread, mark);
    light_barrier();
    if thread.is_awaited() {
        thread.wake();
    }
}
