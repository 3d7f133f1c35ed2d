//! Sites: what `#[traceable]` leaves in a program, and how the runtime reads it.
//!
//! A site is a naked entry stub, two mutable words beside it and a read-only record. Here are
//! the layouts and the records' list; what a site *means* (names, functions) is `registry`.

mod describe;
mod entry;
mod function;
mod record;
mod slot;

pub use describe::{ArgFacts, RawDescription, Source, TypeFacts};
pub use describe::{erased_id_of, opaque, type_id_of};
pub use entry::*;
pub use function::{Argument, Function};
pub(crate) use record::{Record, SiteData, records};
use slot::Fits;
pub use slot::Slot;
