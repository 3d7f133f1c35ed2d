//! Probes that may decide the result, and do not, or do.

use core::ops::ControlFlow;

use gtramp::{ModRet, fmod_ret, site};

use crate::calls;
use crate::cells::hit;
use crate::row::{Armed, Can, Row};
use crate::target::body;

use super::traced;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "fmodret",
        floor: "fexit",
        can: Can::GTRAMP,
        setup: || {
            let link = leave.link().functions(site!(traced::mod_ret)).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(Armed::before(calls!(traced::mod_ret; a b), link))
        },
    },
    Row {
        name: "fmodret-override",
        floor: "fexit",
        can: Can::GTRAMP,
        setup: || {
            let link = decide.link().functions(site!(traced::mod_ret_override)).attach();
            let link = link.map_err(|error| error.to_string())?;
            let armed = Armed::before(calls!(traced::mod_ret_override; a b), link);
            Ok(Armed { same_as: calls!(decided; a b), ..armed })
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
