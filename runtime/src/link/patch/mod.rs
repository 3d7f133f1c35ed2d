//! Live patches: other functions in the place of bodies.

mod apply;
mod bind;
mod builder;
mod handle;
mod original;
mod watch;

pub use builder::{PatchBuilder, replacing, replacing_by};
pub use handle::Patch;
pub use watch::{PatchEvent, PatchWatch, watch_patches};
