//! Panics that pass through callers and that stay in probes, and stacks as they are seen from
//! inside: by `std::backtrace` and by a debugger.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod abort;
mod debugger;
mod panics;
mod traces;
