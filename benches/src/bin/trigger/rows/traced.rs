//! Traceable functions, one for each row that needs its own, and the probes of all of them.
//!
//! None is inlined: what they are compared with is not either.

use gtramp::{Entry, Exit, fentry, fexit, traceable};

use crate::cells::{hit, hit_exit};
use crate::target::body;

/// Stores its arguments.
#[fentry]
pub(super) fn before(_: &Entry<'_>, a: u64, b: u64) {
    hit([a, b]);
}

/// Stores its arguments and the result.
#[fexit]
pub(super) fn after(_: &Exit<'_>, a: u64, b: u64, ret: &u64) {
    hit_exit([a, b], *ret);
}

/// Functions that add two numbers.
macro_rules! functions {
    ($($name:ident)*) => { $(
        #[traceable]
        #[inline(never)]
        pub(super) fn $name(a: u64, b: u64) -> u64 {
            body([a, b])
        }
    )* };
}

functions! { off entry closure hash list2 list4 sleep exit both both_spec session mod_ret mod_ret_override off_all entry_all exit_all }

/// Functions of which one link holds all.
#[traceable]
#[inline(never)]
pub(super) fn many_entries<const N: usize>(a: u64, b: u64) -> u64 {
    body([a, b])
}

/// The same for exit probes.
#[traceable]
#[inline(never)]
pub(super) fn many_exits<const N: usize>(a: u64, b: u64) -> u64 {
    body([a, b])
}

/// The same for sessions.
#[traceable]
#[inline(never)]
pub(super) fn many_sessions<const N: usize>(a: u64, b: u64) -> u64 {
    body([a, b])
}
