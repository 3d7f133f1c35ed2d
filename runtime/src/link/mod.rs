//! Links: probes x functions x cookies, attached and detached as one.
//!
//! Lock order: the transaction lock ([`transaction`]) is the only lock that is held while
//! functions change. It is never held while a probe runs: the thread that holds it runs unprobed.

mod attach;
mod batch;
mod bind;
mod builder;
mod change;
mod child;
mod cookie;
mod core;
mod detach;
mod fork;
mod handle;
mod info;
mod line;
mod made;
mod patch;
mod probes;
mod rows;
mod several;
mod site_ext;
mod transaction;
mod verify;

/// Tests and fuzz targets that look inside.
#[cfg(all(any(test, fuzzing), gtramp_stubs))]
pub(crate) mod snapshot;
#[cfg(all(test, gtramp_stubs))]
mod tests;

pub use builder::{
    LinkBuilder, entry_link, exit_link, fentry, fexit, fmod_ret, fsession, link,
    mod_ret_future_link, mod_ret_link, poll, poll_link, session_link,
};
pub use cookie::Cookie;
pub use handle::Link;
pub use info::{Altered, LinkInfo, LinkedFunction, Stats};
pub use patch::{
    Patch, PatchBuilder, PatchEvent, PatchWatch, replacing, replacing_by, watch_patches,
};
pub use probes::{IntoProbes, Probes};
pub use several::Transaction;
pub use site_ext::Signature;
