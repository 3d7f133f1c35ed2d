//! One link of many functions, of which one is called.

use seq_macro::seq;

use crate::target::calls;
use gtramp_bench::row::{Can, Row};

use crate::check;

use super::traced::{after, before, many_entries, many_exits};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "fentry-multi",
        floor: "fentry",
        can: Can::GTRAMP,
        setup: || {
            core::hint::black_box(ENTRIES);
            let link = before
                .link()
                .functions("trigger::rows::traced::many_entries")
                .specialise(false)
                .attach();
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
            let link = after
                .link()
                .functions("trigger::rows::traced::many_exits")
                .specialise(false)
                .attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::after(calls!(many_exits::<0>; a b), link))
        },
    },
];

type Function = fn(u64, u64) -> u64;

/// The hundred functions, kept in the program.
static ENTRIES: [Function; 100] = seq!(N in 0..100 { [#(many_entries::<N>,)*] });
static EXITS: [Function; 100] = seq!(N in 0..100 { [#(many_exits::<N>,)*] });
