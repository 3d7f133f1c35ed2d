//! What is in the place of a function's body.
//!
//! While a function is patched, its metadata name the second way of its entry where they else name the body, so
//! whatever runs the body, from any caller and on any thread, runs what is in its place, and nothing that traces
//! has to know. That way leads to a stub (`patched_N`), and the stub to [`run_patched`](crate::caller), which
//! counts the call, looks what is the [`current`](Patching) replacement, and runs it.
//!
//! *When no call is in a replacement any more.* Calls are counted in two phases, as in a sleepable RCU (P.
//! McKenney, "Sleepable RCU", LWN 2006): a call reads the phase, counts itself in it, and then reads what is
//! current. Whoever has made something else current waits until each count of the old phase was seen at zero, turns
//! the phase, and does it once more. A call that found the old replacement has counted itself before it was
//! exchanged, so its count is seen. One that read the phase and counts itself after that was seen finds what is
//! current now: in the one order of all these steps, its look comes after the exchange. The phases only
//! keep new calls from being waited for.
//!
//! *What a closure has captured* is used by its patch and by the calls that are in it, and goes with the last of them
//! (`code.rs`): so it does not wait for whoever waits, and is not kept by calls of other patches.
//!
//! [`Patching`] live for ever, as metadata do: a thread may be on its way from an entry to one.

mod code;
mod original;
mod patching;
mod replacement;

pub(crate) use code::{Closure, Code, Run, run_function};
pub(crate) use original::Original;
pub(crate) use patching::{Counted, Inside, InsidePatch, Patching, in_forked_child, wait_for_drop};
pub use replacement::Replacement;
