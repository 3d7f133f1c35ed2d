//! One link of many functions, of which one is called: a hundred, and fifty thousand more.

use seq_macro::seq;

use crate::target::calls;
use gtramp_bench::crowd;
use gtramp_bench::row::{Armed, Can, Row};

use crate::check;

use super::traced::{after, before, entry_all, exit_all, many_entries, many_exits, off_all};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "fentry-multi",
        floor: "fentry",
        can: Can::GTRAMP,
        setup: || {
            core::hint::black_box(ENTRIES);
            let link = before::link().functions("trigger::rows::traced::many_entries").attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::before(calls!(many_entries::<0>; a b), link))
        },
    },
    Row {
        name: "fexit-multi",
        floor: "fexit",
        can: Can::GTRAMP,
        setup: || {
            core::hint::black_box(EXITS);
            let link = after::link().functions("trigger::rows::traced::many_exits").attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::after(calls!(many_exits::<0>; a b), link))
        },
    },
    Row {
        name: "fentry-multi-all",
        floor: "fentry-multi",
        can: Can::GTRAMP,
        setup: || {
            let link = before::link().functions([crowd::all(), "trigger::rows::traced::entry_all"]);
            let link = link.attach().map_err(|error| error.to_string())?;
            let armed = check::before(calls!(entry_all; a b), ());
            Ok(Armed { turn: Some(link), ..armed })
        },
    },
    Row {
        name: "fexit-multi-all",
        floor: "fexit-multi",
        can: Can::GTRAMP,
        setup: || {
            let link = after::link().functions([crowd::all(), "trigger::rows::traced::exit_all"]);
            let link = link.attach().map_err(|error| error.to_string())?;
            let armed = check::after(calls!(exit_all; a b), ());
            Ok(Armed { turn: Some(link), ..armed })
        },
    },
    Row {
        name: "off-all",
        floor: "plain",
        can: Can::GTRAMP,
        setup: || {
            let link = before::link()
                .functions(crowd::all())
                .attach()
                .map_err(|error| error.to_string())?;
            let armed = check::nothing(calls!(off_all; a b), ());
            Ok(Armed { turn: Some(link), ..armed })
        },
    },
];

pub(super) type Function = fn(u64, u64) -> u64;

/// The hundred functions, kept in the program.
static ENTRIES: [Function; 100] = seq!(N in 0..100 { [#(many_entries::<N>,)*] });
static EXITS: [Function; 100] = seq!(N in 0..100 { [#(many_exits::<N>,)*] });
