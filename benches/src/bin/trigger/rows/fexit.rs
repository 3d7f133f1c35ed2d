//! Exit probes, and a probe on either side.

use gtramp::site;

use crate::target::calls;
use gtramp_bench::row::{Can, Row};

use crate::check;

use super::traced::{self, after, before};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "fexit",
        floor: "hand-fentry",
        can: Can::GTRAMP,
        setup: || {
            let link = after::link().functions(site!(traced::exit)).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::after(calls!(traced::exit; a b), link))
        },
    },
    Row {
        name: "both-spec",
        floor: "hand-fexit",
        can: Can::GTRAMP,
        setup: || {
            let link = site!(traced::both_spec).link().around(before, after).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::both(calls!(traced::both_spec; a b), link))
        },
    },
    Row {
        name: "both",
        floor: "hand-fexit",
        can: Can::GTRAMP,
        setup: || {
            let link = site!(traced::both).link().fentry(before).fexit(after).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::both(calls!(traced::both; a b), link))
        },
    },
];
