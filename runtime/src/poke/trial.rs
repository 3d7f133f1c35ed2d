//! Does what is written to code take effect?
//!
//! A processor sees to that. What translates code before it runs it, as valgrind does, may go on with what it has
//! translated: an attach would succeed, and its probes would never run. So before the first attach a switch of
//! nobody's function is tried.

use core::hint::black_box;

use crate::arch;
use crate::error::Error;

use super::Writable;

/// Tries it. Where code cannot be written it is not known.
///
/// Under the transaction lock.
pub(crate) fn written_code_is_run() -> bool {
    // In such a build, code is never written.
    if cfg!(any(gtramp_slot, not(gtramp_stubs))) {
        return true;
    }
    // Before as well, so that there is a translation.
    let off = black_box(arch::trial as extern "C" fn() -> u32)();
    let Ok(()) = switch(true) else { return true };
    let armed = black_box(arch::trial as extern "C" fn() -> u32)();
    let Ok(()) = switch(false) else { return true };
    (off, armed) == (0, 1)
}

fn switch(armed: bool) -> Result<(), Error> {
    let code = arch::trial as extern "C" fn() -> u32 as *const ();
    Writable::trial(code)?.one(code, code.addr() + arch::TRIAL, armed)
}
