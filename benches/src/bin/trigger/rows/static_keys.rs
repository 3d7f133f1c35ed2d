//! The crate `static-keys`: a call written into the body, behind a branch that is patched.

use gtramp_bench::row::{Can, Row};
use static_keys::{define_static_key_false, static_branch_unlikely};

use crate::cells::hit;
use crate::check;
use crate::target::{body, calls};

const CAN: Can = Can { live: false, ..Can::BY_HAND };

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "static-keys-off",
        floor: "plain",
        can: CAN,
        setup: || {
            static_keys::global_init();
            Ok(check::nothing(calls!(off; a b), ()))
        },
    },
    Row {
        name: "static-keys",
        floor: "hand-fentry",
        can: CAN,
        setup: || {
            static_keys::global_init();
            // SAFETY: no other thread runs a branch of this key.
            unsafe { ON.enable() };
            Ok(check::before(calls!(on; a b), ()))
        },
    },
];

define_static_key_false!(OFF);
define_static_key_false!(ON);

#[inline(never)]
fn before(a: u64, b: u64) {
    hit([a, b]);
}

#[inline(never)]
fn off(a: u64, b: u64) -> u64 {
    if static_branch_unlikely!(OFF) {
        before(a, b);
    }
    body([a, b])
}

#[inline(never)]
fn on(a: u64, b: u64) -> u64 {
    if static_branch_unlikely!(ON) {
        before(a, b);
    }
    body([a, b])
}
