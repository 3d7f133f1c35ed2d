use std::fmt::Debug;

use gtramp::{Entry, fentry};

#[fentry]
fn show<T: Debug, const N: usize>(_ctx: &Entry<'_>, values: &[T; N]) {
    println!("{values:?}");
}

#[fentry]
fn show_any(_ctx: &Entry<'_>, value: impl Debug) {
    println!("{value:?}");
}

fn main() {}
