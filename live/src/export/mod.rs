//! What was found, in forms that others read. Used by the command, and by what writes without one.

mod chrome;
mod folded;
mod graph;
mod text;
mod tree;

pub use chrome::chrome;
pub use folded::folded;
pub use graph::graph;
pub use text::{Shown, duration};
pub use tree::{Forest, Node};
