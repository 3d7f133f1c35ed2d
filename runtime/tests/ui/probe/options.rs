use gtramp::{Entry, fentry};

#[fentry("bank::**", "", sleepy, cookie = 7)]
fn audit(_ctx: &Entry<'_>) {}

fn main() {}
