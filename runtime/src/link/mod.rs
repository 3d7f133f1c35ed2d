//! Links: probes x functions x cookies, attached and detached as one.
//!
//! Lock order: the transaction lock ([`transaction`]) is the only lock that is held while
//! functions change. It is never held while a probe runs: the thread that holds it runs unprobed.

mod attach;
mod builder;
mod child;
mod core;
mod detach;
mod fork;
mod handle;
mod info;
mod rows;
mod site_ext;
mod transaction;

/// Tests and fuzz targets that look inside.
#[cfg(all(any(test, fuzzing), gtramp_stubs))]
pub(crate) mod snapshot;
#[cfg(all(test, gtramp_stubs))]
mod tests;

pub use builder::{
    LinkBuilder, entry_link, exit_link, fentry, fexit, fmod_ret, fsession, link, mod_ret_link,
};
pub use handle::Link;
pub use info::{Altered, LinkInfo, LinkedFunction};
pub use site_ext::Signature;
