//! A function of another crate that is off, beside the same one without the attribute.

use crate::check::{self, Seen};
use crate::target::calls;
use gtramp_bench::elsewhere;
use gtramp_bench::row::{Can, Row, Run};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "plain/crate",
        floor: "plain/crate",
        can: Can::NOTHING,
        setup: || Ok(check::armed(PLAIN, PLAIN, Seen::Same(PLAIN), ())),
    },
    Row {
        name: "off/crate",
        floor: "plain/crate",
        can: Can::GTRAMP,
        setup: || {
            let run = calls!(elsewhere::traced; a b);
            Ok(check::off(run, PLAIN, "gtramp_bench::elsewhere::traced", 1))
        },
    },
];

const PLAIN: Run = calls!(elsewhere::plain; a b);
