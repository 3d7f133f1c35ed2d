//! The operating system, as the rest of the crate sees it: barriers, page protections, `errno`,
//! memory, thread exit and fork.
//!
//! One file per system, with the same names in each. Nothing here knows what a probe is. Unit
//! tests and fuzz targets see the system through a third file, which can refuse any call.

mod memory;

#[cfg(all(target_os = "linux", not(miri)))]
#[path = "linux.rs"]
mod system;
#[cfg(not(all(target_os = "linux", not(miri))))]
#[path = "fallback.rs"]
mod system;

#[cfg(any(test, fuzzing))]
mod faulty;

pub(crate) use memory::{OutOfMemory, allocate, allocate_zeroed, push, reserve, reserve_text};

#[cfg(any(test, fuzzing))]
pub(crate) use faulty::*;
#[cfg(not(any(test, fuzzing)))]
pub(crate) use system::*;

/// Whether memory may be asked for.
#[cfg(not(any(test, fuzzing)))]
#[inline(always)]
fn grants_memory() -> bool {
    true
}
