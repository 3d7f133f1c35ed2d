//! Which functions can be traced, and how they are found: by name, glob, module or file.

mod found;
mod functions;
mod glob;
mod known;
mod name;
mod near;
mod order;
mod selector;

pub(crate) use functions::Registry;
pub use functions::functions;
#[cfg(any(test, fuzzing))]
pub(crate) use glob::Glob;
pub use selector::{Selector, Site};
