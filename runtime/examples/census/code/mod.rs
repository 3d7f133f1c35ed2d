//! The work: find Rust source files, read them, look at every function in them, add up what was
//! seen.
//!
//! Nearly every function in here is traceable, and begins by telling [`ran!`](crate::trace::own)
//! that it ran: the program's own count, which the probes' counts are compared with. Nothing in
//! here knows about probes.

pub(crate) mod crew;
pub(crate) mod facts;
pub(crate) mod histogram;
pub(crate) mod label;
pub(crate) mod select;
pub(crate) mod sources;
pub(crate) mod survey;
pub(crate) mod tally;
pub(crate) mod text;
pub(crate) mod walk;
pub(crate) mod worker;
