//! A traceable function without a probe.

use crate::calls;
use crate::row::{Armed, Can, Row};

use super::traced;

pub(super) const ROWS: &[Row] = &[Row {
    name: "off",
    floor: "plain",
    can: Can::GTRAMP,
    setup: || Ok(Armed::nothing(calls!(traced::off; a b), ())),
}];
