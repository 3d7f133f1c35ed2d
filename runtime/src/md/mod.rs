//! Metadata: what a caller needs to know of the function it was entered for, and how it finds it.

mod front;
mod metadata;
mod selected;
mod table;

pub(crate) use front::Front;
pub(crate) use metadata::{Fresh, Md, Prepared};
pub(crate) use table::{LOOKING, Replaced, Table, TableState};
