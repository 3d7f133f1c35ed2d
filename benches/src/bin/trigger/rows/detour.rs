//! The crate `detour`: another function in the function's place, which calls it through a copy of
//! its first instructions.

use detour::RawDetour;
use gtramp_bench::row::{Armed, Can, Row, Run};

use crate::check;
use crate::target::calls;

use super::patched::{Original, target};

const CAN: Can = Can { many: false, live: true, ..Can::GTRAMP };

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "detour-fentry",
        floor: "hand-fentry",
        can: CAN,
        setup: || {
            use calling::{BEFORE, before};
            install(entered, before, &BEFORE, calls!(entered; a b), check::before)
        },
    },
    Row {
        name: "detour",
        floor: "hand-fexit",
        can: CAN,
        setup: || {
            use calling::{BOTH, both};
            install(wrapped, both, &BOTH, calls!(wrapped; a b), check::both)
        },
    },
    Row {
        name: "detour-fentry-inline",
        floor: "hand-fentry-inline",
        can: CAN,
        setup: || {
            use inline::{BEFORE, before};
            install(entered_inline, before, &BEFORE, calls!(entered_inline; a b), check::before)
        },
    },
    Row {
        name: "detour-inline",
        floor: "hand-fexit-inline",
        can: CAN,
        setup: || {
            use inline::{BOTH, both};
            install(wrapped_inline, both, &BOTH, calls!(wrapped_inline; a b), check::both)
        },
    },
];

target!(entered);
target!(wrapped);
target!(entered_inline);
target!(wrapped_inline);

/// Hooks that call the probes, as a hook does that serves more than one function.
mod calling {
    use super::super::{hand, patched};

    patched::hooks!(hand::before, hand::after);
}

/// Hooks that the probes are a part of.
mod inline {
    use super::super::patched;

    patched::hooks!(patched::store_before, patched::store_after);
}

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
    unsafe { original.set(detour.trampoline()) };
    // SAFETY: no other thread runs the function.
    unsafe { detour.enable() }.map_err(|error| error.to_string())?;
    Ok(check(run, detour))
}
