//! Records that stand in for a thread's own: no probe runs while a thread uses one.

use super::record::Thread;

/// Not an address of anything: the first mark of such a record, which is never free.
const NOBODY: *mut () = core::ptr::without_provenance_mut(4);

/// Stands in for the record of a thread that has none yet.
pub(super) static UNREGISTERED: Thread = Thread::new(NOBODY);

/// Stands in for the record of a thread that is to run unprobed.
pub(super) static IGNORED: Thread = Thread::new(NOBODY);
