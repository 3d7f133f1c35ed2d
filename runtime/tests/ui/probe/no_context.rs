use std::ops::ControlFlow;

use gtramp::{Entry, Exit, fentry, fexit, fmod_ret};

#[fentry]
fn nothing() {}

#[fentry]
fn argument_only(amount: u64) {
    println!("{amount}");
}

#[fexit]
fn result_only(ret: &u64) {
    println!("{ret}");
}

#[fexit]
fn another(_ctx: &Entry<'_>) {}

#[fmod_ret]
fn yet_another(_ctx: &Exit<'_>) -> ControlFlow<u64> {
    ControlFlow::Continue(())
}

fn main() {}
