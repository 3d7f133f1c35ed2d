//! Global callers: one precompiled trampoline per shape, shared by every function of that shape.
//!
//! The naked stubs are generated, see the crate `gtramp-codegen`; what they call is in
//! `run`. This is the hot path: it takes no lock, allocates nothing, and knows nothing of links,
//! poking or the registry.

mod contributed;
mod decided;
mod origin;
mod run;
mod select;
mod specialised;

pub use contributed::Contributed;
pub(crate) use contributed::contributed_caller;
pub(crate) use run::TABLE;
pub use select::{Lookup, Shape};
pub(crate) use select::{
    MAX_ARGS, MAX_SLOTS, Variant, fullest, select, single as single_caller, single_name,
    specialised_name, variant_at,
};
pub(crate) use specialised::{any_entry_caller, any_exit_caller, any_mod_ret_caller};
pub(crate) use specialised::{any_pair_caller, one_link_caller, pair_caller, session_caller};
pub(crate) use specialised::{entry_caller, exit_caller, mod_ret_caller};
