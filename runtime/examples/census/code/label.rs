//! Names for people to read.

use gtramp::traceable;

use crate::trace::own::{ran, ran_for};

/// Something with a name.
pub(crate) trait Label {
    fn name(&self) -> &'static str;

    /// The name as the heading of a row, indented.
    #[traceable]
    fn heading(&self, depth: usize) -> String {
        ran_for::<Self>("heading");
        format!("{:1$}{2}", "", depth * 2, self.name())
    }
}

/// The last part of a path: `next` of `census::code::walk::Walker::next`.
#[traceable]
pub(crate) fn last_part(path: &str) -> &str {
    ran!("last_part");
    path.rsplit("::").next().unwrap_or(path)
}
