//! Sites: what `#[traceable]` leaves in a program, and how the runtime reads it.
//!
//! A site is a naked entry stub, a mutable word beside it and a read-only record. In front of every
//! copy of its function's body is a switch, with a record of its own, that leads to the stub when it
//! is armed. Here are the layouts and the records' lists; what a site *means* (names, functions) is
//! `registry`.

mod body;
mod boxed;
mod describe;
mod entry;
mod fields;
mod function;
mod lives;
mod record;
mod shown;
mod slot;
mod switch;
mod value;

pub(crate) use body::data_of;
pub use body::{Body, Closure, Itself, aside, unbound, unbound_mut};
pub use boxed::{BoxFuture, future_slot};
pub(crate) use boxed::{leak_future, take_future};
pub use describe::{ArgFacts, Promise, RawDescription, Source, TypeFacts};
pub use describe::{erased_id_of, opaque, type_id_of};
pub use entry::*;
pub use fields::{AnyMember, Field, Fields, FieldsFn, HasFields, Member};
pub use function::{Argument, Function};
pub use lives::{Gives, Lives, Unpolled};
pub(crate) use record::{Record, SiteData, records};
pub(crate) use shown::Shows;
pub use shown::{Of, OfAny, OfCopy, OfFields, OfMoved, Shown, Variant};
use slot::Fits;
pub use slot::{Slot, returned, taken};
pub(crate) use switch::{Switch, find_switches};
pub use value::Value;
pub(crate) use value::{LIMIT, ShowFn, What};
