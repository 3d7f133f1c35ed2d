//! Detaching: when it returns, no probe of the link runs or will run.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use gtramp::{Entry, Exit, Link, LinkBuilder, link, site, traceable};

use crate::support::{Log, entry_bytes, function};

/// A place where one thread says that it is there and waits to be let on.
#[derive(Clone, Debug)]
struct Gate {
    arrive: Sender<()>,
    go: Arc<Mutex<Receiver<()>>>,
}

/// The other side of a [`Gate`].
#[derive(Debug)]
struct Keeper {
    arrived: Receiver<()>,
    go: Sender<()>,
}

fn gate() -> (Gate, Keeper) {
    let (arrive, arrived) = channel();
    let (go, may_go) = channel();
    (Gate { arrive, go: Arc::new(Mutex::new(may_go)) }, Keeper { arrived, go })
}

impl Gate {
    fn pass(&self) {
        self.arrive.send(()).unwrap();
        self.go.lock().unwrap().recv().unwrap();
    }
}

impl Keeper {
    fn await_arrival(&self) {
        self.arrived.recv().unwrap();
    }

    fn open(&self) {
        self.go.send(()).unwrap();
    }
}

#[traceable]
fn dropped_with_its_link() {}

#[test]
fn detaching_drops_the_closures_before_it_returns() {
    let log = Log::new();
    for _ in 0..2 {
        let attach = || {
            let (entry, exit) = (log.clone(), log.clone());
            site!(dropped_with_its_link)
                .link()
                .fentry(move |_: &Entry| entry.push(">"))
                .fexit(move |_: &Exit| exit.push("<"))
                .attach()
                .unwrap()
        };
        let link = attach();
        dropped_with_its_link();
        assert_eq!((log.take().len(), log.holders()), (2, 2));
        link.detach();
        assert_eq!(log.holders(), 0);
        let link = attach();
        dropped_with_its_link();
        assert_eq!(log.holders(), 2);
        drop(link);
        assert_eq!(log.holders(), 0);
        dropped_with_its_link();
        assert_eq!(log.take().len(), 2);
    }
}

#[test]
fn a_failed_attach_drops_the_closures_too() {
    let log = Log::new();
    dropped_with_its_link();
    let held = log.clone();
    assert!(
        site!(dropped_with_its_link).fentry(move |_: &Entry, _: &u8| held.push("ran")).is_err()
    );
    assert_eq!(log.holders(), 0);
}

#[traceable]
fn lingers(gate: &Gate) {
    gate.pass();
}

#[test]
fn detaching_does_not_wait_for_the_origin_whose_exit_half_is_then_skipped() {
    for sleepable in [false, true] {
        let log = Log::new();
        let (gate, keeper) = gate();
        let attach = || {
            let (entry, exit) = (log.clone(), log.clone());
            site!(lingers)
                .link()
                .sleepable(sleepable)
                .fentry(move |_: &Entry| entry.push(">"))
                .fexit(move |_: &Exit| exit.push("<"))
                .attach()
                .unwrap()
        };
        let link = attach();
        let keeper = thread::scope(|scope| {
            // Gone when an assertion fails, so that nobody waits for it.
            let keeper = keeper;
            let inside = gate.clone();
            let caller = scope.spawn(move || lingers(&inside));
            keeper.await_arrival();
            link.detach();
            assert_eq!(log.holders(), 0);
            assert!(!caller.is_finished());
            keeper.open();
            keeper
        });
        assert_eq!(log.take(), [">"]);

        let link = attach();
        keeper.open();
        lingers(&gate);
        keeper.await_arrival();
        assert_eq!(log.take(), [">", "<"]);
        drop(link);
    }
}

#[traceable]
fn busy_at_entry() {}

#[traceable]
fn busy_at_exit() {}

/// A link whose probe stops at `gate`, and notes when it is through.
fn busy(gate: &Gate, finished: &Arc<AtomicBool>, exit: bool) -> LinkBuilder {
    let (gate, finished) = (Mutex::new(gate.clone()), Arc::clone(finished));
    let probe = move || {
        let gate = gate.lock().unwrap().clone();
        gate.pass();
        finished.store(true, SeqCst);
    };
    if exit {
        link().fexit(move |_: &Exit| probe())
    } else {
        link().fentry(move |_: &Entry| probe())
    }
}

#[test]
fn detaching_waits_while_a_probe_of_the_link_runs_on_another_thread() {
    for sleepable in [false, true] {
        for exit in [false, true] {
            let path = if exit {
                "behaviour::detach::busy_at_exit"
            } else {
                "behaviour::detach::busy_at_entry"
            };
            let call = if exit { busy_at_exit } else { busy_at_entry };
            call();
            let off = entry_bytes(function(path));
            let (gate, keeper) = gate();
            let finished = Arc::new(AtomicBool::new(false));
            let link =
                busy(&gate, &finished, exit).functions(path).sleepable(sleepable).attach().unwrap();
            thread::scope(|scope| {
                let keeper = keeper;
                scope.spawn(call);
                keeper.await_arrival();
                let detaching = scope.spawn(|| {
                    link.detach();
                    finished.load(SeqCst)
                });
                // The entry is written before the wait begins.
                while entry_bytes(function(path)) != off {
                    thread::yield_now();
                }
                (0..1000).for_each(|_| thread::yield_now());
                assert!(!detaching.is_finished(), "it does not wait");
                keeper.open();
                assert!(detaching.join().unwrap(), "it returned while the probe was running");
            });
            assert_eq!(Arc::strong_count(&finished), 1);
            call();
        }
    }
}

#[traceable]
fn slept_in() {}

#[traceable]
fn beside() {}

#[test]
fn a_sleeping_probe_delays_the_detach_of_its_own_link_alone() {
    let log = Log::new();
    let (gate, keeper) = gate();
    let finished = Arc::new(AtomicBool::new(false));
    let sleeper = busy(&gate, &finished, false)
        .functions("behaviour::detach::slept_in")
        .sleepable(true)
        .attach()
        .unwrap();
    let attach = || {
        let (entry, exit) = (log.clone(), log.clone());
        link()
            .functions("behaviour::detach::{slept_in,beside}")
            .fentry(move |_: &Entry| entry.push(">"))
            .fexit(move |_: &Exit| exit.push("<"))
            .attach()
            .unwrap()
    };
    thread::scope(|scope| {
        let keeper = keeper;
        scope.spawn(slept_in);
        keeper.await_arrival();
        for _ in 0..3 {
            // Would never return if it waited for the sleeper.
            let other = attach();
            beside();
            other.detach();
            assert_eq!((log.take().len(), log.holders()), (2, 0));
        }
        assert!(!finished.load(SeqCst));
        keeper.open();
    });
    sleeper.detach();
    assert!(finished.load(SeqCst));
    slept_in();
}

#[traceable]
fn left_behind() {}

#[test]
fn a_deferred_detach_returns_at_once_and_is_finished_by_a_later_transaction() {
    for _ in 0..2 {
        let (gate, keeper) = gate();
        let finished = Arc::new(AtomicBool::new(false));
        let link = busy(&gate, &finished, false)
            .functions("behaviour::detach::left_behind")
            .attach()
            .unwrap();
        let next =
            || drop(gtramp::fentry("behaviour::detach::left_behind", |_: &Entry| ()).unwrap());
        thread::scope(|scope| {
            let keeper = keeper;
            scope.spawn(left_behind);
            keeper.await_arrival();
            link.detach_deferred();
            assert!(!finished.load(SeqCst));
            // No call that begins now runs the probe, which would stop here for ever.
            left_behind();
            next();
            assert_eq!(Arc::strong_count(&finished), 2, "it is still running");
            keeper.open();
        });
        assert!(finished.load(SeqCst));
        next();
        // Another test's transaction may have found it, and be about to drop it.
        while Arc::strong_count(&finished) != 1 {
            std::thread::yield_now();
        }
    }
}

#[traceable]
fn detached_by_its_probe(log: &Log) {
    log.push("origin");
}

#[test]
fn a_probe_may_detach_its_own_link() {
    let log = Log::new();
    for exit in [false, true] {
        for _ in 0..2 {
            let slot: Arc<Mutex<Option<Link>>> = Arc::default();
            let (own, seen) = (Arc::clone(&slot), log.clone());
            let probe = move || {
                seen.push("probe");
                let link = own.lock().unwrap().take();
                drop(link);
                seen.push("detached");
            };
            let builder = site!(detached_by_its_probe).link();
            let link = if exit {
                builder.fexit(move |_: &Exit| probe())
            } else {
                builder.fentry(move |_: &Entry| probe())
            };
            *slot.lock().unwrap() = Some(link.attach().unwrap());
            detached_by_its_probe(&log);
            let expected = if exit {
                ["origin", "probe", "detached"]
            } else {
                ["probe", "detached", "origin"]
            };
            assert_eq!(log.take(), expected);
            detached_by_its_probe(&log);
            assert_eq!(log.take(), ["origin"]);
            // The closure could not be dropped while it ran.
            drop(site!(detached_by_its_probe).fentry(|_: &Entry| ()).unwrap());
            // Another test's transaction may have found it, and be about to drop it.
            while (log.holders(), Arc::strong_count(&slot)) != (0, 1) {
                std::thread::yield_now();
            }
        }
    }
}

#[traceable]
fn leaked_upon(log: &Log) {
    log.push("origin");
}

#[test]
fn a_leaked_link_stays() {
    let log = Log::new();
    site!(leaked_upon).fentry(|_: &Entry, log: &Log| log.push("leaked")).unwrap().leak();
    for _ in 0..2 {
        let other = site!(leaked_upon).fentry(|_: &Entry, log: &Log| log.push("other")).unwrap();
        leaked_upon(&log);
        assert_eq!(log.take(), ["leaked", "other", "origin"]);
        drop(other);
        leaked_upon(&log);
        assert_eq!(log.take(), ["leaked", "origin"]);
    }
}

#[traceable]
fn hot(x: u64) -> u64 {
    std::hint::black_box(x) + 1
}

/// Says that it is over, also when an assertion fails: threads that wait for it must not wait on.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[test]
fn no_probe_runs_after_its_detach_has_returned_while_other_threads_call() {
    let done = AtomicBool::new(false);
    let seen = Arc::new(AtomicU64::new(0));
    thread::scope(|scope| {
        let _over = Over(&done);
        for _ in 0..2 {
            scope.spawn(|| {
                let mut calls = 0;
                while !done.load(SeqCst) {
                    calls = hot(calls);
                }
            });
        }
        for round in 0..300_u64 {
            let attached = Arc::new(AtomicBool::new(true));
            let entry = Arc::clone(&attached);
            let seen_by_probe = Arc::clone(&seen);
            let mut builder =
                site!(hot).link().sleepable(round % 3 == 0).fentry(move |_: &Entry| {
                    assert!(entry.load(SeqCst), "runs after it was detached");
                    seen_by_probe.fetch_add(1, SeqCst);
                });
            if round % 2 == 0 {
                let exit = Arc::clone(&attached);
                builder = builder.fexit(move |_: &Exit| {
                    assert!(exit.load(SeqCst), "runs after it was detached")
                });
            }
            let link = builder.attach().unwrap();
            let before = seen.load(SeqCst);
            while seen.load(SeqCst) == before {
                thread::yield_now();
            }
            assert_eq!(link.info().panic, None);
            link.detach();
            attached.store(false, SeqCst);
            assert_eq!(Arc::strong_count(&attached), 1, "round {round}");
        }
    });
}

#[traceable]
fn on_short_threads() {}

#[test]
fn threads_that_come_and_go_are_probed_and_not_waited_for() {
    let seen = Arc::new(AtomicU64::new(0));
    for _ in 0..2 {
        let count = Arc::clone(&seen);
        let link = site!(on_short_threads)
            .fexit(move |_: &Exit| {
                count.fetch_add(1, SeqCst);
            })
            .unwrap();
        for _ in 0..50 {
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(on_short_threads);
                }
            });
        }
        assert_eq!(seen.swap(0, SeqCst), 200);
        drop(link);
        on_short_threads();
        assert_eq!((seen.load(SeqCst), Arc::strong_count(&seen)), (0, 1));
    }
}

#[traceable]
fn changes_hands() {}

#[traceable]
fn makes_the_thread_known() {}

/// Both links would have the caller that marks no more than the function.
#[test]
fn a_link_that_follows_one_whose_probe_still_runs_is_not_taken_for_it() {
    let log = Log::new();
    let (gate, keeper) = gate();
    let (held, running) = (log.clone(), gate);
    let first = site!(changes_hands).fentry(move |_: &Entry| {
        running.pass();
        held.push("first");
    });
    let first = first.unwrap();
    thread::scope(|scope| {
        let keeper = keeper;
        // A thread's first call takes another way.
        let known = site!(makes_the_thread_known).fentry(|_: &Entry| ()).unwrap();
        let caller = scope.spawn(move || {
            makes_the_thread_known();
            drop(known);
            changes_hands();
        });
        keeper.await_arrival();
        first.detach_deferred();
        let held = log.clone();
        let second = site!(changes_hands).fentry(move |_: &Entry| held.push("second")).unwrap();
        changes_hands();
        assert_eq!(log.take(), ["second"]);
        assert_eq!(log.holders(), 2, "the first one's probe is running");
        // Another transaction, which looks for what can be dropped.
        drop(site!(changes_hands).fexit(|_: &Exit| ()).unwrap());
        assert_eq!(log.holders(), 2, "the first one's probe is running");
        // Detaching the second does not wait for the first.
        second.detach();
        assert_eq!(log.holders(), 1);
        assert!(!caller.is_finished());
        keeper.open();
        caller.join().unwrap();
        assert_eq!(log.take(), ["first"]);
    });
    // And when it has ended, a link has such a caller again.
    let link = site!(changes_hands).fentry(|_: &Entry| ()).unwrap();
    while log.holders() > 0 {
        // Another test's transaction has found it done, and is about to drop it.
        thread::yield_now();
    }
    assert_eq!(link.info().functions[0].caller, "specialised_0");
}

#[traceable]
fn comes_back() {}

#[test]
fn a_link_that_is_enabled_while_its_disabling_waits_is_known_to_run_its_probes() {
    let (gate, keeper) = gate();
    let nests = Arc::new(AtomicBool::new(false));
    let runs = Arc::new(AtomicU64::new(0));
    let (probe_nests, probe_runs) = (Arc::clone(&nests), Arc::clone(&runs));
    let link = site!(comes_back).fentry(move |_: &Entry| {
        if probe_nests.load(SeqCst) {
            probe_runs.fetch_add(1, SeqCst);
            comes_back();
        } else {
            gate.pass();
        }
    });
    let link = link.unwrap();
    let known = site!(makes_the_thread_known).fentry(|_: &Entry| ()).unwrap();
    makes_the_thread_known();
    thread::scope(|scope| {
        let keeper = keeper;
        let caller = scope.spawn(|| {
            makes_the_thread_known();
            comes_back();
        });
        keeper.await_arrival();
        let disabling = scope.spawn(|| link.disable());
        while link.is_enabled() {
            thread::yield_now();
        }
        link.enable().unwrap();
        nests.store(true, SeqCst);
        keeper.open();
        caller.join().unwrap();
        disabling.join().unwrap();
    });
    drop(known);
    comes_back();
    assert_eq!((runs.load(SeqCst), link.info().missed), (1, 1));
}

#[test]
fn a_link_that_is_enabled_while_its_disabling_waits_keeps_its_place_beside_another() {
    let (gate, keeper) = gate();
    let passes = Arc::new(AtomicBool::new(true));
    let runs = Arc::new(AtomicU64::new(0));
    let (probe_passes, probe_runs) = (Arc::clone(&passes), Arc::clone(&runs));
    let link = site!(stays_between).fentry(move |_: &Entry| {
        if probe_passes.swap(false, SeqCst) {
            gate.pass();
        }
        probe_runs.fetch_add(1, SeqCst);
    });
    let link = link.unwrap();
    let other = site!(stays_between).fentry(|_: &Entry| ()).unwrap();
    thread::scope(|scope| {
        let keeper = keeper;
        let caller = scope.spawn(stays_between);
        keeper.await_arrival();
        let disabling = scope.spawn(|| link.disable());
        while link.is_enabled() {
            thread::yield_now();
        }
        link.enable().unwrap();
        keeper.open();
        caller.join().unwrap();
        disabling.join().unwrap();
    });
    stays_between();
    assert_eq!(runs.load(SeqCst), 2);
    drop(other);
}

#[traceable]
fn stays_between() {}
