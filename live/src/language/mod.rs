//! The language: text to a plan that can be attached. Nothing here runs while calls are traced, but for the
//! reading of values.

mod ast;
mod bounds;
mod compile;
mod cursor;
mod error;
mod parse;
mod plan;
mod value;
mod word;

pub(crate) use error::Wrong;

pub(crate) use ast::Aggregate;
pub(crate) use bounds::LONGEST;
pub(crate) use compile::MOST_ARGUMENTS;
pub(crate) use parse::parse;
pub(crate) use plan::{Place, Plan, Planned, Step, Test};
pub(crate) use value::{Kept, Value, kept_part};
pub(crate) use word::{Term, Word};
