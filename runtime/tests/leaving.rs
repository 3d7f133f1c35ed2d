//! What users' own drops do while links come and go: when they run, and what a panic of one cuts short.
//!
//! Tests take turns, because any transaction of the process finishes what an earlier one has left.

#![cfg(gtramp_stubs)]

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use gtramp::__private::Lookup;
use gtramp::{Entry, Error, Exit, Function, Link, LinkBuilder, site, traceable};

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Panics when it is dropped, and says so.
struct Bomb(Arc<AtomicU64>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
        panic_any("the user's drop");
    }
}

/// Whether this panicked with what a [`Bomb`] says.
fn explodes<R>(what: impl FnOnce() -> R) -> bool {
    let payload = catch_unwind(AssertUnwindSafe(what)).err();
    payload.is_some_and(|payload| payload.downcast_ref() == Some(&"the user's drop"))
}

#[traceable]
fn left(a: u64) -> u64 {
    a + 1
}

#[traceable]
fn other(a: u64) -> u64 {
    a + 2
}

/// Leaves a link behind, of which a probe was running: it is to be dropped by a later transaction.
fn leave_bomb(dropped: &Arc<AtomicU64>) {
    let before = dropped.load(SeqCst);
    let bomb = Bomb(Arc::clone(dropped));
    let own: Arc<Mutex<Option<Link>>> = Arc::default();
    let inside = Arc::clone(&own);
    let link = site!(left).fentry(move |_: &Entry| {
        let _ = &bomb;
        drop(inside.lock().unwrap().take());
    });
    *own.lock().unwrap() = Some(link.unwrap());
    assert_eq!(left(1), 2);
    assert_eq!(dropped.load(SeqCst), before, "it was running");
}

#[test]
fn an_attach_is_whole_though_what_an_earlier_link_captured_panics_when_it_is_dropped() {
    let _turn = turn();
    for lookup in [Lookup::Inline, Lookup::Hash] {
        let (dropped, runs) = (Arc::default(), Arc::new(AtomicU64::new(0)));
        leave_bomb(&dropped);
        let seen = Arc::clone(&runs);
        let link = site!(left)
            .link()
            .lookup(lookup)
            .fentry(move |_: &Entry| {
                seen.fetch_add(1, SeqCst);
            })
            .attach()
            .unwrap();
        assert_eq!(dropped.load(SeqCst), 1, "the attach has found it");
        assert_eq!((left(2), runs.load(SeqCst)), (3, 1));
        assert!(link.is_enabled() && link.info().panic.is_none());
        link.detach();
        assert_eq!((left(2), runs.load(SeqCst), Arc::strong_count(&runs)), (3, 1, 1));
    }
}

#[test]
fn whatever_ends_a_transaction_survives_what_an_earlier_link_captured() {
    let _turn = turn();
    let link = site!(other).fentry(|_: &Entry| ()).unwrap();
    let dropped = Arc::default();
    leave_bomb(&dropped);
    link.disable();
    assert_eq!(dropped.load(SeqCst), 1);
    leave_bomb(&dropped);
    link.enable().unwrap();
    assert_eq!(dropped.load(SeqCst), 2);
    leave_bomb(&dropped);
    let refused = site!(other).fentry(|_: &Entry, _: &u8| ());
    assert!(matches!(refused, Err(Error::TypeMismatch(_))), "{refused:?}");
    link.detach();
    assert_eq!(dropped.load(SeqCst), 3);
    assert_eq!((left(1), other(1)), (2, 3));
}

#[test]
fn a_panicking_probe_is_switched_off_and_drops_nothing_that_other_links_captured() {
    let _turn = turn();
    for lookup in [Lookup::Inline, Lookup::Hash] {
        for exit in [true, false] {
            let dropped = Arc::default();
            leave_bomb(&dropped);
            // Its attach finishes the one above.
            let builder = site!(other).link().lookup(lookup);
            let faulty = if exit {
                builder.fexit(|_: &Exit| panic_any("the probe"))
            } else {
                builder.fentry(|_: &Entry| panic_any("the probe"))
            };
            let faulty = faulty.attach().unwrap();
            assert_eq!(dropped.swap(0, SeqCst), 1);
            leave_bomb(&dropped);
            assert_eq!(other(1), 3, "the call goes on");
            assert_eq!(dropped.load(SeqCst), 0, "a call is no place for it");
            assert_eq!(faulty.info().panic.as_deref(), Some("the probe"));
            // No mark of this thread has stayed, so this does not wait, and a later probe runs.
            faulty.detach();
            assert_eq!(dropped.load(SeqCst), 1);
            let runs = Arc::new(AtomicU64::new(0));
            let seen = Arc::clone(&runs);
            let link = site!(other).fentry(move |_: &Entry| {
                seen.fetch_add(1, SeqCst);
            });
            assert_eq!((other(1), runs.load(SeqCst)), (3, 1));
            drop(link);
        }
    }
}

#[test]
fn a_panic_in_the_drop_of_captures_reaches_whoever_detaches_when_all_is_done() {
    let _turn = turn();
    let attach = |dropped: &Arc<AtomicU64>| -> Link {
        let (first, second) = (Bomb(Arc::clone(dropped)), Bomb(Arc::clone(dropped)));
        let link = site!(left).link();
        let link = link.fentry(move |_: &Entry| {
            let _ = &first;
        });
        let link = link.fexit(move |_: &Exit| {
            let _ = &second;
        });
        link.attach().unwrap()
    };
    for _ in 0..2 {
        let dropped = Arc::default();
        let link = attach(&dropped);
        assert!(explodes(|| link.detach()));
        assert_eq!(dropped.load(SeqCst), 2, "one does not save the other");
        assert_eq!(left(1), 2);

        // It is not added to another panic.
        let link = attach(&dropped);
        let outer = catch_unwind(AssertUnwindSafe(|| {
            let _link = link;
            panic_any(7_u8);
        }));
        assert_eq!(outer.unwrap_err().downcast_ref(), Some(&7_u8));
        assert_eq!(dropped.load(SeqCst), 4);
        assert_eq!(left(1), 2);
        drop(site!(left).fentry(|_: &Entry| ()).unwrap());
    }
}

#[test]
fn what_chooses_cookies_goes_with_the_link_and_its_panic_is_that_of_the_detach() {
    let _turn = turn();
    let runs = Arc::new(AtomicU64::new(0));
    let builder = || -> LinkBuilder {
        let seen = Arc::clone(&runs);
        let probe = move |_: &Entry| {
            seen.fetch_add(1, SeqCst);
        };
        site!(left).link().fentry(probe)
    };
    for _ in 0..2 {
        let dropped = Arc::default();
        let bomb = Bomb(Arc::clone(&dropped));
        let attaching = builder().cookie(move |_: &Function| {
            let _ = &bomb;
            7
        });
        let link = attaching.attach().unwrap();
        assert_eq!((left(1), runs.swap(0, SeqCst), dropped.load(SeqCst)), (2, 1, 0));
        assert!(explodes(|| link.detach()));
        assert_eq!(dropped.load(SeqCst), 1);
        assert_eq!((left(1), runs.load(SeqCst), Arc::strong_count(&runs)), (2, 0, 1));
        let link = builder().attach().unwrap();
        assert_eq!((left(1), runs.swap(0, SeqCst)), (2, 1));
        drop(link);
    }
}

/// A place where one thread says that it is there and waits to be let on.
struct Gate {
    arrive: Sender<()>,
    go: Mutex<Receiver<()>>,
}

impl Gate {
    fn pass(&self) {
        self.arrive.send(()).unwrap();
        self.go.lock().unwrap().recv().unwrap();
    }
}

fn gate() -> (Gate, Receiver<()>, Sender<()>) {
    let ((arrive, arrived), (go, may_go)) = (channel(), channel());
    (Gate { arrive, go: Mutex::new(may_go) }, arrived, go)
}

/// Waits where it is dropped.
struct Slow(Gate);

impl Drop for Slow {
    fn drop(&mut self) {
        self.0.pass();
    }
}

#[test]
fn a_detached_link_has_dropped_what_it_captured_though_its_probe_had_panicked_before() {
    let _turn = turn();
    let (in_probe, running, run_on) = gate();
    let (in_drop, dropping, drop_on) = gate();
    let slow = Slow(in_drop);
    let slow = site!(left).fentry(move |_: &Entry| {
        let _ = &slow;
        in_probe.pass();
    });
    let slow = slow.unwrap();
    let captured = Arc::new(());
    let inside = Arc::clone(&captured);
    let panics = AtomicBool::new(true);
    let faulty = site!(other).fentry(move |_: &Entry| {
        let _ = &inside;
        assert!(!panics.load(SeqCst), "the probe");
    });
    let faulty = faulty.unwrap();
    thread::scope(|scope| {
        // Both are left to a later transaction, in this order.
        let caller = scope.spawn(|| left(1));
        running.recv().unwrap();
        slow.detach_deferred();
        assert_eq!(other(1), 3);
        run_on.send(()).unwrap();
        assert_eq!(caller.join().unwrap(), 2);
        // Which takes them both, and is long about the first.
        scope.spawn(|| drop(site!(other).fexit(|_: &Exit| ()).unwrap()));
        dropping.recv().unwrap();
        faulty.detach();
        let left_over = Arc::strong_count(&captured) - 1;
        drop_on.send(()).unwrap();
        assert_eq!(left_over, 0, "it was detached");
    });
    assert_eq!((left(1), other(1)), (2, 3));
}
