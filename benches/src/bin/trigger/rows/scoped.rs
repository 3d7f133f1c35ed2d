//! Links that are limited to a scope: a call where it is in force, and one elsewhere.

use std::sync::LazyLock;

use gtramp::{Entry, Scope, site, traceable};
use gtramp_bench::row::{Can, Row, Run};

use crate::cells::hit;
use crate::check;
use crate::target::{body, calls};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "fentry-scoped",
        floor: "fentry",
        can: Can::GTRAMP,
        setup: || {
            let probe = |_: &Entry<'_>, a: &u64, b: &u64| hit([*a, *b]);
            let link = site!(inside).link().within(&SCOPE).fentry(probe).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::before(in_scope, link))
        },
    },
    Row {
        name: "fentry-elsewhere",
        floor: "fentry",
        can: Can::GTRAMP,
        setup: || {
            let probe = |_: &Entry<'_>, a: &u64, b: &u64| hit([*a, *b]);
            let link = site!(outside).link().within(&Scope::new()).fentry(probe).attach();
            let link = link.map_err(|error| error.to_string())?;
            Ok(check::nothing(calls!(outside; a b), link))
        },
    },
];

/// In force while the calls of the first row run, and while no other's do.
static SCOPE: LazyLock<Scope> = LazyLock::new(Scope::new);

fn in_scope(calls: u64) -> u64 {
    const CALLS: Run = calls!(inside; a b);
    let _entered = SCOPE.enter();
    CALLS(calls)
}

#[traceable]
#[inline(never)]
fn inside(a: u64, b: u64) -> u64 {
    body([a, b])
}

#[traceable]
#[inline(never)]
fn outside(a: u64, b: u64) -> u64 {
    body([a, b])
}
