//! What parts of a program have in common that are loaded separately.
//!
//! A shared library that was built on its own has a copy of this crate in it, with statics and types of its own. So
//! nothing of Rust's is handed from one to the other: only what [`abi`](self) lays down, in C's layout, and numbers that
//! say what a value is. Neither text nor `TypeId` could say that: a name is the same where the type behind it
//! has changed, and a `TypeId`, which is made of names and of how a crate was built, is too.
//!
//! Two things are found by the name of a library and a name in it: values that all parts share ([`shared`]), and
//! the probes of a library ([`ProbeLibrary`]). The program keeps the values; a library that it has opened asks it.

mod abi;
mod guest;
mod host;
mod layout;
mod loaded;
mod shared;

pub use abi::{Host, LibraryCall, LibraryStart, Row, Table};
pub use guest::{Plain, meet};
pub use loaded::{LibraryEntry, LibraryExit, ProbeLibrary, library};
pub use shared::{Shared, shared};
