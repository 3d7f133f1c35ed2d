//! Which functions can be traced, and how they are found: by name, glob, module or file.

mod functions;
mod glob;
mod name;
mod selector;

pub use functions::functions;
#[cfg(any(test, fuzzing))]
pub(crate) use glob::Glob;
pub use selector::{Selector, Site};
