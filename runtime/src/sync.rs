//! The atomics of the crate, in one place, so that a model checker can stand in for them.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering,
    compiler_fence, fence,
};
#[cfg(not(loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{
    AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};

/// The cheap half of an asymmetric fence: it orders a store before a later load only for the
/// compiler. The other half is [`crate::sys::barrier`], which a detaching thread runs: it
/// makes every other thread of the process pass a full fence, so that for each of them one of
/// two things holds: its store is visible to the detaching thread, or its load sees what
/// the detaching thread wrote before the barrier.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) fn light_barrier() {
    if cfg!(miri) {
        core::sync::atomic::fence(Ordering::SeqCst);
    } else {
        compiler_fence(Ordering::SeqCst);
    }
}

/// Under the model checker both halves are full fences.
#[cfg(loom)]
pub(crate) fn light_barrier() {
    loom::sync::atomic::fence(Ordering::SeqCst);
}

/// Locks `mutex`; a panic of an earlier holder does not matter, because every holder leaves
/// the data consistent before it can panic.
#[cfg(not(loom))]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
