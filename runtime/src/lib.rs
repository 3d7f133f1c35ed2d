//! Function-level tracing, overriding and live patching inside Rust programs.
//!
//! Annotate functions with [`#[traceable]`](macro@traceable). Nothing happens to them, at the
//! price of a plain call, until a probe is attached: at entry ([`fentry`](fn@fentry)), at exit
//! ([`fexit`](fn@fexit)), or in the function's place ([`fmod_ret`](fn@fmod_ret)), on one function or on
//! thousands, while every thread runs. Or until another function takes its place: [`replace`](macro@replace).
//!
//! ```
//! use gtramp::{Exit, Return, site, traceable};
//!
//! #[traceable]
//! fn divide(dividend: u64, divisor: u64) -> Option<u64> {
//!     dividend.checked_div(divisor)
//! }
//!
//! let link = site!(divide).fexit(|_: &Exit, dividend: u64, _: u64, quotient: Return<Option<u64>>| {
//!     if let Some(None) = quotient.get() {
//!         eprintln!("{dividend} was divided by zero");
//!     }
//! })?;
//! divide(7, 0);
//! drop(link); // detached: the closure is gone, and `divide` is as before
//! # Ok::<(), gtramp::Error>(())
//! ```
//!
//! A [session](macro@fsession) carries a value of a call from its entry to its exit, and [`Context::call`] is a call as
//! text. `docs/guide.md` in the repository begins with the first attribute; each of its sections has an example that
//! runs.
//!
//! # How it works
//!
//! A traceable function has a *switch* in front of its body: one instruction without effect. Attaching makes a jump of
//! it, which leads past the end of the function to a stub, and on to a *caller*: a trampoline that was compiled
//! with the program, one per argument count and use, shared by every function of that shape. Nothing is assembled at
//! run time.

#![cfg_attr(
    not(gtramp_stubs),
    allow(dead_code, unused_imports, reason = "there are no callers on this target")
)]

/// What the macros' expansions call this crate, here as elsewhere.
#[cfg(any(test, fuzzing))]
extern crate self as gtramp;

mod arch;
#[cfg(feature = "bench-internals")]
mod bench;
mod caller;
mod error;
#[cfg(any(test, fuzzing))]
mod fuzz;
mod grace;
mod library;
mod life;
mod link;
mod md;
mod patch;
mod poke;
mod probe;
mod registry;
mod scope;
mod site;
mod sync;
mod sys;

pub use gtramp_macros::{
    Fields, fentry, fexit, fmod_ret, fsession, poll, replace, replacement, traceable, tracepoint,
};

pub use error::{Error, Refusal};
pub use grace::{IgnoreGuard, ignore_current_thread};
pub use library::{
    LibraryCall, LibraryEntry, LibraryExit, LibraryStart, Plain, ProbeLibrary, Shared, library,
    shared,
};
pub use link::{
    Altered, Cookie, IntoProbes, Link, LinkBuilder, LinkInfo, LinkedFunction, Patch, PatchBuilder,
    PatchEvent, PatchWatch, Probes, Stats, Transaction, fentry, fexit, fmod_ret, fsession, link,
    poll, watch_patches,
};
pub use patch::Replacement;
pub use probe::{
    ArgumentKey, Call, Context, Entry, Exit, Kind, LifeInfo, LifeUnderWay, Misfit, ModRet,
    PollStep, Polling, Return, TypedArgument, TypedReturn, lives,
};
pub use probe::{EntryProbe, ExitProbe, ModRetProbe, PollProbe, SessionEntry, SessionExit};
pub use registry::{Selector, Site, functions};
pub use scope::{EnteredScope, InScope, Scope};
pub use site::{Argument, BoxFuture, Field, Fields, Function, Value, Variant};

/// Names one traceable function by its path, for [`Site`]'s methods and as a selection.
///
/// A generic function is named with its arguments: `site!(pick::<u32>)`; a method as
/// `site!(Ledger::fee)` or `site!(<Ledger as Account>::fee)`.
///
/// ```
/// use core::ops::ControlFlow;
/// use gtramp::{ModRet, site, traceable};
///
/// #[traceable]
/// fn fee(amount: u64) -> u64 {
///     amount / 100
/// }
///
/// # fee(1);
/// let link = site!(fee).fmod_ret(|_: &ModRet, amount: &u64| {
///     if *amount > 1_000_000 { ControlFlow::Break(0) } else { ControlFlow::Continue(()) }
/// })?;
/// assert_eq!(fee(500), 5);
/// assert_eq!(fee(5_000_000), 0);
/// # Ok::<(), gtramp::Error>(())
/// ```
#[macro_export]
macro_rules! site {
    ($path:expr) => {
        $crate::Site::new(&$path)
    };
}

/// Includes the callers that this crate's build script has generated for its probes, with
/// `gtramp_codegen::Variants`. To be written once, anywhere in the crate.
///
/// ```ignore
/// // build.rs
/// fn main() -> Result<(), gtramp_codegen::Error> {
///     gtramp_codegen::Variants::from_env()?
///         .pair("crate::latency::begin", "crate::latency::end")
///         .generate()
/// }
///
/// // src/lib.rs
/// gtramp::include_variants!();
/// ```
#[macro_export]
macro_rules! include_variants {
    () => {
        include!(concat!(env!("OUT_DIR"), "/gtramp_variants.rs"));
    };
}

/// What the macros expand to. Not for use by hand: it changes without notice.
///
/// Nothing here lets safe code lie to the runtime: descriptions contain a `Promise`, which only `unsafe` makes,
/// probes' traits are `unsafe` to implement, and what takes apart slots and contexts is an `unsafe fn`.
#[doc(hidden)]
pub mod __private {
    pub use crate::caller::{Contributed, Lookup};
    pub use crate::error::Error;
    pub use crate::library::{Host, Row, Table, meet};
    pub use crate::life::Life;
    pub use crate::link::{
        Link, LinkBuilder, Patch, PatchBuilder, Signature, entry_link, exit_link,
        mod_ret_future_link, mod_ret_link, poll_link, replacing, replacing_by, session_link,
    };
    pub use crate::patch::Replacement;
    pub use crate::probe::{Entry, Exit, ModRet, Polling};
    pub use crate::probe::{EntryProbe, ExitProbe, ModRetProbe, Param, PollProbe, Probe, RetParam};
    pub use crate::probe::{SessionEntry, SessionExit};
    pub use crate::site::*;

    /// What compiles shows that the value borrows nothing.
    #[inline(always)]
    pub fn borrows_nothing<T: 'static>(_: &T) {}

    pub use crate::__assertion as assertion;

    /// The panic of an assertion that a traceable function has made, with its text.
    ///
    /// # Panics
    ///
    /// Always.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub fn assertion_failed(text: &'static str) -> bool {
        std::panic::panic_any(text)
    }

    /// The largest argument count for which entries were generated.
    pub const MAX_ARGS: usize = crate::caller::MAX_ARGS;
}

/// Fails as an assertion of this condition does; it is not evaluated.
#[doc(hidden)]
#[macro_export]
macro_rules! __assertion {
    ($condition:expr $(,)?) => {
        $crate::__private::assertion_failed(::core::concat!(
            "assertion failed: ",
            ::core::stringify!($condition)
        ))
    };
}

/// What the benchmarks time from inside. It changes without notice.
#[cfg(feature = "bench-internals")]
#[doc(hidden)]
pub mod __bench {
    pub use crate::bench::{Lookup, enter_and_leave, synchronize};
}

/// The example of `README.md`, compiled and run by the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

/// What the fuzz targets run: `ci/fuzz.sh`.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod __fuzz {
    #[cfg(gtramp_stubs)]
    pub use crate::fuzz::links;
    pub use crate::fuzz::{glob, table};
}
