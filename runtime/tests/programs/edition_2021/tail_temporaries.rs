// What the last expression of a body borrows from lives as long as in a plain function: arguments are dropped when
// they were, in the order in which they were.
#![deny(warnings)]

use std::cell::RefCell;
use std::sync::Mutex;

use gtramp::{traceable, Entry};

thread_local!(static DROPPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) });

pub struct D(&'static str);
pub struct Guard<'a>(&'a D);

impl D {
    fn guard(&self) -> Guard<'_> {
        Guard(self)
    }
}

impl Guard<'_> {
    fn count(&self) -> usize {
        self.0 .0.len()
    }
}

impl Drop for D {
    fn drop(&mut self) {
        DROPPED.with(|dropped| dropped.borrow_mut().push(self.0));
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        DROPPED.with(|dropped| dropped.borrow_mut().push("guard"));
    }
}

#[rustfmt::skip]
macro_rules! module {
    ($name:ident, $attr:meta) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[$attr] pub fn named(x: D, y: D) -> usize { let _z = D("z"); x.guard().count() + y.guard().count() }
            #[$attr] pub fn apart((x, _): (D, D), y: D) -> usize { let _z = D("z"); x.guard().count() + y.guard().count() }
            #[$attr] pub fn unused(_: D, _y: D, y: D) -> usize { let _z = D("z"); y.guard().count() }
            #[$attr] pub fn between(x: D, (_, y): (D, D), _: D) -> usize { let f = || 1; f() + y.guard().count() + x.0.len() }
            #[$attr] pub fn early((x, y): (D, D)) -> D { let f = || 1; f(); if x.0.is_empty() { return x } y }
            #[$attr] pub fn by_ref(ref x: D, y: D) -> usize { x.guard().count() + y.0.len() }
            #[$attr] pub fn array(x: D, [a, _, b]: [D; 3]) -> usize { let _ = a; b.guard().count() + x.guard().count() }
            #[$attr] pub fn nothing((x, _): (D, D), y: D) { use std::convert::identity; identity(x.guard().count()); let _y = y; }
            #[$attr] pub fn locked((m, _): (Mutex<u8>, u8)) -> u8 { *m.lock().unwrap() }
            #[$attr] pub fn lints(#[allow(unused_mut)] mut m: RefCell<u8>) -> u8 { *m.borrow() }
            #[$attr] pub async fn life((m, _): (RefCell<u8>, u8)) -> u8 { *m.borrow() }

            pub struct S(pub D);
            impl S {
                #[$attr] pub fn copied(self, (x, _): (D, D), _: D) -> usize { self.0.guard().count() + x.guard().count() }
                #[$attr] fn moved(self, (x, _): (D, D)) -> usize { vec![1].len() + self.0.guard().count() + x.guard().count() }
                pub fn moves(self, x: D, y: D) -> usize { self.moved((x, y)) }
            }
        }
    };
}

module!(plain, allow(clippy::all));
module!(traced, traceable);

fn main() {
    for armed in [false, true, false] {
        let link = armed.then(|| gtramp::fentry("**", |_: &Entry| ()).unwrap());
        macro_rules! same {
            ($($call:tt)*) => {
                let dropped = || DROPPED.with(RefCell::take);
                plain::$($call)*;
                let expected = dropped();
                traced::$($call)*;
                assert_eq!(dropped(), expected, "{}", stringify!($($call)*));
            };
        }
        same!(named(D("a"), D("b")));
        same!(apart((D("a"), D("b")), D("c")));
        same!(unused(D("a"), D("b"), D("c")));
        same!(between(D("a"), (D("b"), D("c")), D("d")));
        same!(early((D("a"), D("b"))));
        same!(by_ref(D("a"), D("b")));
        same!(array(D("x"), [D("a"), D("b"), D("c")]));
        same!(nothing((D("a"), D("b")), D("c")));
        same!(S(D("s")).copied((D("a"), D("b")), D("c")));
        same!(S(D("s")).moves(D("a"), D("b")));
        assert_eq!((traced::locked((Mutex::new(1), 1)), traced::lints(RefCell::new(2))), (1, 2));
        assert_eq!((plain::locked((Mutex::new(1), 1)), plain::lints(RefCell::new(2))), (1, 2));
        drop((traced::life((RefCell::new(1), 1)), plain::life((RefCell::new(1), 1))));
        drop(link);
    }
}
