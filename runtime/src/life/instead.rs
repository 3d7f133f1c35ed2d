//! What is awaited in the place of a body: the future with which a probe has answered, or that of a patch.

use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use crate::patch::{EnteredFuture, Inside};
use crate::probe::{BoxFuture, Outcome};

/// A future in the place of a body, which gives a `T` as that does.
pub(super) struct Instead<T> {
    future: ManuallyDrop<BoxFuture<T>>,
    /// If it is a patch's: it is in it until this is dropped, which is after the future is.
    patch: Option<EnteredFuture>,
}

impl<T> Instead<T> {
    /// What a probe has answered with.
    ///
    /// # Safety
    ///
    /// It is the address of a `BoxFuture<T>` on the heap, which nobody else takes.
    pub(super) unsafe fn answer(at: NonNull<()>) -> Self {
        // SAFETY: the caller's promise.
        let future = unsafe { on_the_heap(at.as_ptr()) };
        Self { future: ManuallyDrop::new(future), patch: None }
    }

    /// What a patch has made of the arguments.
    ///
    /// # Safety
    ///
    /// `at` is the address of a `BoxFuture<T>` on the heap, which nobody else takes.
    pub(super) unsafe fn patched(at: *mut (), patch: EnteredFuture) -> Self {
        // SAFETY: the caller's promise.
        let future = unsafe { on_the_heap(at) };
        Self { future: ManuallyDrop::new(future), patch: Some(patch) }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        let _inside = self.inside();
        self.future.as_mut().poll(cx)
    }

    /// For as long as code of the patch runs on this thread, which would wait for itself.
    fn inside(&self) -> Option<Inside> {
        self.patch.as_ref().map(|_| Inside::new())
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

/// # Safety
///
/// It is the address of one on the heap, which nobody else takes.
unsafe fn on_the_heap<T>(at: *mut ()) -> BoxFuture<T> {
    // SAFETY: the caller's promise.
    *unsafe { Box::from_raw(at.cast::<BoxFuture<T>>()) }
}
