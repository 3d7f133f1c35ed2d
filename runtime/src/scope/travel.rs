//! How a scope goes to other threads, and along with futures.

use core::pin::Pin;
use core::task::{Context, Poll};

use super::Scope;

impl Scope {
    /// A closure that calls `f` with this scope in force: for a thread, or for `spawn_blocking`.
    ///
    /// ```
    /// use gtramp::Scope;
    ///
    /// let scope = Scope::new().with("req", 7);
    /// let thread = std::thread::spawn(scope.wrap(|| Scope::current().map(|scope| scope.get("req") == Some("7"))));
    /// assert_eq!(thread.join().ok().flatten(), Some(true));
    /// ```
    pub fn wrap<R, F: FnOnce() -> R>(&self, f: F) -> impl FnOnce() -> R + use<R, F> {
        let scope = self.clone();
        move || {
            let _entered = scope.enter();
            f()
        }
    }

    /// A future that has this scope in force while it is polled, and while what is left of it is dropped.
    pub fn instrument<F: Future>(&self, future: F) -> InScope<F> {
        InScope { scope: self.clone(), future: Some(future) }
    }
}

/// A future in a scope: see [`Scope::instrument`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct InScope<F> {
    scope: Scope,
    /// Until it is dropped.
    future: Option<F>,
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = self.scope.enter();
        // SAFETY: the future is pinned with this, and only dropped where it is.
        let future = unsafe { self.map_unchecked_mut(|this| &mut this.future) };
        match future.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => unreachable!("it is there until this is dropped"),
        }
    }
}

impl<F> Drop for InScope<F> {
    fn drop(&mut self) {
        let _entered = self.scope.enter();
        // In its place: it may be pinned.
        self.future = None;
    }
}
