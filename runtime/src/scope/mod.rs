//! Scopes: what a link may be limited to, a request, a task or a test; and threads.

mod handle;
mod limit;
mod travel;

pub(crate) use handle::is_in_any;
pub use handle::{EnteredScope, Scope};
pub(crate) use limit::{Limit, Place, here};
pub use travel::InScope;
