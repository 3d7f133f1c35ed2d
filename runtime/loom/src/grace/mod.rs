//! The runtime's grace periods, with records that belong to the models.

#[path = "../../../src/grace/errno.rs"]
mod errno;
#[path = "../../../src/grace/protect.rs"]
mod protect;
#[path = "../../../src/grace/published.rs"]
mod published;
#[path = "../../../src/grace/record.rs"]
mod record;
#[path = "../../../src/grace/wait.rs"]
mod wait;

#[cfg(test)]
pub(crate) use protect::{Named, enter_place, leave, leave_and_wake, recheck};
#[cfg(test)]
pub(crate) use published::Published;
pub(crate) use record::{Mark, Thread};

/// The records are the models' own.
mod thread {
    use super::record::Thread;

    pub(super) fn own() -> Option<&'static Thread> {
        None
    }

    pub(super) fn threads() -> impl Iterator<Item = &'static Thread> {
        core::iter::empty()
    }
}

pub(crate) fn wait_for_marks_of(threads: &[&'static Thread], busy: impl Fn(*mut ()) -> bool) {
    wait::wait_for_marks_of(threads.iter().copied(), busy);
}

pub(crate) fn is_marked(threads: &[&'static Thread], mark: *mut ()) -> bool {
    wait::held_by(|| threads.iter().copied()).has_mark(mark)
}

pub(crate) fn is_held(threads: &[&'static Thread], range: core::ops::Range<usize>) -> bool {
    wait::held_by(|| threads.iter().copied()).any_in(range)
}
