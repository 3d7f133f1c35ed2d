//! A closure that asks for more than a call gives, or can be given away by more than one thread.

use std::cell::Cell;

use gtramp::replacement;

/// Its result outlives the argument that it borrows from.
fn keeps() {
    let _ = replacement!(|text: &str| -> &'static str { text });
}

/// It borrows from the wrong one.
fn other() {
    let _ = replacement!(for<'t> |_: &'t str, other: &str| -> &'t str { other });
}

/// What it has captured is gone when it runs.
fn borrows() {
    let limit = 10_u64;
    let limit = &limit;
    let _ = replacement!(move |amount: u64| -> u64 { amount.min(*limit) });
}

/// Calls are made by any thread.
fn counts() {
    let calls = Cell::new(0);
    let _ = replacement!(move |_: u64| -> u64 {
        calls.set(calls.get() + 1);
        calls.get()
    });
}

fn main() {}
