//! The crate `retour`: another function in the function's place, which calls it through a copy of
//! its first instructions.

use gtramp_bench::row::{Armed, Can, Row, Run};
use retour::RawDetour;

use crate::check;
use crate::target::calls;

use super::hand as called;
use super::patched::{Original, hooks, target};

const CAN: Can = Can { many: false, live: false, ..Can::GTRAMP };

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "retour-fentry",
        floor: "hand-fentry",
        can: CAN,
        setup: || install(entered, before, &BEFORE, calls!(entered; a b), check::before),
    },
    Row {
        name: "retour",
        floor: "hand-fexit",
        can: CAN,
        setup: || install(wrapped, both, &BOTH, calls!(wrapped; a b), check::both),
    },
];

target!(entered);
target!(wrapped);
hooks!(called::before, called::after);

type Target = extern "C" fn(u64, u64) -> u64;

fn install(
    target: Target,
    hook: Target,
    original: &Original,
    run: Run,
    check: fn(Run, RawDetour) -> Armed,
) -> Result<Armed, String> {
    // SAFETY: both are functions of the same type.
    let detour = unsafe { RawDetour::new(target as *const (), hook as *const ()) };
    let detour = detour.map_err(|error| error.to_string())?;
    // SAFETY: what it calls the trampoline continues the function.
    unsafe { original.set(core::ptr::from_ref(detour.trampoline())) };
    // SAFETY: no other thread runs the function.
    unsafe { detour.enable() }.map_err(|error| error.to_string())?;
    Ok(check(run, detour))
}
