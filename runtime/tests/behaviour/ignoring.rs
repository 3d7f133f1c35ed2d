//! Threads that run unprobed.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, IgnoreGuard, LinkBuilder, ModRet};
use gtramp::{ignore_current_thread, site, traceable};

use crate::support::Log;

#[traceable]
fn quiet(log: &Log) {
    log.push("origin");
}

#[test]
fn calls_on_an_ignored_thread_run_unprobed_and_are_not_missed() {
    let log = Log::new();
    for _ in 0..2 {
        let exit = log.clone();
        let link = site!(quiet)
            .link()
            .fentry(|_: &Entry, log: &Log| log.push(">"))
            .fexit(move |_: &Exit| exit.push("<"))
            .attach()
            .unwrap();
        let outer = ignore_current_thread();
        let inner = ignore_current_thread();
        quiet(&log);
        assert_eq!(log.take(), ["origin"]);
        thread::scope(|scope| {
            scope.spawn(|| quiet(&log));
        });
        assert_eq!(log.take(), [">", "origin", "<"], "other threads are probed");
        // In any order.
        drop(outer);
        quiet(&log);
        assert_eq!(log.take(), ["origin"]);
        drop(inner);
        quiet(&log);
        assert_eq!(log.take(), [">", "origin", "<"]);
        assert_eq!(link.info().missed, 0);
        drop(link);
        quiet(&log);
        assert_eq!(log.take(), ["origin"]);
    }
}

#[traceable]
fn first_call_of_its_thread(log: &Log) {
    log.push("origin");
}

#[test]
fn a_thread_may_be_ignored_before_its_first_traced_call() {
    let log = Log::new();
    for _ in 0..2 {
        let link =
            site!(first_call_of_its_thread).fentry(|_: &Entry, log: &Log| log.push(">")).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                let quiet = ignore_current_thread();
                first_call_of_its_thread(&log);
                drop(quiet);
                first_call_of_its_thread(&log);
            });
        });
        assert_eq!(log.take(), ["origin", ">", "origin"]);
        drop(link);
        first_call_of_its_thread(&log);
        assert_eq!(log.take(), ["origin"]);
    }
}

#[traceable]
fn called_by_its_own_probe(log: &Log) {
    log.push("origin");
}

#[test]
fn a_probe_may_ignore_its_thread_so_that_its_own_calls_are_not_missed() {
    let log = Log::new();
    for _ in 0..2 {
        let link = site!(called_by_its_own_probe)
            .fentry(|_: &Entry, log: &Log| {
                let _quiet = ignore_current_thread();
                log.push(">");
                called_by_its_own_probe(log);
            })
            .unwrap();
        called_by_its_own_probe(&log);
        called_by_its_own_probe(&log);
        assert_eq!(log.take(), [">", "origin", "origin", ">", "origin", "origin"]);
        assert_eq!(link.info().missed, 0);
        drop(link);
        called_by_its_own_probe(&log);
        assert_eq!(log.take(), ["origin"]);
    }
}

#[traceable]
fn asked_for_its_name(a: u64) -> u64 {
    a
}

#[test]
fn a_probe_that_ignores_its_thread_still_knows_its_function() {
    static NAMES: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    for lookup in [Lookup::Inline, Lookup::Hash] {
        let link = site!(asked_for_its_name).link().lookup(lookup);
        let link = link.fentry(|ctx: &Entry| {
            let quiet = ignore_current_thread();
            NAMES.lock().unwrap().push(ctx.function().name());
            drop(quiet);
            NAMES.lock().unwrap().push(ctx.function().name());
        });
        let link = link.attach().unwrap();
        // The first call of a thread is not like the others.
        for a in 0..2 {
            assert_eq!(asked_for_its_name(a), a);
        }
        drop(link);
        assert_eq!(core::mem::take(&mut *NAMES.lock().unwrap()), ["asked_for_its_name"; 4]);
    }
}

#[traceable]
fn left_alone_from_now_on(a: u64) -> u64 {
    a + 1
}

thread_local! {
    static QUIET: RefCell<Option<IgnoreGuard>> = const { RefCell::new(None) };
}

/// Whatever runs the probe lets go of the mark of the thread's own record, not of what the thread uses now.
#[test]
fn a_probe_may_leave_its_thread_ignored_when_it_returns() {
    static HITS: AtomicU64 = AtomicU64::new(0);
    fn keep_quiet() {
        // A thread's first call takes another way.
        if HITS.fetch_add(1, Relaxed) % 2 == 1 {
            QUIET.set(Some(ignore_current_thread()));
        }
    }
    let entry = |link: LinkBuilder| link.fentry(|_: &Entry| keep_quiet());
    let mod_ret = |link: LinkBuilder| {
        link.fmod_ret(|_: &ModRet| -> ControlFlow<u64> {
            keep_quiet();
            ControlFlow::Continue(())
        })
    };
    let exit = |link: LinkBuilder| link.fexit(|_: &Exit| keep_quiet());
    let kinds: [&dyn Fn(LinkBuilder) -> LinkBuilder; 3] = [&entry, &mod_ret, &exit];
    let ways = [(Lookup::Inline, false), (Lookup::Hash, false), (Lookup::Inline, true)];
    for kind in kinds {
        for (lookup, beside) in ways {
            let other = site!(left_alone_from_now_on).link().lookup(lookup).fentry(|_: &Entry| ());
            let other = beside.then(|| other.attach().unwrap());
            let link = site!(left_alone_from_now_on).link().lookup(lookup);
            let link = kind(link).attach().unwrap();
            thread::scope(|scope| {
                scope.spawn(|| {
                    for a in 0..4 {
                        assert_eq!(left_alone_from_now_on(a), a + 1);
                    }
                    assert_eq!(HITS.swap(0, Relaxed), 2, "{lookup:?} {beside}");
                    // And when it is not any more, it is as it was.
                    QUIET.set(None);
                    assert_eq!(left_alone_from_now_on(7), 8);
                    assert_eq!(HITS.swap(0, Relaxed), 1, "{lookup:?} {beside}");
                });
            });
            // Nothing says any more that the probe runs.
            link.detach();
            drop(other);
        }
    }
}
