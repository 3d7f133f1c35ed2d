//! Whether this is still the process that began to measure: a child that was forked has none of the threads that
//! would end a lease.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::Once;

/// How many forks lie between the first process and this one.
static FORKS: AtomicU32 = AtomicU32::new(0);

extern "C" fn in_child() {
    FORKS.fetch_add(1, Relaxed);
}

/// What changes in a child, and its value here.
pub(super) fn current() -> (&'static AtomicU32, u32) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // SAFETY: the handler may run in any child: it adds to an atomic.
        let refused = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        // Refused for want of memory alone; then a child goes on counting for itself.
        let _ = refused;
    });
    (&FORKS, FORKS.load(Relaxed))
}
