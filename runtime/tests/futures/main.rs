//! Async functions: their futures are polled by hand here, poll by poll; real runtimes are in `runtimes`.

#![cfg(gtramp_stubs)]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../support/mod.rs"]
mod support;

mod boxed;
mod forms;
mod instead;
mod lives;
mod polls;
mod runtimes;
mod scopes;
mod steps;
mod underway;
