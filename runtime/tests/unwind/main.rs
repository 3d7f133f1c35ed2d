//! Panics that pass through callers and that stay in probes, and stacks as they are seen from
//! inside: by `std::backtrace` and by a debugger.

#![cfg(gtramp_stubs)]

// These three start programs that belong to the machine, which an emulator does not stand in for: a cargo
// that builds for it, and debuggers.
#[cfg(target_arch = "x86_64")]
mod abort;
#[cfg(target_arch = "x86_64")]
mod debugger;
mod panics;
#[cfg(target_arch = "x86_64")]
mod steps;
mod traces;
