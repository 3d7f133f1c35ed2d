//! Children that were made by the bare system call, without the handlers for forks.
//!
//! A word in memory that the system wipes in every copy of the process says whether this is one of which
//! nobody has told. It is looked at before the transaction lock is taken:
//!
//! - The lock is taken already: by a thread of the parent, because here everybody looks first. What it
//!   protects may be in any state, so nothing is changed here ever again.
//! - What the parent's other threads had marked is given up, by the thread that the child was made with:
//!   only it can tell its own record from theirs.
//!
//! A child that shares its parent's memory is to all this a thread of the parent.

use crate::grace;
use crate::patch;
use crate::probe;
use crate::sync::{AtomicPtr, AtomicU32, Ordering};
use crate::sys;

/// In a process that has been seen to. A child has [`NEW`].
const HOME: u32 = 1;
const NEW: u32 = 0;
/// A thread of a child is finding out.
const LOOKING: u32 = 2;
/// A child whose lock is free. What was marked in the parent is still there.
const FREE: u32 = 3;
/// A child whose lock nobody will release.
const LOCKED: u32 = 4;

/// Where the word is; null while there is none, and then every process is taken for its own.
static WORD: AtomicPtr<AtomicU32> = AtomicPtr::new(core::ptr::null_mut());

fn word() -> Option<&'static AtomicU32> {
    // Acquire: what was written there before it was published.
    let word = WORD.load(Ordering::Acquire);
    // SAFETY: null, or a word that `prepare` has made, which stays.
    unsafe { word.as_ref() }
}

/// Makes the word. Where that cannot be, children of this kind are not told apart; the next attach asks again.
pub(super) fn prepare() {
    if word().is_some() {
        return;
    }
    let Ok(page) = sys::map_wiped_in_children(sys::page_size()) else { return };
    let made = page.cast::<AtomicU32>();
    // SAFETY: a fresh page of zeros, which is an atomic word.
    unsafe { &*made }.store(HOME, Ordering::Relaxed);
    // Another thread may have been faster: then its word serves as well.
    let null = core::ptr::null_mut();
    let _ = WORD.compare_exchange(null, made, Ordering::Release, Ordering::Relaxed);
}

/// In a child of a fork whose handler has seen to it.
pub(super) fn is_forked() {
    if let Some(word) = word() {
        word.store(HOME, Ordering::Release);
    }
}

/// Whether what the transaction lock protects can be changed in this process. `is_locked` asks for the lock.
pub(super) fn is_at_home(is_locked: impl Fn() -> bool) -> bool {
    let Some(word) = word() else { return true };
    loop {
        // Acquire: what was found out and given up here before.
        match word.load(Ordering::Acquire) {
            HOME => return true,
            LOCKED => return false,
            FREE if sys::thread() != sys::process() => return true,
            FREE => {
                let (free, looking) = (Ordering::Acquire, Ordering::Relaxed);
                if word.compare_exchange(FREE, LOOKING, free, looking).is_ok() {
                    grace::in_cloned_child();
                    patch::in_forked_child();
                    probe::in_forked_child();
                    word.store(HOME, Ordering::Release);
                }
            }
            NEW => {
                let (taken, not) = (Ordering::Acquire, Ordering::Relaxed);
                if word.compare_exchange(NEW, LOOKING, taken, not).is_ok() {
                    word.store(if is_locked() { LOCKED } else { FREE }, Ordering::Release);
                }
            }
            _ => std::thread::yield_now(),
        }
    }
}
