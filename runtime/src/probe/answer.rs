//! How what a probe has decided becomes the call's result: as a value, or as a future that is awaited first.

use core::future::Future;

use crate::site::{Slot, leak_future};

use super::{LifeInfo, Outcome, RetParam};

/// What becomes of a decision `R`.
pub(crate) trait Answer<R>: 'static {
    /// Whether only a future can be answered thus.
    const IS_AWAITED: bool;

    /// The result that is decided, given what is known of an `R`.
    fn result(of: RetParam) -> RetParam;

    /// Gives it to the call whose slots these are. Whether the call takes it.
    ///
    /// # Safety
    ///
    /// At `ret` is room for the function's result, and nothing yet; and its type is as [`Answer::result`] says.
    unsafe fn give(decided: R, args: *mut Slot, ret: *mut ()) -> Outcome;
}

/// It is the result.
pub(crate) struct AsValue;

impl<R> Answer<R> for AsValue {
    const IS_AWAITED: bool = false;

    fn result(of: RetParam) -> RetParam {
        of
    }

    #[inline(always)]
    unsafe fn give(decided: R, _: *mut Slot, ret: *mut ()) -> Outcome {
        // SAFETY: the caller's promise.
        unsafe { ret.cast::<R>().write(decided) };
        Outcome::Skipped
    }
}

/// It is a future, whose output is the result.
pub(crate) struct Awaited;

impl<R: Future<Output: 'static> + Send + 'static> Answer<R> for Awaited {
    const IS_AWAITED: bool = true;

    fn result(_: RetParam) -> RetParam {
        RetParam::of_static::<R::Output>()
    }

    unsafe fn give(decided: R, args: *mut Slot, _: *mut ()) -> Outcome {
        match LifeInfo::of(args) {
            Some(life) => {
                life.answer(leak_future(decided));
                Outcome::Skipped
            }
            // Only futures have such probes, and their probes run in a life.
            None => Outcome::Running,
        }
    }
}
