//! Calls that enter a caller which was not made for the list that they find.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{targets, turn};
use crate::caller::single_caller;
use crate::grace::in_probe;
use crate::link::transaction::{Transaction, follow};
use crate::md::Md;
use crate::poke::Writable;
use crate::{Entry, Lookup, traceable};

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
    let transaction = Transaction::begin();
    md.misdirect(caller);
    let mut writable = Writable::open([md.site()].into_iter()).expect("it can be written");
    follow(md, &mut writable).expect("it is armed");
    drop(writable);
    transaction.end();
}

#[test]
fn a_call_that_finds_another_list_runs_that_and_leaves_no_mark() {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let _turn = turn();
    assert_eq!(call(), RESULTS);
    for lookup in [Lookup::Inline, Lookup::Hash] {
        let attach = |weight: u64| {
            let probe = move |_: &Entry<'_>| {
                SEEN.fetch_add(weight, Ordering::Relaxed);
            };
            let link = crate::link().functions("**::astray::*").lookup(lookup).specialise(false);
            link.fentry(probe).attach().expect("they are there")
        };
        let links = [attach(1), attach(1000)];
        for function in targets("astray") {
            let md = Md::existing(function.sites()[0].data()).expect("it was attached to");
            if let Some((caller, _)) = single_caller(function.slots(), lookup) {
                lead_astray(md, caller);
            }
        }
        assert_eq!(call(), RESULTS, "{lookup:?}");
        assert_eq!(SEEN.swap(0, Ordering::Relaxed), 3 * 1001, "{lookup:?}");
        assert!(!in_probe(), "{lookup:?}");
        drop(links);
        assert_eq!((call(), SEEN.swap(0, Ordering::Relaxed)), (RESULTS, 0), "{lookup:?}");
    }
}
