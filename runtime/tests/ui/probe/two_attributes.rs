//! A function is one probe.

use gtramp::{Entry, fentry, fexit, replace, traceable};

#[traceable]
fn fee(amount: u64) -> u64 {
    amount
}

#[fentry("crate::fee")]
#[fexit("crate::fee")]
fn twice(_ctx: &Entry, _amount: u64) {}

#[replace("crate::fee")]
#[gtramp::fentry("crate::fee")]
fn instead(amount: u64) -> u64 {
    amount + 1
}

fn main() {
    fee(1);
    let _ = twice::attach();
}
