//! The steps of an attach and of a detach, in their order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::turn;
use crate::md::Md;
use crate::poke::{Expected, Found as State, verify};
use crate::probe::List;
use crate::site::Record;
use crate::sys::at_each_barrier;
use crate::{Entry, Function, Link, traceable};

#[traceable]
fn target(a: u64) -> u64 {
    a
}

/// What a barrier found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    published: bool,
    disarmed: bool,
    killed: bool,
    still_running: bool,
}

/// A probe that runs on another thread until a barrier lets it go.
fn at_the_barriers_of(detach: impl FnOnce(Link)) -> Vec<Found> {
    let _turn = turn();
    let (inside, go_on) =
        (&*Box::leak(Box::default()), &*Box::leak(Box::new(AtomicBool::new(false))));
    let link = crate::site!(target)
        .fentry(move |_: &Entry| {
            AtomicBool::store(inside, true, Ordering::SeqCst);
            // So that a barrier that comes too late fails the test instead of hanging it.
            let began = Instant::now();
            while !go_on.load(Ordering::SeqCst) && began.elapsed() < Duration::from_secs(10) {
                std::thread::yield_now();
            }
            AtomicBool::store(inside, false, Ordering::SeqCst);
        })
        .expect("it takes any probe");
    let function = crate::site!(target).function().expect("it is traceable");
    let site = function.sites()[0];
    let md = Md::existing(site.data()).expect("it was attached to");
    let before: *const List = md.current();
    let found = Arc::new(Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(target(1), 1));
        while !inside.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        let notes = Arc::clone(&found);
        let look = move || {
            // SAFETY: it is the current list, or retired and held by the running probe.
            let list = unsafe { &*before };
            notes.lock().expect("nobody panics").push(Found {
                published: md.current().rows().is_empty(),
                disarmed: is_off(site, function),
                killed: list.rows().iter().all(crate::probe::Row::is_dead),
                still_running: inside.load(Ordering::SeqCst),
            });
            go_on.store(true, Ordering::SeqCst);
            while inside.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        };
        // The list is looked at while the probe that holds it runs: at the first barrier alone.
        let mut look = Some(look);
        let first = move || {
            if let Some(look) = look.take() {
                look();
            }
        };
        at_each_barrier(first, || detach(link));
    });
    found.lock().expect("nobody panics").clone()
}

/// Whether its entry and all its switches are as they were before anything was attached.
fn is_off(site: &Record, function: &Function) -> bool {
    matches!(verify(site, Expected::NEW, function), Ok(State::AsExpected))
}

#[traceable]
fn new(a: u64) -> u64 {
    a
}

/// Fetching the instruction of an armed entry orders no load behind it.
#[test]
fn a_barrier_comes_between_a_sites_first_metadata_and_its_first_arming() {
    let _turn = turn();
    assert_eq!(new(1), 1);
    let function = crate::site!(new).function().expect("it is traceable");
    let site = function.sites()[0];
    for first in [true, false] {
        assert_eq!(Md::existing(site.data()).is_none(), first);
        let found = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&found);
        let look = move || {
            let is_known = Md::existing(site.data()).is_some();
            let is_off = is_off(site, function);
            notes.lock().expect("nobody panics").push((is_known, is_off));
        };
        let attach = || crate::fentry("**::order::new", |_: &Entry| ());
        let link = at_each_barrier(look, attach).expect("it takes any probe");
        let found = found.lock().expect("nobody panics").clone();
        // Elsewhere a pass that is new is not seen with the armed switch by itself.
        let is_needed = first || !cfg!(target_arch = "x86_64");
        assert_eq!(found, if is_needed { vec![(true, true)] } else { vec![] });
        drop(link);
    }
}

#[traceable]
fn shared(a: u64) -> u64 {
    a
}

#[test]
fn a_barrier_comes_between_the_last_change_and_the_end_of_what_was_replaced() {
    let _turn = turn();
    assert_eq!(shared(1), 1);
    let attach = || crate::fentry("**::order::shared", |_: &Entry| ()).expect("it takes any probe");
    let first = attach();
    let function = crate::site!(shared).function().expect("it is traceable");
    let md = Md::existing(function.sites()[0].data()).expect("it was attached to");
    let found = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&found);
    let look = move || notes.lock().expect("nobody panics").push(md.current().rows().len());
    drop(at_each_barrier(look, || (attach(), first)).0);
    assert_eq!(*found.lock().expect("nobody panics"), [2]);
}

const ALL_DONE: Found =
    Found { published: true, disarmed: true, killed: true, still_running: true };

#[test]
fn a_detach_runs_the_barrier_after_publication_and_before_it_waits() {
    assert_eq!(at_the_barriers_of(Link::detach), [ALL_DONE]);
}

#[test]
fn a_disable_runs_the_barrier_after_publication_and_before_it_waits() {
    assert_eq!(at_the_barriers_of(|link| link.disable()), [ALL_DONE]);
}

#[test]
fn a_deferred_detach_runs_the_barrier_after_publication() {
    assert_eq!(at_the_barriers_of(Link::detach_deferred), [ALL_DONE]);
}
