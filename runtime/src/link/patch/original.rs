//! Calling what a patch has replaced.

use core::future::{Future, poll_fn};
use core::pin::pin;

use crate::error::Error;
use crate::grace::{IgnoreGuard, ignore_current_thread};
use crate::patch::Original;
use crate::registry::Site;
use crate::site::Function;

use super::apply::patching;

impl<F> Site<F> {
    /// Runs `call`, in which the first call of this function on this thread runs its own body, patched or not, and
    /// no probe: what a replacement writes to call what it replaces.
    ///
    /// If a signal's handler calls this function before `call` does, that call takes the turn.
    ///
    /// A call that the body makes of its own function is one like any other, and runs the patch.
    ///
    /// ```
    /// use gtramp::{replace, site, traceable};
    ///
    /// #[traceable]
    /// fn charge(amount: u64) -> u64 {
    ///     amount / 100
    /// }
    ///
    /// #[replace("**::charge")]
    /// fn at_most_ten(amount: u64) -> u64 {
    ///     site!(charge).original(|| charge(amount)).unwrap_or(0).min(10)
    /// }
    ///
    /// # charge(1);
    /// let patch = at_most_ten::apply()?;
    /// assert_eq!((charge(500), charge(5_000)), (5, 10));
    /// # Ok::<(), gtramp::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotTraceable`] if the function has no site. Nothing was called then.
    pub fn original<R>(self, call: impl FnOnce() -> R) -> Result<R, Error> {
        let function = self.function()?;
        let _turn = turn_of(function);
        Ok(call())
    }

    /// As [`Site::original`], of an async function: in the first poll of what `call` returns, the first call of this
    /// function that is polled runs its own body, and no probe sees its life; whether probes see that
    /// first poll is not said.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn original_async<T: Future>(
        self,
        call: impl FnOnce() -> T,
    ) -> Result<T::Output, Error> {
        let function = self.function()?;
        let mut future = pin!(call());
        let mut is_first = true;
        let polled = poll_fn(move |cx| {
            let _turn = core::mem::take(&mut is_first).then(|| turn_of(function));
            future.as_mut().poll(cx)
        });
        Ok(polled.await)
    }
}

/// While it is there, the next call of the function on this thread runs its own body, unprobed.
fn turn_of(function: &Function) -> (Option<Original>, Option<IgnoreGuard>) {
    let original = patching(function).map(Original::of);
    let unprobed = original.is_none().then(ignore_current_thread);
    (original, unprobed)
}
