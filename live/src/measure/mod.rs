//! What runs in the traced calls, and what is kept of them: per thread, without a lock, merged when read.

mod act;
mod cell;
mod child;
mod clock;
mod cost;
mod engine;
mod event;
mod here;
mod hot;
mod ring;
mod rings;
mod shard;
mod table;
mod text;
mod view;

pub(crate) use engine::{Engine, Running, Total};
pub(crate) use event::{Event, Shown};
pub(crate) use table::Tables;
