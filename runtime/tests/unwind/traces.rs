//! `std::backtrace`, inside probes and inside origins.

use std::backtrace::Backtrace;
use std::sync::Mutex;

use gtramp::{Entry, Exit, Link, site, traceable};

#[traceable]
#[inline(never)]
fn traced_origin(a: u64) -> String {
    assert_eq!(a, 1);
    Backtrace::force_capture().to_string()
}

#[inline(never)]
fn true_caller() -> String {
    let trace = traced_origin(1);
    // Not a tail call.
    std::hint::black_box(trace)
}

#[inline(never)]
fn callers_caller() -> String {
    let trace = true_caller();
    std::hint::black_box(trace)
}

static IN_PROBE: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn capture() {
    IN_PROBE.lock().expect("nobody panics").push(Backtrace::force_capture().to_string());
}

/// Both callers are in the trace, in order, and nothing that could not be named.
#[track_caller]
fn check(trace: &str, attached: &str) {
    // With line tables alone the names are without their paths.
    let near = trace.find("true_caller\n");
    let far = trace.find("callers_caller\n");
    assert!(near.is_some() && near < far, "{attached}:\n{trace}");
    let between = ["traced_origin", "caller_", "specialised_"];
    assert!(between.iter().any(|name| trace.contains(name)), "{attached}:\n{trace}");
}

fn ways() -> Vec<Link> {
    let link = || gtramp::link().functions(site!(traced_origin));
    [
        link().fentry(|_: &Entry| capture()),
        link().fentry(|_: &Entry| capture()).fentry(|_: &Entry| ()),
        link().fexit(|_: &Exit| capture()),
        link().fentry(|_: &Entry| capture()).fexit(|_: &Exit| capture()),
        link().fentry(|_: &Entry| capture()).fexit(|_: &Exit| capture()).sleepable(true),
    ]
    .into_iter()
    .map(|link| link.attach().expect("it takes any probe"))
    .inspect(Link::disable)
    .collect()
}

#[test]
fn backtraces_of_probes_and_origins_show_the_true_callers_by_name() {
    check(&callers_caller(), "nothing attached");
    for link in ways() {
        link.enable().expect("nothing is in the way");
        let attached = link.info().to_string();
        check(&callers_caller(), &attached);
        let in_probes = std::mem::take(&mut *IN_PROBE.lock().expect("nobody panics"));
        assert!(!in_probes.is_empty(), "{attached}");
        for trace in in_probes {
            check(&trace, &attached);
        }
    }
}
