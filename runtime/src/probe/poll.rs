//! Poll probes: around each poll of a future.

use core::marker::PhantomData;
use core::ops::Deref;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use crate::grace::Errno;

use super::param::Asks;
use super::polled::{PollCall, PollStep};
use super::row::Thunk;
use super::state::guarded;
use super::watched::watched;
use super::{AnyProbe, Context, Kind, Probe, Returned, Row};

/// What a poll probe is handed: a future of an async function is about to be polled, or has been.
///
/// The future's arguments cannot be read any more: the function has taken them. [`Context::life`] is there if the life
/// began while a link was attached to its function.
#[derive(Clone, Copy, Debug)]
pub struct Polling<'c> {
    context: Context<'c>,
    call: &'c PollCall,
}

impl<'c> Deref for Polling<'c> {
    type Target = Context<'c>;

    #[inline(always)]
    fn deref(&self) -> &Context<'c> {
        &self.context
    }
}

impl Polling<'_> {
    /// Where the poll is.
    #[inline]
    #[must_use]
    pub fn step(&self) -> PollStep {
        self.call.step
    }

    /// How long this poll took, without its probes; zero before it.
    #[inline]
    #[must_use]
    pub fn took(&self) -> Duration {
        self.call.took
    }

    /// Which poll of its life it is, from 1; `None` if the life began before a link was attached.
    #[inline]
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        let under_way = u64::from(!self.call.step.has_ended());
        Some(self.life()?.polls() + under_way)
    }
}

/// A probe that runs before and after each poll of a future.
///
/// Implemented for closures `Fn(&Polling)` and by `#[poll]`. `M` is always inferred.
///
/// It is not to be implemented otherwise: what its items are changes without notice.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a probe for `poll`",
    label = "a probe is a closure `|ctx: &Polling|`, or what `#[poll]` made",
    note = "the context alone: the future has taken the arguments; nothing is returned",
    note = "it is `Send + Sync + 'static`: a closure that captures says `move`"
)]
pub trait PollProbe<M = ()>: Send + Sync + 'static {
    #[doc(hidden)]
    /// Whether it may block.
    const SLEEPABLE: bool = false;

    #[doc(hidden)]
    /// Runs it.
    fn call(&self, ctx: &Polling<'_>);
}

impl<F, P> PollProbe<Returned<P>> for F
where
    F: Fn() -> P + Send + Sync + 'static,
    P: Probe + PollProbe,
{
    const SLEEPABLE: bool = P::SLEEPABLE;

    fn call(&self, ctx: &Polling<'_>) {
        self().call(ctx);
    }
}

impl<C> PollProbe<fn(&Polling<'_>)> for C
where
    C: for<'c> Fn(&'c Polling<'c>) + Send + Sync + 'static,
{
    fn call(&self, ctx: &Polling<'_>) {
        self(ctx);
    }
}

/// How many poll probes there are in the process.
static PROBES: AtomicUsize = AtomicUsize::new(0);

/// Whether there are none, so that no list needs to be looked at. Whoever knows that a link was attached finds those
/// that it has.
#[inline(always)]
pub(crate) fn no_poll_probes() -> bool {
    PROBES.load(Ordering::Relaxed) == 0
}

/// A poll probe as a link keeps it.
pub(crate) struct AnyPoll<P, M> {
    probe: P,
    closure: PhantomData<fn(M)>,
}

impl<P, M> AnyPoll<P, M> {
    pub(crate) fn new(probe: P) -> Self {
        PROBES.fetch_add(1, Ordering::Relaxed);
        Self { probe, closure: PhantomData }
    }
}

impl<P, M> Drop for AnyPoll<P, M> {
    fn drop(&mut self) {
        PROBES.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<P: PollProbe<M>, M: 'static> AnyProbe for AnyPoll<P, M> {
    fn kind(&self) -> Kind {
        Kind::Poll
    }

    fn is_sleepable(&self) -> bool {
        P::SLEEPABLE
    }

    fn probe_type(&self) -> core::any::TypeId {
        core::any::TypeId::of::<P>()
    }

    fn asks(&self) -> Asks {
        Asks { params: Vec::new(), ret: None }
    }

    fn thunk(&self, _: u32, is_watched: bool) -> Thunk {
        Thunk::Poll(if is_watched { watched_thunk::<P, M> } else { thunk::<P, M> })
    }

    /// No caller is entered by a poll.
    fn specialised(&self, _: usize, _: u32) -> Option<*const ()> {
        None
    }

    fn data(&self) -> *const () {
        core::ptr::from_ref(&self.probe).cast()
    }
}

/// # Safety
///
/// As [`PollThunk`](super::row::PollThunk); the row's probe is a `P`.
unsafe fn thunk<P: PollProbe<M>, M>(row: &Row, call: &PollCall, errno: Errno) {
    // SAFETY: the caller's promise: the row's probe is a `P`, and its link is alive.
    let probe = unsafe { &*row.probe.cast::<P>() };
    let ctx = Polling { context: Context::new(&call.frame, row, 0), call };
    let run = || {
        // SAFETY: the row's link is alive.
        unsafe { guarded(row.link, || probe.call(&ctx)) };
    };
    // SAFETY: it is the calling thread's.
    unsafe { errno.keep(run) };
}

/// As [`thunk`], where the link says: see [`watched`].
///
/// # Safety
///
/// As there.
unsafe fn watched_thunk<P: PollProbe<M>, M>(row: &Row, call: &PollCall, errno: Errno) {
    let run = || {
        // SAFETY: the caller's promise.
        unsafe { thunk::<P, M>(row, call, errno) };
    };
    // SAFETY: the caller's promise.
    let _ = unsafe { watched(row, call.frame.target.function, run) };
}
