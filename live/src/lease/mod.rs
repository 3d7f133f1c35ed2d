//! Leases: what somebody outside has switched on, with an owner, an end and a budget. One thread runs each.

mod budget;
mod registry;
mod report;
mod run;
mod stack;

pub(crate) use registry::{all, by_function, dump, off};
pub(crate) use run::{Client, Request, run};
