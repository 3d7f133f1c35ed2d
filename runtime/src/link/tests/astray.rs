//! Calls that enter a caller which was not made for the list that they find.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{targets, turn};
use crate::caller::Lookup;
use crate::caller::choose::single;
use crate::grace::in_probe;
use crate::link::line::Errand;
use crate::link::transaction::Transaction;
use crate::md::Md;
use crate::poke::Writable;
use crate::{Entry, Exit, Link, LinkBuilder, ModRet, traceable};

#[traceable]
fn none() -> u64 {
    0
}

#[traceable]
fn two(a: u64, b: u64) -> u64 {
    a + b
}

#[traceable]
fn five(a: u64, b: u64, c: u64, d: u64, e: u64) -> u64 {
    a + 10 * b + 100 * c + 1000 * d + 10_000 * e
}

fn call() -> [u64; 3] {
    [none(), two(1, 2), five(1, 2, 3, 4, 5)]
}

const RESULTS: [u64; 3] = [0, 3, 54_321];

/// Makes calls of a function enter this caller, as those do that are on their way when another is
/// selected.
fn lead_astray(md: &'static Md, caller: *const ()) {
    let transaction = Transaction::begin(Errand::Coming).expect("it is no child");
    let mut writable = Writable::open([md.site()].into_iter()).expect("it can be written");
    assert!(writable.aim(md.site(), caller), "the entry can be written");
    md.set_astray(true);
    drop(writable);
    transaction.end();
}

fn metadata() -> impl Iterator<Item = &'static Md> {
    let functions = targets("astray").into_iter();
    functions.map(|function| Md::existing(function.sites()[0].data()).expect("it was attached to"))
}

static SEEN: AtomicU64 = AtomicU64::new(0);

#[test]
fn a_call_that_finds_another_list_runs_that_and_leaves_no_mark() {
    let _turn = turn();
    assert_eq!(call(), RESULTS);
    let attach = |weight: u64| {
        let probe = move |_: &Entry<'_>| {
            SEEN.fetch_add(weight, Ordering::Relaxed);
        };
        let link = crate::link().functions("**::astray::*").lookup(Lookup::Hash);
        link.fentry(probe).attach().expect("they are there")
    };
    let links = [attach(1), attach(1000)];
    for md in metadata() {
        if let Some(caller) = single(usize::from(md.target.slots)) {
            lead_astray(md, caller);
        }
    }
    assert_eq!(call(), RESULTS);
    assert_eq!(SEEN.swap(0, Ordering::Relaxed), 3 * 1001);
    assert!(!in_probe());
    drop(links);
    assert_eq!((call(), SEEN.swap(0, Ordering::Relaxed)), (RESULTS, 0));
}

/// A link with each kind of probe, and with an entry and an exit probe, made in each of the two ways.
fn kinds() -> Vec<fn(LinkBuilder) -> LinkBuilder> {
    fn entry(_: &Entry<'_>) {
        SEEN.fetch_add(1, Ordering::Relaxed);
    }
    fn decide(_: &ModRet<'_>) -> ControlFlow<u64> {
        SEEN.fetch_add(10, Ordering::Relaxed);
        ControlFlow::Continue(())
    }
    fn exit(_: &Exit<'_>) {
        SEEN.fetch_add(100, Ordering::Relaxed);
    }
    vec![
        |link| link.fentry(entry),
        |link| link.fmod_ret(decide),
        |link| link.fexit(exit),
        |link| link.fentry(entry).fexit(exit),
        |link| link.around(entry, exit),
        // Of a scope that is in force nowhere.
        |link| link.within(&crate::Scope::new()).fentry(entry),
        |link| link.within(&crate::Scope::new()).fentry(entry).fexit(exit),
        |link| link.on_this_thread().fentry(entry),
        |link| link.on_this_thread().fexit(exit),
    ]
}

fn late(_: &Exit<'_>) {
    SEEN.fetch_add(10_000, Ordering::Relaxed);
}

#[test]
fn a_call_that_enters_the_caller_of_a_link_which_is_alone_no_more_runs_all_probes() {
    let _turn = turn();
    let attach = |probes: fn(LinkBuilder) -> LinkBuilder| -> Link {
        probes(crate::link().functions("**::astray::*")).attach().expect("they are there")
    };
    let seen = || {
        assert_eq!(call(), RESULTS);
        assert!(!in_probe());
        SEEN.swap(0, Ordering::Relaxed)
    };
    for probes in kinds() {
        let link = attach(probes);
        let one = seen();
        let own: Vec<_> = metadata().map(Md::caller).collect();
        let other = attach(|link| link.fexit(late));
        for (md, own) in metadata().zip(&own) {
            assert_ne!(md.caller(), *own);
            if cfg!(target_arch = "x86_64") {
                lead_astray(md, *own);
            }
        }
        assert_eq!(seen(), one + 3 * 10_000);
        drop(link);
        for (md, own) in metadata().zip(&own) {
            if cfg!(target_arch = "x86_64") {
                lead_astray(md, *own);
            }
        }
        assert_eq!(seen(), 3 * 10_000);
        drop(other);
        assert_eq!(seen(), 0);
    }
}
