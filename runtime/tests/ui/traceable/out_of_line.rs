//! A module in a file of its own.

use gtramp::traceable;

#[traceable]
mod elsewhere;

fn main() {}
