//! What the protocols want of the system.

#[path = "../../../src/sys/memory.rs"]
mod memory;

pub(crate) use memory::{OutOfMemory, allocate, reserve};

/// There is always memory here.
fn grants_memory() -> bool {
    true
}

/// The expensive half of the asymmetric fence.
pub(crate) fn barrier() {
    #[cfg(not(gtramp_mutation = "barrier"))]
    loom::sync::atomic::fence(loom::sync::atomic::Ordering::SeqCst);
}

/// Wakes nobody: the models look at the word.
pub(crate) fn wake(_: &loom::sync::atomic::AtomicU32) {}
