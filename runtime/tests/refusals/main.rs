//! Bad input: each has its own error, and nothing is half attached, no function left changed.

#[path = "../support/mod.rs"]
mod support;

mod modified;
mod types;
mod unwritable;
