//! What the runtime has to know of a processor: the bytes of a switch and of an entry stub, how they are
//! armed, and the few instructions that Rust has no words for.
//!
//! One file per architecture, with the same names in each. The text of the stubs is not here
//! but in the templates.

mod rarely;

pub(crate) use rarely::{if_changed, unless_equal_at, unless_null, unless_odd};

#[cfg(all(gtramp_stubs, target_arch = "aarch64"))]
mod aarch64;
#[cfg(all(gtramp_stubs, target_arch = "aarch64"))]
pub(crate) use aarch64::*;

#[cfg(all(gtramp_stubs, target_arch = "x86_64"))]
mod x86_64;
#[cfg(all(gtramp_stubs, target_arch = "x86_64"))]
pub(crate) use x86_64::*;

#[cfg(not(gtramp_stubs))]
mod fallback;
#[cfg(not(gtramp_stubs))]
pub(crate) use fallback::*;

/// Where the section of sites' records begins and ends; twice null in a program without any site.
#[cfg(gtramp_stubs)]
pub(crate) fn sites() -> [*const (); 2] {
    section!("gtramp_sites")
}

/// Where the section of switches' records begins and ends; twice null in a program without any.
#[cfg(gtramp_stubs)]
pub(crate) fn switches() -> [*const (); 2] {
    section!("gtramp_switches")
}

/// Where the section of contributed callers begins and ends; twice null in a program without any.
#[cfg(gtramp_stubs)]
pub(crate) fn variants() -> [*const (); 2] {
    section!("gtramp_variants")
}

/// The target, for error messages.
pub(crate) const TARGET: &str = concat_target();

const fn concat_target() -> &'static str {
    if cfg!(miri) {
        "Miri"
    } else if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        "Linux x86-64"
    } else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
        "Linux aarch64"
    } else {
        "neither Linux x86-64 nor one of the other targets of gtramp"
    }
}
