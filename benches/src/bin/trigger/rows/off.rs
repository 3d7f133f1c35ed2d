//! A traceable function without a probe.

use crate::target::calls;
use gtramp_bench::row::{Can, Row};

use crate::check;

use super::traced;

pub(super) const ROWS: &[Row] = &[Row {
    name: "off",
    floor: "plain",
    can: Can::GTRAMP,
    setup: || Ok(check::nothing(calls!(traced::off; a b), ())),
}];
