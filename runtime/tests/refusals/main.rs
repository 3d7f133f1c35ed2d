//! Bad input: each has its own error, and nothing is half attached, no function left changed.

#[path = "../support/mod.rs"]
mod support;

#[cfg(not(gtramp_slot))] // There, no code is written.
mod altered;
#[cfg(target_arch = "x86_64")] // It answers a system call in the place of the kernel.
mod barriers;
#[cfg(target_arch = "x86_64")] // As barriers.
mod clones;
mod modified;
mod seccomp;
mod types;
mod unwritable;
#[cfg(target_arch = "x86_64")] // The emulator takes no filter.
mod without_barriers;
