//! Futures on the heap, handed on as an address: by what knows their type to what knows only what they give.

use core::future::Future;
use core::pin::Pin;

use super::Slot;

/// A future on the heap, as [`#[fmod_ret("..", future)]`](macro@crate::fmod_ret) returns it.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The address of a future, for [`take_future`].
#[inline(always)]
pub(crate) fn leak_future<'f, T, F: Future<Output = T> + Send + 'f>(future: F) -> *mut () {
    let future: Pin<Box<dyn Future<Output = T> + Send + 'f>> = Box::pin(future);
    Box::into_raw(Box::new(future)).cast()
}

/// The future that gives a `T` of which this is the address.
///
/// # Safety
///
/// [`leak_future`] has given it, of a future that gives a `T`, which nobody else takes; and that is gone before what it
/// borrows.
pub(crate) unsafe fn take_future<T>(at: *mut ()) -> BoxFuture<T> {
    // SAFETY: the caller's promise: they differ in lifetimes alone.
    *unsafe { Box::from_raw(at.cast::<BoxFuture<T>>()) }
}

/// The slot of what an async replacement has made: the address of its future.
#[inline(always)]
pub fn future_slot<'f, T, F: Future<Output = T> + Send + 'f>(future: F) -> Slot {
    Slot::pointer(leak_future(future))
}
