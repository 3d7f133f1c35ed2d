//! Functions that are found in the hash table.

use std::sync::atomic::{AtomicU64, Ordering};

use gtramp::__private::Lookup;
use gtramp::{Entry, Link, link, site, traceable};

/// Far more of them than the smallest table has cells, so that several are looked for in one.
#[traceable]
fn numbered<const N: u64>(a: u64) -> u64 {
    a * 1000 + N
}

/// What each instantiation returns, and what it is to return.
macro_rules! call_all {
    ($($n:literal)*) => {
        [$((numbered::<$n>(7), 7000 + $n)),*]
    };
}

fn call_all() -> usize {
    let results = call_all!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35
        36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    );
    for (result, wanted) in results {
        assert_eq!(result, wanted, "another function's body ran");
    }
    results.len()
}

static HITS: AtomicU64 = AtomicU64::new(0);
static COOKIES: AtomicU64 = AtomicU64::new(0);

fn attach() -> Link {
    let probe = |ctx: &Entry, a: &u64| {
        assert_eq!(*a, 7);
        HITS.fetch_add(1, Ordering::Relaxed);
        COOKIES.fetch_add(ctx.cookie(), Ordering::Relaxed);
    };
    let link = link().functions("behaviour::hashed::numbered").lookup(Lookup::Hash);
    link.cookie(|function: &gtramp::Function| function.instance().len() as u64)
        .fentry(probe)
        .attach()
        .unwrap()
}

#[test]
fn functions_that_are_looked_for_in_one_cell_are_each_found() {
    let count = call_all();
    for _ in 0..2 {
        let first = attach();
        assert_eq!(first.info().functions.len(), count);
        let cookies: u64 = first.info().functions.iter().map(|linked| linked.cookie).sum();
        for links in [1, 2, 1] {
            let second = (links > 1).then(attach);
            HITS.store(0, Ordering::Relaxed);
            COOKIES.store(0, Ordering::Relaxed);
            call_all();
            assert_eq!(HITS.load(Ordering::Relaxed), links * count as u64);
            assert_eq!(COOKIES.load(Ordering::Relaxed), links * cookies);
            drop(second);
        }
        drop(first);
        HITS.store(0, Ordering::Relaxed);
        call_all();
        assert_eq!(HITS.load(Ordering::Relaxed), 0);
    }
}

static HITS_OF_SEVERAL: AtomicU64 = AtomicU64::new(0);

#[traceable]
fn several(a: u64) -> u64 {
    a + 1
}

/// Callers for several probes of one link find metadata through the site.
#[test]
fn several_probes_of_one_link_are_found_in_the_table_as_one_is() {
    for _ in 0..2 {
        let count = |_: &Entry| {
            HITS_OF_SEVERAL.fetch_add(1, Ordering::Relaxed);
        };
        let link = site!(several).link().lookup(Lookup::Hash).fentry(count).fentry(count);
        let link = link.attach().unwrap();
        assert_eq!(link.info().functions[0].caller, "caller_1_hash");
        HITS_OF_SEVERAL.store(0, Ordering::Relaxed);
        assert_eq!(several(1), 2);
        assert_eq!(HITS_OF_SEVERAL.load(Ordering::Relaxed), 2);
        drop(link);
        assert_eq!(several(1), 2);
        assert_eq!(HITS_OF_SEVERAL.load(Ordering::Relaxed), 2);
    }
}
