//! The language: text to a plan that can be attached. Nothing here runs while calls are traced, but for the
//! reading of values.

mod ast;
mod compile;
mod cursor;
mod error;
mod parse;
mod plan;
mod value;

pub(crate) use error::Wrong;

pub(crate) use ast::Aggregate;
pub(crate) use parse::parse;
pub(crate) use plan::{LONGEST, Operand, Plan, Planned, Step, Test};
pub(crate) use value::{Kept, Reader, Value, kept_part};
