//! What can be put in the place of a body.

use core::any::TypeId;

use crate::probe::{Param, RetParam};
use crate::site::Slot;
use crate::sync::{Mutex, lock};

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

/// [`Replacement::run`] of some type.
pub(crate) type Run = unsafe fn(*mut Slot) -> Slot;

/// What runs a replacement.
#[derive(Debug)]
pub(crate) struct Code {
    run: Run,
}

impl Code {
    /// The code of a replacement, made once for each: it is never freed, because a call may always be on its way to
    /// it, so making and reverting a patch again and again is to leave nothing behind. Under the transaction lock.
    pub(crate) fn of(run: Run) -> &'static Self {
        static ALL: Mutex<Vec<&'static Code>> = Mutex::new(Vec::new());
        let mut all = lock(&ALL);
        let known = all.iter().find(|code| core::ptr::fn_addr_eq(code.run, run));
        if let Some(known) = known {
            return known;
        }
        let code: &'static Self = Box::leak(Box::new(Self { run }));
        all.push(code);
        code
    }

    /// Runs it.
    ///
    /// # Safety
    ///
    /// As [`Replacement::run`].
    #[inline(always)]
    pub(crate) unsafe fn run(&self, slots: *mut Slot) -> Slot {
        // SAFETY: the caller's promise.
        unsafe { (self.run)(slots) }
    }
}
