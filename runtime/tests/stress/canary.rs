//! Finding probes that run when they must not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What went wrong, anywhere: a panic inside a probe would be caught.
pub(crate) static FAILURES: AtomicU64 = AtomicU64::new(0);

/// Notes a failure.
pub(crate) fn fail(what: &str) {
    if FAILURES.fetch_add(1, Ordering::SeqCst) < 10 {
        eprintln!("failure: {what}");
    }
}

/// Fails unless `right`.
pub(crate) fn check(right: bool, what: &str) {
    if !right {
        fail(what);
    }
}

const ALIVE: u64 = 0x00c0_ffee_0dd5_eed5;

/// Owned by a probe's closure.
pub(crate) struct Canary {
    song: AtomicU64,
    may_sing: Arc<AtomicBool>,
}

/// Held by whoever detaches the probe.
pub(crate) struct Keeper(Arc<AtomicBool>);

pub(crate) fn canary() -> (Canary, Keeper) {
    let may_sing = Arc::new(AtomicBool::new(true));
    let keeper = Keeper(Arc::clone(&may_sing));
    (Canary { song: AtomicU64::new(ALIVE), may_sing }, keeper)
}

impl Canary {
    /// Called when the probe begins and when it ends.
    pub(crate) fn sing(&self) {
        check(self.song.load(Ordering::Relaxed) == ALIVE, "a probe ran after it was dropped");
        let may_sing = self.may_sing.load(Ordering::Relaxed);
        check(may_sing, "a probe ran after its link was detached or disabled");
    }

    /// Another one for a further probe of the link, under the same keeper.
    pub(crate) fn twin(&self) -> Self {
        Self { song: AtomicU64::new(ALIVE), may_sing: Arc::clone(&self.may_sing) }
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.song.store(0, Ordering::Relaxed);
    }
}

impl Keeper {
    /// The probes may run from now on, or not.
    pub(crate) fn allow(&self, may_sing: bool) {
        self.0.store(may_sing, Ordering::SeqCst);
    }

    /// Whether every canary was dropped.
    pub(crate) fn is_alone(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}
