use gtramp::{Entry, fentry};

#[fentry("bank::**", "", sleepy, cookie = 7, future)]
fn audit(_ctx: &Entry<'_>) {}

fn main() {}
