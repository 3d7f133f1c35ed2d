//! Grace periods: when may what a thread might still be using be freed?
//!
//! A thread that runs probes says so in its own record, with plain stores: a *mark* names the
//! list or the row of a list it is in, a *pin* names a list it will come back to after the
//! origin. Whoever takes a list out of use pays for everything: it unpublishes the list,
//! runs [`crate::sys::barrier`], and then either waits until no mark names it, or leaves the
//! memory for later while a pin does.
//!
//! Nothing here knows what a list is: marks and pins are addresses.

mod current;
mod errno;
mod ignore;
mod protect;
mod published;
mod record;
mod standin;
mod thread;
mod wait;

pub(crate) use current::current;
pub(crate) use errno::Errno;
pub use ignore::{IgnoreGuard, ignore_current_thread};
pub(crate) use protect::{Named, enter_place, leave, leave_and_wake, recheck};
pub(crate) use published::Published;
pub(crate) use record::{Mark, Pin, Thread};
pub(crate) use thread::count as records;
pub(crate) use thread::{Slow, enter_slow, in_cloned_child, in_forked_child};
pub(crate) use wait::wait_for_marks;
pub(crate) use wait::{Held, Marked, abandon_marks_of_the_gone, held, in_probe, marked};

/// Prepares what the exit of a thread needs; called before the first function is armed.
pub(crate) fn prepare() {
    thread::prepare();
}
