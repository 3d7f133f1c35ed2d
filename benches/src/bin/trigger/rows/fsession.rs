//! A session: what runs at entry leaves a value for what runs at exit of the same call.

use gtramp::{Entry, Exit, Return, site};

use gtramp_bench::row::{Can, Row};

use crate::cells::{hit, hit_exit};
use crate::check;
use crate::target::{calls, opaque};

use super::traced;

/// The work is that of `both-spec`; the value is one word.
pub(super) const ROWS: &[Row] = &[Row {
    name: "fsession",
    floor: "both-spec",
    can: Can::GTRAMP,
    setup: || {
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
        let link = site!(traced::session).fsession(entry, exit);
        let link = link.map_err(|error| error.to_string())?;
        Ok(check::both(calls!(traced::session; a b), link))
    },
}];
