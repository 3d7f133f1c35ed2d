//! What happens in a process's life while functions are traced: forks, signals at every
//! instruction, threads that come and go, stacks of all sizes.
//!
//! `GTRAMP_CYCLES` scales what is repeated.

#![cfg(gtramp_stubs)]

#[path = "../support/mod.rs"]
mod support;

#[cfg(target_arch = "x86_64")]
mod exit_steps;
mod exits;
// Children of a process with threads find the locks of an emulator held.
#[cfg(target_arch = "x86_64")]
mod forks;
mod memory;
// It knows the registers, this the trap flag, of one processor.
#[cfg(target_arch = "x86_64")]
mod registers;
mod signals;
mod stacks;
#[cfg(target_arch = "x86_64")]
mod stepping;
#[cfg(target_arch = "x86_64")]
mod swapping;
mod threads;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tests that own something of the whole process (a signal, its memory, its children) take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often something is repeated: `default` times unless the environment says.
fn cycles(default: u64) -> u64 {
    let given = std::env::var("GTRAMP_CYCLES").ok();
    given.map_or(default, |cycles| cycles.parse().expect("GTRAMP_CYCLES is a number"))
}

/// A counter that a probe's closure can own.
fn counter() -> &'static AtomicU64 {
    Box::leak(Box::new(AtomicU64::new(0)))
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::SeqCst);
}

fn counted(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::SeqCst)
}
