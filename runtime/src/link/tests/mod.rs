//! Transactions in which a call of the system fails, what they do in which order, which functions have one
//! list, which are not found in the front of the table, who wakes whom, and calls that come at the wrong moment.

// An entry that shows no way to its caller leads nobody astray.
#[cfg(all(target_arch = "x86_64", not(gtramp_slot)))]
mod astray;
mod changes;
mod faults;
mod front;
mod order;
mod sharing;
mod threads;
mod waiting;

use crate::Function;
use crate::link::snapshot::turn;
use crate::registry::functions;

/// The traceable functions of a test module.
fn targets(module: &str) -> Vec<&'static Function> {
    let all = functions();
    let ours = all.iter().filter(|function| function.module().ends_with(module));
    let ours: Vec<_> = ours.collect();
    assert!(!ours.is_empty(), "no function of {module}");
    ours
}
