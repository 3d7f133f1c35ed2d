//! Live patches: another function in the place of a body.

use gtramp::{replace, site, traceable};
use gtramp_bench::row::{Can, Row};

use crate::check;
use crate::target::{body, calls};

const CAN: Can = Can { many: false, ..Can::GTRAMP };

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "replace",
        floor: "plain",
        can: CAN,
        setup: || {
            let patch = in_its_place::apply().map_err(|error| error.to_string())?;
            Ok(check::nothing(calls!(replaced; a b), patch))
        },
    },
    Row {
        name: "replace-original",
        floor: "detour",
        can: CAN,
        setup: || {
            let patch = around::apply().map_err(|error| error.to_string())?;
            Ok(check::nothing(calls!(wrapped; a b), patch))
        },
    },
];

#[traceable]
#[inline(never)]
fn replaced(a: u64, b: u64) -> u64 {
    body([a, b]) + 1
}

#[replace("**::rows::replaced::replaced")]
fn in_its_place(a: u64, b: u64) -> u64 {
    body([a, b])
}

#[traceable]
#[inline(never)]
fn wrapped(a: u64, b: u64) -> u64 {
    body([a, b])
}

#[replace("**::rows::replaced::wrapped")]
fn around(a: u64, b: u64) -> u64 {
    site!(wrapped).original(|| wrapped(a, b)).unwrap_or(0)
}
