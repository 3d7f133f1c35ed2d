//! What is awaited in the place of a body: the future with which a probe has answered, or that of a patch.

use core::mem::ManuallyDrop;
use core::task::{Context, Poll};

use crate::patch::{Counted, Inside};
use crate::probe::Outcome;
use crate::site::{BoxFuture, take_future};

/// A future in the place of a body, which gives a `T` as that does.
pub(super) struct Instead<T> {
    future: ManuallyDrop<BoxFuture<T>>,
    /// If it is a patch's: it is in it until this is dropped, which is after the future is.
    patch: Option<Counted>,
}

impl<T> Instead<T> {
    /// What a probe has answered with, or the patch has made of the arguments.
    ///
    /// # Safety
    ///
    /// As [`take_future`].
    pub(super) unsafe fn of(at: *mut (), patch: Option<Counted>) -> Self {
        // SAFETY: the caller's promise.
        let future = unsafe { take_future(at) };
        Self { future: ManuallyDrop::new(future), patch }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        let _inside = self.inside();
        self.future.as_mut().poll(cx)
    }

    /// For as long as code of the patch runs on this thread, which would wait for itself.
    fn inside(&self) -> Option<Inside> {
        self.patch.as_ref().map(|_| Inside::new())
    }

    /// Whether the body's arguments are still there: a patch has taken them.
    pub(super) fn leaves_arguments(&self) -> bool {
        self.patch.is_none()
    }

    /// How the call has ended when this is ready.
    pub(super) fn outcome(&self) -> Outcome {
        if self.patch.is_some() { Outcome::Returned } else { Outcome::Skipped }
    }
}

impl<T> Drop for Instead<T> {
    fn drop(&mut self) {
        let _inside = self.inside();
        // SAFETY: it is dropped here alone, and nobody uses it afterwards.
        unsafe { ManuallyDrop::drop(&mut self.future) };
    }
}
