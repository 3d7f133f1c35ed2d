//! Functions whose cell in the front of the hash table is another's.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{targets, turn};
use crate::caller::Lookup;
use crate::md::{Front, Md};
use crate::{Entry, Function, traceable};

#[traceable]
fn first(a: u64) -> u64 {
    a + 1
}

#[traceable]
fn second(a: u64) -> u64 {
    a + 2
}

fn function(name: &str) -> &'static Function {
    let all = targets("front");
    all.into_iter().find(|function| function.name() == name).expect("it is called")
}

#[test]
fn a_function_whose_cell_another_has_taken_is_found_behind_it() {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let _turn = turn();
    let call = || (first(1), second(1));
    let attach = |name: &str| {
        let link = crate::link().functions(format!("**::front::{name}")).lookup(Lookup::Hash);
        let probe = |_: &Entry<'_>, a: &u64| {
            SEEN.fetch_add(*a, Ordering::Relaxed);
        };
        link.fentry(probe).attach().expect("it is there")
    };
    assert_eq!(call(), (2, 3));
    let other = attach("second");
    let md = Md::existing(function("second").sites()[0].data()).expect("it was attached to");
    let address = function("first").sites()[0].entry().addr();
    Front::occupy(address, md);
    assert_eq!((call(), SEEN.swap(0, Ordering::Relaxed)), ((2, 3), 1));
    let link = attach("first");
    assert!(Front::find(address).is_none(), "a cell is written once");
    assert_eq!((call(), SEEN.swap(0, Ordering::Relaxed)), ((2, 3), 2));
    drop(other);
    assert_eq!((call(), SEEN.swap(0, Ordering::Relaxed)), ((2, 3), 1));
    drop(link);
    assert_eq!((call(), SEEN.swap(0, Ordering::Relaxed)), ((2, 3), 0));
}
