//! Transactions in which a call of the system fails, and what they do in which order.

mod faults;
mod order;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Function;
use crate::registry::functions;

/// Tests that look at the state of the whole process take turns.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The traceable functions of a test module.
fn targets(module: &str) -> Vec<&'static Function> {
    let all = functions();
    let ours = all.iter().copied().filter(|function| function.module().ends_with(module));
    let ours: Vec<_> = ours.collect();
    assert!(!ours.is_empty(), "no function of {module}");
    ours
}
