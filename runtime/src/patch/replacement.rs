//! What can be put in the place of a body.

use core::any::TypeId;

use crate::probe::{Param, RetParam};
use crate::site::Slot;

/// A function that can be put in the place of others: what `#[replace]` makes.
///
/// It is sealed: what its items are changes without notice, and only the attribute implements it.
///
/// # Safety
///
/// `run` takes the arguments that `params` names, all of them, and returns what `ret` describes; it asks no more of
/// lifetimes than these say, or if `signature` is not `None`, than that says.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a replacement",
    label = "a replacement is what `#[replace]` made of a function"
)]
pub unsafe trait Replacement: Copy + 'static {
    #[doc(hidden)]
    /// Whether it is an `async fn`. What it returns then is made by `future_slot`, and `ret` is what its future gives.
    const IS_ASYNC: bool = false;

    #[doc(hidden)]
    /// Its arguments.
    fn params() -> Vec<Param>;

    #[doc(hidden)]
    /// Its result.
    fn ret() -> RetParam;

    #[doc(hidden)]
    /// Where its result borrows from its arguments: the identity of its type, with all its lifetimes.
    fn signature() -> Option<TypeId>;

    #[doc(hidden)]
    /// Runs it.
    ///
    /// # Safety
    ///
    /// The slots are those of a call of a function whose types were checked, and their values are taken.
    unsafe fn run(slots: *mut Slot) -> Slot;
}
