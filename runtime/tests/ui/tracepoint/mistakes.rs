//! What is written wrongly, and what a body for any kind of probe cannot ask for.

use gtramp::{Context, tracepoint};

fn untyped(amount: u64) {
    tracepoint!(posted, amount);
}

fn of_another_type(amount: u64) {
    tracepoint!(posted, amount: u32);
}

fn nameless() {
    tracepoint!();
}

fn result_of(ctx: &Context) -> bool {
    ctx.is_err()
}

fn main() {}
