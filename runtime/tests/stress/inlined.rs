//! Functions that the compiler makes a part of many callers: each of the copies is patched while it runs in a
//! loop.

use gtramp::{functions, traceable};
use seq_macro::seq;

use crate::targets::{Call, Target};

/// While it is armed, its stub runs a copy of the body.
#[traceable]
#[inline(always)]
fn copied(a: u64) -> u64 {
    a + 1
}

/// Its stub runs a closure that holds the body.
#[traceable]
#[inline(always)]
fn moved(a: u64) -> u64 {
    assert_ne!(a, u64::MAX);
    a + 2
}

struct Adder;

#[traceable]
impl Adder {
    /// Its stub calls the function itself.
    #[inline(always)]
    fn again(a: u64) -> u64 {
        assert_ne!(a, u64::MAX);
        a + 3
    }
}

/// How many functions call each, in loops of their own.
const CALLERS: usize = 32;

/// How often each of them does.
const LOOP: u64 = 4;

macro_rules! callers {
    ($($name:ident: $function:path, $added:literal;)*) => { $(
        fn $name(seed: u64) -> bool {
            /// The numbers differ, so that no caller is the same as another.
            #[inline(never)]
            fn caller<const N: u64>(seed: u64) -> u64 {
                (0..LOOP).fold(N, |sum, number| sum + $function(seed + number))
            }
            const ALL: [fn(u64) -> u64; CALLERS] = seq!(N in 0..32 { [#(caller::<N>,)*] });
            let sum = LOOP * (seed + $added) + LOOP * (LOOP - 1) / 2;
            ALL.iter().zip(0..).all(|(caller, number)| caller(seed) == sum + number)
        }
    )* };
}

callers! {
    call_copied: copied, 1;
    call_moved: moved, 2;
    call_again: Adder::again, 3;
}

/// The functions.
pub(crate) fn inlined() -> Vec<Target> {
    let functions = functions();
    let find = |name: &str| {
        let path = format!("stress::inlined::{name}");
        let found = functions.iter().find(|function| function.path() == path);
        let function = found.unwrap_or_else(|| panic!("{path} has no site"));
        let copies = function.copies().count();
        assert!(copies >= CALLERS, "{path} is inlined in {copies} places of {CALLERS}");
        function
    };
    let target = |name: &str, added, call: Call| Target {
        function: find(name),
        added,
        call,
        calls: CALLERS as u64 * LOOP,
    };
    vec![
        target("copied", 1, call_copied),
        target("moved", 2, call_moved),
        target("Adder::again", 3, call_again),
    ]
}
