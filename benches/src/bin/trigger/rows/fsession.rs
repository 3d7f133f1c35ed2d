//! A session: what runs at entry leaves a value for what runs at exit of the same call.

use gtramp::{Entry, Exit, Link, LinkBuilder, Return, site};
use seq_macro::seq;

use gtramp_bench::row::{Can, Row};

use crate::cells::{hit, hit_exit};
use crate::check;
use crate::target::{calls, opaque};

use super::many::Function;
use super::traced::{self, many_sessions};

/// The work is that of `both-spec`; the value is one word.
pub(super) const ROWS: &[Row] = &[
    Row {
        name: "fsession",
        floor: "both-spec",
        can: Can::GTRAMP,
        setup: || {
            let link = attach(site!(traced::session).link())?;
            Ok(check::both(calls!(traced::session; a b), link))
        },
    },
    Row {
        name: "fsession-multi",
        floor: "fsession",
        can: Can::GTRAMP,
        setup: || {
            core::hint::black_box(SESSIONS);
            let link = gtramp::link().functions("trigger::rows::traced::many_sessions");
            let link = attach(link)?;
            Ok(check::both(calls!(many_sessions::<0>; a b), link))
        },
    },
];

/// The hundred functions, kept in the program.
static SESSIONS: [Function; 100] = seq!(N in 0..100 { [#(many_sessions::<N>,)*] });

fn attach(link: LinkBuilder) -> Result<Link, String> {
    let entry = |_: &Entry<'_>, a: &u64, b: &u64| {
        hit([*a, *b]);
        Some(opaque(*a))
    };
    let exit = |_: &Exit<'_>, value: u64, a: u64, b: u64, ret: Return<'_, u64>| {
        if let Some(ret) = ret.get() {
            hit_exit([a, b], *ret);
        }
        opaque(value);
    };
    link.fsession(entry, exit).attach().map_err(|error| error.to_string())
}
