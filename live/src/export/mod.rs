//! What was found, in forms that others read. Used by the command, and by what writes without one.

mod chrome;
mod folded;
mod graph;
mod recording;
mod report;
mod text;
mod tree;

pub use chrome::chrome;
pub use folded::folded;
pub use graph::graph;
pub use recording::{Recording, records_in};
pub use report::report;
pub use text::{Shown, duration};
pub use tree::{Forest, Node};
