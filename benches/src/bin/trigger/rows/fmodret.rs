//! Probes that may decide the result, and do not, or do.

use core::ops::ControlFlow;

use gtramp::{ModRet, fmod_ret, site};

use crate::cells::hit;
use gtramp_bench::row::{Can, Row};

use crate::check::{self, Seen};
use crate::target::{body, calls};

use super::traced;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "fmodret",
        floor: "fexit",
        can: Can::GTRAMP,
        setup: || {
            let link = leave::link().functions(site!(traced::mod_ret)).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::before(calls!(traced::mod_ret; a b), link))
        },
    },
    Row {
        name: "fmodret-override",
        floor: "fexit",
        can: Can::GTRAMP,
        setup: || {
            let link = decide::link().functions(site!(traced::mod_ret_override)).attach();
            let link = link.map_err(|error| error.to_string())?;
            let same_as = calls!(hit_and_decide; a b);
            let seen = Seen::Same(same_as);
            Ok(check::armed(calls!(traced::mod_ret_override; a b), same_as, seen, link))
        },
    },
];

/// Stores its arguments and decides nothing.
#[fmod_ret]
fn leave(_: &ModRet<'_>, a: u64, b: u64) -> ControlFlow<u64> {
    hit([a, b]);
    ControlFlow::Continue(())
}

/// Stores its arguments and decides.
#[fmod_ret]
fn decide(_: &ModRet<'_>, a: u64, b: u64) -> ControlFlow<u64> {
    hit([a, b]);
    ControlFlow::Break(decided(a, b))
}

/// Not what the function returns.
fn decided(a: u64, b: u64) -> u64 {
    body([a, b]) ^ 1
}

fn hit_and_decide(a: u64, b: u64) -> u64 {
    hit([a, b]);
    decided(a, b)
}
