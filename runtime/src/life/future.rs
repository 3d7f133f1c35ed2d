//! The future of an async function.

use core::future::Future;
use core::marker::{PhantomData, PhantomPinned};
use core::mem::ManuallyDrop;
use core::num::NonZero;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::caller::Polled;
use crate::probe::PollStep;
use crate::site::{Lives, Unpolled};

use super::around::{around, step_of};
use super::running::{Begun, Running, cancel, cancel_unpolled};

/// The future of a call of an async function.
///
/// One word larger than what holds the body.
///
/// The types of its arguments and of what holds the body are named, so that it is `Send` if these are: the compiler
/// does not look through a trait for that where the future around it is asked.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Life<L: Lives<Args = A, Future = U>, A, U> {
    state: State,
    held: Held<A, U>,
    /// What is in it is pinned when it is polled.
    _pinned: PhantomPinned,
    _lives: PhantomData<fn() -> L>,
}

/// Which of the two is there, says the state.
union Held<A, U> {
    args: ManuallyDrop<A>,
    future: ManuallyDrop<U>,
}

/// Where it is in its life: one of these, or the address of a [`Running`]. That has a future in the body's place, or the
/// body's is there.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State(*mut ());

// SAFETY: what a `Running` has besides the future's own are values of sessions and futures in the body's place, which
// are `Send`, and what the runtime itself keeps.
unsafe impl Send for State {}
// SAFETY: nothing can be done with a shared reference to a future.
unsafe impl Sync for State {}

/// Nobody has polled it: the arguments are there.
const UNPOLLED: State = State(core::ptr::null_mut());
/// The body's future is there, and no probe sees its life.
const PLAIN: State = State(core::ptr::without_provenance_mut(1));
/// Nothing is there any more.
const OVER: State = State(core::ptr::without_provenance_mut(2));

impl<L: Lives> Life<L, L::Args, L::Future> {
    /// The future of a call that has these arguments.
    #[inline(always)]
    pub fn new(unpolled: Unpolled<L>) -> Self {
        let held = Held { args: ManuallyDrop::new(unpolled.args) };
        Self { state: UNPOLLED, held, _pinned: PhantomPinned, _lives: PhantomData }
    }

    /// Makes the future of the arguments.
    ///
    /// # Safety
    ///
    /// The arguments are there.
    #[inline(always)]
    unsafe fn make(&mut self) {
        // SAFETY: the caller's promise, and the state says from now on that they are gone.
        let args = unsafe { self.args().read() };
        self.state = OVER;
        self.held.future = ManuallyDrop::new(L::make(args));
        self.state = PLAIN;
    }

    /// # Safety
    ///
    /// The future is there, and this is pinned.
    #[inline(always)]
    unsafe fn poll_future(&mut self, cx: &mut Context<'_>) -> Poll<Output<L>> {
        // SAFETY: the caller's promise.
        let future = unsafe { &mut *self.future() };
        // SAFETY: it is a part of this, and never moved before it is dropped.
        unsafe { Pin::new_unchecked(future) }.poll(cx)
    }

    /// A poll while a switch is armed, or of a future that is not just its body's.
    ///
    /// # Safety
    ///
    /// This is pinned, and `entry` null or the stub of its function.
    #[cold]
    #[inline(never)]
    unsafe fn poll_probed(&mut self, entry: *const (), cx: &mut Context<'_>) -> Poll<Output<L>> {
        // Whether arguments are there that nobody takes.
        let mut are_left = false;
        if self.state == UNPOLLED {
            let args = self.args();
            // SAFETY: the arguments are there, and the stub is that of the function.
            match unsafe { Running::<L>::begin(entry, args) } {
                Begun::Unprobed => {
                    // SAFETY: the arguments are there.
                    unsafe { self.make() };
                }
                Begun::Decided(decided) => {
                    // What ends the call drops them.
                    self.state = OVER;
                    return Poll::Ready(decided.end());
                }
                Begun::Running(running) => {
                    match &running.instead {
                        // SAFETY: the arguments are there.
                        None => unsafe { self.make() },
                        Some(instead) => are_left = instead.leaves_arguments(),
                    }
                    self.state = State(Box::into_raw(running).cast());
                }
            }
        }
        assert!(self.state != OVER, "`async fn` resumed after completion");
        // SAFETY: null, or the stub of the function, one of whose switches was found armed.
        let polled = unsafe { Polled::of(entry) };
        if self.state == PLAIN {
            // SAFETY: the future is there, and this is pinned.
            return around(polled, || unsafe { self.poll_future(cx) });
        }
        // SAFETY: the state is the address of one.
        let Running { seen, instead } = unsafe { &mut *self.state.0.cast::<Running<L>>() };
        let (info, instead) = match (seen, instead) {
            (Some(seen), instead) => (&mut seen.info, instead),
            (None, instead) => {
                let instead = instead.as_mut().expect("what nobody sees is in the body's place");
                let poll = around(polled, || instead.poll(cx));
                if poll.is_ready() {
                    // SAFETY: the state is the address of one, and is replaced.
                    drop(unsafe { self.take_running() });
                }
                return poll;
            }
        };
        let mut unwinding = Unwinding { life: self, outer: None, polled };
        if let Some(polled) = &mut unwinding.polled {
            polled.begins(Some(info));
        }
        unwinding.outer = info.poll_begins(unwinding.polled.is_some());
        if are_left {
            let args = unwinding.life.args();
            // SAFETY: they are there, and the state says that they are not.
            unsafe { args.drop_in_place() };
        }
        let poll = match instead {
            Some(instead) => instead.poll(cx),
            // SAFETY: the future is there, and this is pinned.
            None => unsafe { unwinding.life.poll_future(cx) },
        };
        let (outer, polled) = unwinding.forget();
        let took = info.poll_ends(outer);
        if let Some(mut polled) = polled {
            polled.ends(Some(info), step_of(&poll), took);
        }
        poll.map(|ret| {
            // SAFETY: the state is the address of one, and is replaced.
            let running = unsafe { self.take_running() };
            running.returned(ret)
        })
    }

    /// # Safety
    ///
    /// The state is the address of a [`Running`].
    unsafe fn take_running(&mut self) -> Box<Running<L>> {
        // SAFETY: the caller's promise; it was a box.
        let running = unsafe { Box::from_raw(self.state.0.cast::<Running<L>>()) };
        self.state = if running.has_instead() { OVER } else { PLAIN };
        running
    }
}

impl<L: Lives<Args = A, Future = U>, A, U> Life<L, A, U> {
    #[inline(always)]
    fn args(&mut self) -> *mut A {
        (&raw mut self.held.args).cast()
    }

    #[inline(always)]
    fn future(&mut self) -> *mut U {
        (&raw mut self.held.future).cast()
    }
}

type Output<L> = <<L as Lives>::Future as Future>::Output;

/// Ends the life of a future whose poll panics.
struct Unwinding<'l, L: Lives> {
    life: &'l mut Life<L, L::Args, L::Future>,
    /// The life around it.
    outer: Option<NonZero<u64>>,
    polled: Option<Polled>,
}

impl<L: Lives> Unwinding<'_, L> {
    /// It did not.
    fn forget(self) -> (Option<NonZero<u64>>, Option<Polled>) {
        let mut this = ManuallyDrop::new(self);
        (this.outer, this.polled.take())
    }
}

impl<L: Lives> Drop for Unwinding<'_, L> {
    fn drop(&mut self) {
        // SAFETY: it is made where the state is the address of one.
        let mut running = unsafe { self.life.take_running() };
        if let Some(seen) = &mut running.seen {
            let took = seen.info.poll_ends(self.outer);
            if let Some(polled) = &mut self.polled {
                polled.ends(Some(&seen.info), PollStep::Unwound, took);
            }
        }
        running.unwound();
    }
}

impl<L: Lives> Future for Life<L, L::Args, L::Future> {
    type Output = Output<L>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let entry = L::switch();
        // SAFETY: nothing is moved out of it but the arguments, which nobody has pinned.
        let this = unsafe { self.get_unchecked_mut() };
        if entry.is_null() {
            if this.state == UNPOLLED {
                // SAFETY: the arguments are there.
                unsafe { this.make() };
            }
            if this.state == PLAIN {
                // SAFETY: the future is there, and this is pinned.
                return unsafe { this.poll_future(cx) };
            }
        }
        // SAFETY: this is pinned, and the switch led to the function's stub.
        unsafe { this.poll_probed(entry, cx) }
    }
}

impl<L: Lives<Args = A, Future = U>, A, U> Drop for Life<L, A, U> {
    #[inline]
    fn drop(&mut self) {
        match self.state {
            UNPOLLED => {
                let entry = L::switch();
                let args = self.args();
                if !entry.is_null() {
                    // SAFETY: the arguments are there, and the stub is that of the function.
                    unsafe { cancel_unpolled::<L>(entry, args) };
                }
                // SAFETY: the arguments are there, and nobody uses them afterwards.
                unsafe { args.drop_in_place() };
            }
            // SAFETY: the future is there, and nobody uses it afterwards.
            PLAIN => unsafe { self.future().drop_in_place() },
            OVER => {}
            _ => {
                let running = core::mem::replace(&mut self.state, OVER);
                let future = self.future();
                // SAFETY: the body's future is there if this is called, and nobody uses it afterwards.
                let drop_body = || unsafe { future.drop_in_place() };
                // SAFETY: the state was the address of one.
                unsafe { cancel::<L>(running.0, drop_body) };
            }
        }
    }
}

impl<L: Lives<Args = A, Future = U>, A, U> core::fmt::Debug for Life<L, A, U> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Life").finish_non_exhaustive()
    }
}
