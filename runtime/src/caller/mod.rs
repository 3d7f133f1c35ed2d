//! Global callers: one precompiled trampoline per shape, shared by every function of that shape.
//!
//! The naked stubs are generated, see the crate `gtramp-codegen`; what they call is in
//! `run`. This is the hot path: it takes no lock, allocates nothing, and knows nothing of links,
//! poking or the registry.

mod abi;
pub(crate) mod choose;
mod compiled;
mod contributed;
mod generated;
mod life;
mod origin;
mod patched;
mod poll;
mod result;
mod run;
mod shape;
mod specialised;

pub use contributed::Contributed;
pub use shape::Lookup;

pub(crate) use shape::Shape;

pub(crate) use abi::CallAbi;
pub(crate) use compiled::{entry_caller, entry_caller_in_scope, exit_caller, mod_ret_caller};
pub(crate) use compiled::{pair_caller, session_caller};
pub(crate) use generated::{MAX_ARGS, MAX_SLOTS, patched};
pub(crate) use life::Halves;
pub(crate) use patched::replaced;
pub(crate) use poll::Polled;
pub(crate) use run::TABLE;
