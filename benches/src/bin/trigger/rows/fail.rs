//! The crate `fail`: a named point in the body, looked up in a map while it is compiled in.

use std::cell::Cell;

use fail::fail_point;
use gtramp_bench::row::{Can, Row};

use crate::check;
use crate::target::{body, calls};

const CAN: Can = Can { decide: true, many: true, live: true, ..Can::NOTHING };

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "fail-off",
        floor: "plain",
        can: CAN,
        setup: || Ok(check::nothing(calls!(off; a b), ())),
    },
    Row {
        name: "fail",
        floor: "hand-fentry",
        can: CAN,
        setup: || {
            fail::cfg_callback("on", || HITS.set(HITS.get() + 1))?;
            Ok(check::counted(calls!(on; a b), (), || HITS.get(), 1))
        },
    },
];

thread_local! {
    static HITS: Cell<u64> = const { Cell::new(0) };
}

#[inline(never)]
fn off(a: u64, b: u64) -> u64 {
    fail_point!("off");
    body([a, b])
}

#[inline(never)]
fn on(a: u64, b: u64) -> u64 {
    fail_point!("on");
    body([a, b])
}
