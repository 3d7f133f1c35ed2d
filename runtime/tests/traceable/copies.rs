//! Copies of one function: each has a switch, and all are armed and disarmed together.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use gtramp::{Entry, Exit, Function, traceable};

/// While it is armed, its stub runs a copy of the body.
#[traceable]
#[inline(always)]
fn copied(x: u64) -> u64 {
    x.wrapping_mul(3)
}

/// Its stub runs a closure that holds the body.
#[traceable]
#[inline(always)]
fn moved(text: &str) -> String {
    format!("{text}?")
}

struct Text(u64);

#[traceable]
impl Text {
    /// Its stub calls the function itself.
    #[inline(always)]
    fn again(&self) -> String {
        format!("{}!", self.0)
    }
}

macro_rules! callers {
    ($($name:ident $own:literal)*) => {
        $(
            #[inline(never)]
            fn $name(x: u64) -> (u64, String, String) {
                // They differ: what is alike becomes one function.
                let x = x ^ $own;
                (copied(black_box(x)), moved(black_box("a")), Text(black_box(x)).again())
            }
        )*

        const CALLERS: &[fn(u64) -> (u64, String, String)] = &[$($name),*];
    };
}

callers! { a 0x10 b 0x20 c 0x30 d 0x40 e 0x50 f 0x60 g 0x70 h 0x80 }

fn functions() -> Vec<&'static Function> {
    let all = gtramp::functions().iter();
    all.filter(|f| f.module() == module_path!() && f.name() != "drop").collect()
}

#[test]
fn every_copy_of_a_function_is_traced_once_per_call_and_off_again() {
    static HITS: AtomicU64 = AtomicU64::new(0);
    let call_all = || {
        for (own, caller) in (1..).map(|number| number << 4).zip(CALLERS) {
            assert_eq!(caller(own), (0, "a?".to_owned(), "0!".to_owned()));
            assert_eq!(caller(0), (3 * own, "a?".to_owned(), format!("{own}!")));
        }
        HITS.swap(0, Ordering::Relaxed)
    };
    assert_eq!(functions().len(), 3);
    for function in functions() {
        assert!(function.copies().count() >= CALLERS.len(), "{function}: it is inlined everywhere");
        for _ in 0..2 {
            let hit = || {
                HITS.fetch_add(1, Ordering::Relaxed);
            };
            let calls = 2 * CALLERS.len() as u64;
            let link = gtramp::link().functions(function).fentry(move |_: &Entry| hit());
            let entry = link.attach().expect("it takes any probe");
            assert_eq!(call_all(), calls, "{function}: each copy, once");
            let link = gtramp::link().functions(function).fexit(move |_: &Exit| hit());
            let exit = link.attach().expect("it takes any probe");
            assert_eq!(call_all(), 2 * calls, "{function}: each copy, once and by each");
            drop(entry);
            assert_eq!(call_all(), calls, "{function}: each copy, once");
            drop(exit);
            assert_eq!(call_all(), 0, "{function}: off");
        }
    }
}

struct Loud<'a>(&'a AtomicU64);

#[traceable]
impl Drop for Loud<'_> {
    fn drop(&mut self) {
        // Not a body that is copied, and not a method that can be called.
        assert!(self.0.load(Ordering::Relaxed) < 100, "{}", self.0.load(Ordering::Relaxed));
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_destructor_is_traced_though_nothing_may_call_it() {
    let dropped = AtomicU64::new(0);
    for round in 1..=2 {
        drop(Loud(&dropped));
        let link =
            gtramp::fexit("**::copies::Loud::drop", |_: &Exit| ()).expect("it takes any probe");
        drop(Loud(&dropped));
        drop(link);
        assert_eq!(dropped.load(Ordering::Relaxed), 2 * round);
    }
}
