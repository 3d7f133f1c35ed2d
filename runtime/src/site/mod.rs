//! Sites: what `#[traceable]` leaves in a program, and how the runtime reads it.
//!
//! A site is a naked entry stub, two mutable words beside it and a read-only record. Here are
//! the layouts and the records' list; what a site *means* (names, functions) is `registry`.

mod describe;
mod entry;
mod function;
mod record;
mod slot;

pub use describe::{ArgFacts, ArgSource, RawDescription, RetSource, Source};
pub use describe::{erased_id_of, type_id_of};
pub use entry::*;
pub use function::{Argument, Function};
pub(crate) use record::{Record, SiteData, records};
pub use slot::Slot;
