//! What runs in the traced calls, and what is kept of them: per shard of threads, without a lock, merged when read.

mod cell;
mod child;
mod clock;
mod cost;
mod engine;
mod event;
mod here;
mod hot;
mod table;
mod text;
mod view;

pub(crate) use engine::{Engine, Running, Total};
pub(crate) use event::{Event, Outcome, Shown};
pub(crate) use table::Tables;
