//! The operating system, as the rest of the crate sees it: barriers, page protections, `errno`,
//! thread exit and fork.
//!
//! One file per system, with the same names in each. Nothing here knows what a probe is.

#[cfg(all(target_os = "linux", not(miri)))]
mod linux;
#[cfg(all(target_os = "linux", not(miri)))]
pub(crate) use linux::*;

#[cfg(not(all(target_os = "linux", not(miri))))]
mod fallback;
#[cfg(not(all(target_os = "linux", not(miri))))]
pub(crate) use fallback::*;
