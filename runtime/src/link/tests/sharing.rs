//! Which functions have one list.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use super::{targets, turn};
use crate::caller::Lookup;
use crate::md::Md;
use crate::probe::List;
use crate::{Entry, fentry, traceable};

#[traceable]
fn one(a: u64) -> u64 {
    a
}

#[traceable]
fn two(a: u64) -> u64 {
    a + 1
}

#[traceable]
fn wide(a: u64, b: u64) -> u64 {
    a + b
}

/// Keeps them in the program.
fn call() -> [u64; 3] {
    [one(1), two(1), wide(1, 2)]
}

const RESULTS: [u64; 3] = [1, 2, 3];

/// The list of each of them, by name, and whether it has a caller of its own.
fn lists() -> [(*const List, bool); 3] {
    let all = targets("sharing");
    ["one", "two", "wide"].map(|name| {
        let function = all.iter().find(|function| function.name() == name).expect("it is called");
        let md = Md::existing(function.sites()[0].data()).expect("it was attached to");
        (core::ptr::from_ref(md.current()), md.current().specialised().is_some())
    })
}

/// What a probe that runs at each of them sees in calls of them all: names and cookies.
#[track_caller]
fn check(seen: &Mutex<Vec<(&'static str, u64)>>, expected: &[(&str, u64)]) {
    assert_eq!(call(), RESULTS);
    assert_eq!(core::mem::take(&mut *seen.lock().expect("nobody panics")), expected);
}

#[test]
fn functions_with_the_same_probes_and_cookies_have_one_list() {
    static SEEN: Mutex<Vec<(&str, u64)>> = Mutex::new(Vec::new());
    let _turn = turn();
    check(&SEEN, &[]);
    let watch = |ctx: &Entry<'_>| {
        SEEN.lock().expect("nobody panics").push((ctx.function().name(), ctx.cookie()));
    };
    for lookup in [Lookup::Inline, Lookup::Hash] {
        let link = || crate::link().functions("**::sharing::*").lookup(lookup);
        let same = link().cookie(7).fentry(watch).attach().expect("it takes any probe");
        let seen = [("one", 7), ("two", 7), ("wide", 7)];
        let [(one, _), (two, _), (wide, _)] = lists();
        assert_eq!(one, two);
        assert_ne!(one, wide, "they have other callers");
        check(&SEEN, &seen);

        // What another link does at one of them is nothing to the other.
        let other = fentry("**::sharing::one", |_: &Entry<'_>| ()).expect("it takes any probe");
        assert_ne!(lists()[0].0, two);
        assert_eq!(lists()[1].0, two);
        check(&SEEN, &seen);
        same.disable();
        check(&SEEN, &[]);
        same.enable().expect("nothing has happened to the entries");
        check(&SEEN, &seen);
        drop(other);
        check(&SEEN, &seen);
        drop(same);
        check(&SEEN, &[]);

        let differ =
            link().cookie(|function: &crate::Function| u64::from(function.name() == "one"));
        let differ = differ.fentry(watch).attach().expect("it takes any probe");
        assert_ne!(lists()[0].0, lists()[1].0, "they have other cookies");
        check(&SEEN, &[("one", 1), ("two", 0), ("wide", 0)]);
        drop(differ);
        check(&SEEN, &[]);
    }
}

/// Where another link's probe still runs under the metadata's mark, the list has to do without its own
/// caller.
#[test]
fn a_list_that_loses_its_caller_at_one_function_keeps_it_at_the_others() {
    static HITS: AtomicU64 = AtomicU64::new(0);
    let _turn = turn();
    assert_eq!(call(), RESULTS);
    let (inside, go_on): (&Barrier, &AtomicBool) =
        (Box::leak(Box::new(Barrier::new(2))), Box::leak(Box::default()));
    let first = fentry("**::sharing::one", |_: &Entry<'_>, wait: &u64| {
        if *wait == 0 {
            return;
        }
        inside.wait();
        // An end, so that a panic of the other thread fails the test instead of hanging it.
        let began = Instant::now();
        while !go_on.load(Ordering::SeqCst) && began.elapsed() < Duration::from_secs(10) {
            std::thread::yield_now();
        }
    });
    let first = first.expect("it takes any probe");
    let second = std::thread::scope(|scope| {
        // A thread's first call makes it known, and does not run in the probe's own caller.
        scope.spawn(|| assert_eq!([0, 1].map(one), [0, 1]));
        inside.wait();
        first.detach_deferred();
        let second = fentry("**::sharing::*", |_: &Entry<'_>| {
            HITS.fetch_add(1, Ordering::Relaxed);
        });
        let found = lists();
        go_on.store(true, Ordering::SeqCst);
        assert_eq!(found.map(|(_, has_caller)| has_caller), [false, true, true]);
        assert_ne!(found[0].0, found[1].0);
        assert_eq!(call(), RESULTS);
        assert_eq!(HITS.load(Ordering::Relaxed), 3);
        second.expect("it takes any probe")
    });
    // The first link's probe has come to its end, so this also ends what was left of it.
    drop(second);
    assert_eq!(call(), RESULTS);
    assert_eq!(HITS.load(Ordering::Relaxed), 3);
}
