//! Forks: the child has the forking thread alone, so the others must not hold a lock just then.
//!
//! 1. before: every lock that is only held for a moment is taken, as one: the transaction lock;
//!    what is made on first use is made;
//! 2. in the parent: it is released;
//! 3. in the child: the records of the threads that are gone are given up, and their places in line for the lock,
//!    then it is released.
//!
//! Everything else that can be locked is locked under the transaction lock alone.

use std::cell::Cell;
use std::io;

use crate::grace;
use crate::patch;
use crate::probe;
use crate::registry::Registry;
use crate::sync::{AtomicBool, Ordering};
use crate::sys;

use super::child;
use super::line::Errand;
use super::transaction::Transaction;

std::thread_local! {
    /// The lock, while the thread forks. Not a destructor's business: it is taken back in `after`.
    static ACROSS: Cell<Option<core::mem::ManuallyDrop<Transaction>>> = const { Cell::new(None) };
}

/// Installs the handlers. Without them the child of a fork could wait for threads it does not have.
pub(super) fn prepare() -> io::Result<()> {
    child::prepare();
    probe::prepare();
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    // Two threads may install them at the same time, and each may run twice: the second time does
    // nothing.
    if !INSTALLED.load(Ordering::Relaxed) {
        sys::on_fork(before, in_parent, in_child)?;
        INSTALLED.store(true, Ordering::Relaxed);
    }
    Ok(())
}

unsafe extern "C" fn before() {
    if Transaction::is_under_way() {
        // The fork comes out of a transaction of this very thread (out of an allocator, say).
        return;
    }
    grace::prepare();
    let _ = Registry::get();
    ACROSS.set(Transaction::begin(Errand::Leaving).map(core::mem::ManuallyDrop::new));
}

unsafe extern "C" fn in_parent() {
    release();
}

unsafe extern "C" fn in_child() {
    grace::in_forked_child();
    patch::in_forked_child();
    probe::in_forked_child();
    // What is orphaned stays so.
    let taken = ACROSS.take();
    if taken.is_some() {
        Transaction::is_alone();
        child::is_forked();
    }
    ACROSS.set(taken);
    release();
}

fn release() {
    if let Some(transaction) = ACROSS.take() {
        drop(core::mem::ManuallyDrop::into_inner(transaction));
    }
}
