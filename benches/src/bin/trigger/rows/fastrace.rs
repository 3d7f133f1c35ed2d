//! The crate `fastrace`: spans, collected for a reporter that counts them.

use core::sync::atomic::{AtomicU64, Ordering};

use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::{Span, trace};
use gtramp_bench::row::{Can, Row};

use crate::check;
use crate::target::body;

/// How many spans go into one trace: fewer than it has room for.
const TRACE: u64 = 1000;

pub(super) const ROWS: &[Row] = &[Row {
    name: "fastrace",
    floor: "hand-fexit",
    can: Can { many: true, live: true, exit: true, ..Can::NOTHING },
    setup: || {
        fastrace::set_reporter(Counting, Config::default());
        Ok(check::counted(run, (), count, 1))
    },
}];

#[inline(never)]
#[trace]
fn traced(a: u64, b: u64) -> u64 {
    body([a, b])
}

/// As the other rows' loops, but a new trace is begun in time.
#[inline(never)]
fn run(calls: u64) -> u64 {
    let b = core::hint::black_box(crate::target::ARGS[1]);
    let mut sum = 0u64;
    let mut a = 0;
    while a < calls {
        let root = Span::root("root", SpanContext::random());
        let _parent = root.set_local_parent();
        let end = calls.min(a + TRACE);
        while a < end {
            sum = sum.wrapping_add(traced(a, b));
            a += 1;
        }
    }
    sum
}

static SPANS: AtomicU64 = AtomicU64::new(0);

fn count() -> u64 {
    fastrace::flush();
    SPANS.load(Ordering::Relaxed)
}

struct Counting;

impl Reporter for Counting {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        let ours = spans.iter().filter(|span| span.name.ends_with("traced")).count();
        SPANS.fetch_add(ours as u64, Ordering::Relaxed);
    }
}
