//! What a poll probe may not be.

use gtramp::{Entry, Polling, poll};

#[poll("**")]
fn with_an_argument(_: &Polling, _amount: u64) {}

#[poll("**")]
fn with_a_result(_: &Polling) -> u64 {
    1
}

#[poll("**")]
fn with_the_context_of_another(_: &Entry) {}

fn main() {
    let _ = gtramp::poll("**", |_: &Polling, _: &u64| ());
}
