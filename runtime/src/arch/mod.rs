//! What the runtime has to know of a processor: the bytes of an entry, and how it is armed.
//!
//! One file per architecture, with the same names in each. The text of the stubs is not here
//! but in the templates.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::*;

#[cfg(not(target_arch = "x86_64"))]
mod fallback;
#[cfg(not(target_arch = "x86_64"))]
pub(crate) use fallback::*;

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
