use std::ops::ControlFlow;

use gtramp::{ModRet, site, traceable};

#[traceable]
fn fee(amount: u64) -> u64 {
    amount / 100
}

fn main() {
    let _ = site!(fee).fmod_ret(|_: &ModRet<'_>| ControlFlow::Break(3_u32));
}
