// Functions of one name, written in one place by one macro, are as many functions.
#![deny(warnings)]

use std::sync::atomic::{AtomicU64, Ordering};

use gtramp::{Entry, traceable};

macro_rules! both {
    () => {
        pub fn go() -> (u64, u64) {
            let a = {
                #[traceable]
                fn helper(x: u64) -> u64 {
                    x + 1
                }
                helper(1)
            };
            let b = {
                #[traceable]
                fn helper(x: u64) -> u64 {
                    x * 100
                }
                helper(2)
            };
            (a, b)
        }
    };
}
both!();

macro_rules! methods {
    () => {
        pub fn methods() -> (u64, u64) {
            let a = {
                struct Local;
                #[traceable]
                impl Local {
                    fn method<T>(&self, x: u64, _: T) -> u64 {
                        x + 1
                    }
                }
                Local.method(1, "a")
            };
            let b = {
                struct Local;
                #[traceable]
                impl Local {
                    fn method<T>(&self, x: u64, _: T) -> u64 {
                        x * 100
                    }
                }
                Local.method(2, "b")
            };
            (a, b)
        }
    };
}
methods!();

/// Its parameters are in none of its arguments.
#[traceable]
#[inline(never)]
fn parameter<T>(x: usize) -> usize {
    x + std::mem::size_of::<T>()
}

/// Types of one name.
fn parameters() -> (usize, usize) {
    let a = {
        struct Same(#[expect(dead_code)] u8);
        parameter::<Same>(0)
    };
    let b = {
        struct Same(#[expect(dead_code)] u16);
        parameter::<Same>(0)
    };
    (a, b)
}

static SEEN: AtomicU64 = AtomicU64::new(0);

#[track_caller]
fn two(path: &str, call: impl Fn()) {
    call();
    let found: Vec<_> = gtramp::functions()
        .iter()
        .filter(|function| function.path().ends_with(path))
        .collect();
    assert_eq!(found.len(), 2, "{path}");
    assert_ne!(found[0].address(), found[1].address());
    for _ in 0..2 {
        let all = gtramp::fentry(format!("**::{path}"), |_: &Entry| {
            SEEN.fetch_add(1, Ordering::Relaxed);
        });
        let all = all.unwrap();
        call();
        assert_eq!(SEEN.swap(0, Ordering::Relaxed), 2, "{path}");
        drop(all);
        for function in &found {
            let expected = function.address();
            let one = gtramp::fentry(*function, move |ctx: &Entry| {
                assert_eq!(ctx.address(), expected);
                SEEN.fetch_add(1, Ordering::Relaxed);
            });
            let one = one.unwrap();
            call();
            assert_eq!((SEEN.swap(0, Ordering::Relaxed), one.info().panic), (1, None), "{path}");
            drop(one);
        }
        call();
        assert_eq!(SEEN.load(Ordering::Relaxed), 0);
    }
}

fn main() {
    two("helper", || assert_eq!(go(), (2, 200)));
    two("method", || assert_eq!(methods(), (2, 200)));
    two("parameter", || assert_eq!(parameters(), (1, 2)));
}
