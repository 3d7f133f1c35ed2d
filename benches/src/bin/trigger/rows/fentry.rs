//! Entry probes: one of a link of its own, several of several links, one found by hash, one that
//! may sleep.

use gtramp::__private::Lookup;
use gtramp::{Entry, site};

use crate::cells::hit;
use crate::target::calls;
use gtramp_bench::row::{Can, Row};

use crate::check;

use super::hand::{FENTRY2, FENTRY4};
use super::traced::{self, before};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "fentry",
        floor: "hand-fentry",
        can: Can::GTRAMP,
        setup: || {
            let link = before::link().functions(site!(traced::entry)).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::before(calls!(traced::entry; a b), link))
        },
    },
    Row {
        name: "fentry-closure",
        floor: "hand-fentry",
        can: Can::GTRAMP,
        setup: || {
            let probe = |_: &Entry<'_>, a: &u64, b: &u64| hit([*a, *b]);
            let link = site!(traced::closure).link().fentry(probe).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::before(calls!(traced::closure; a b), link))
        },
    },
    Row {
        name: "fentry-hash",
        floor: "hand-fentry",
        can: Can::GTRAMP,
        setup: || {
            let link = before::link().functions(site!(traced::hash)).lookup(Lookup::Hash).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::before(calls!(traced::hash; a b), link))
        },
    },
    Row {
        name: "fentry-list2",
        floor: "hand-fentry2",
        can: Can::GTRAMP,
        setup: || {
            let attach = || before::link().functions(site!(traced::list2)).attach();
            let links: Result<Vec<_>, _> = (0..2).map(|_| attach()).collect();
            let links = links.map_err(|error| error.to_string())?;
            Ok(check::several(calls!(traced::list2; a b), FENTRY2, links))
        },
    },
    Row {
        name: "fentry-list4",
        floor: "hand-fentry4",
        can: Can::GTRAMP,
        setup: || {
            let attach = || before::link().functions(site!(traced::list4)).attach();
            let links: Result<Vec<_>, _> = (0..4).map(|_| attach()).collect();
            let links = links.map_err(|error| error.to_string())?;
            Ok(check::several(calls!(traced::list4; a b), FENTRY4, links))
        },
    },
    Row {
        name: "fentry-sleep",
        floor: "hand-fentry",
        can: Can::GTRAMP,
        setup: || {
            let link = before::link().functions(site!(traced::sleep)).sleepable(true).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::before(calls!(traced::sleep; a b), link))
        },
    },
];
