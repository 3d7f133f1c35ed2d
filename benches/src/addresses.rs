//! Where code and data lie.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use libc::{ADDR_NO_RANDOMIZE, c_int, c_ulong, personality};

/// Whether the system leaves the program and its memory at the same addresses in every run.
#[must_use]
pub fn are_fixed() -> bool {
    flags().is_some_and(|flags| flags & ADDR_NO_RANDOMIZE != 0)
}

/// Begins the program again at the addresses of every run, unless it has them. Where the system refuses, it
/// goes on as it is: what a run finds then depends on its addresses as well, by up to a cycle a call.
pub fn fix() {
    let Some(flags) = flags().filter(|flags| flags & ADDR_NO_RANDOMIZE == 0) else { return };
    let Ok(program) = std::env::current_exe() else { return };
    let wanted = c_ulong::from((flags | ADDR_NO_RANDOMIZE).cast_unsigned());
    // SAFETY: says how later programs of this process are loaded, nothing else.
    let _ = unsafe { personality(wanted) };
    if are_fixed() {
        // It returns if it fails.
        let _ = Command::new(program).args(std::env::args_os().skip(1)).exec();
    }
}

fn flags() -> Option<c_int> {
    // SAFETY: this value asks, and changes nothing.
    let flags = unsafe { personality(0xffff_ffff) };
    (flags >= 0).then_some(flags)
}
