//! Entry probes.

use seq_macro::seq;

use crate::grace::Errno;
use crate::site::Slot;

use super::frame::{Frame, Outcome, Target, Whose};
use super::param::Asks;
use super::row::{At, Thunk, Unused};
use super::state::guarded;
use super::watched::{admits_at_once, watched};
use super::{AnyProbe, Context, Entry, Kind, Param, Probe, Returned, Row, returned_type};

/// A probe that runs before its function.
///
/// Implemented for closures `Fn(&Entry, &T0, &T1, ..)` of up to twelve typed arguments, each
/// by shared reference, and by `#[fentry]`. `M` tells the closures apart and is always inferred.
///
/// It is sealed: what its items are changes without notice, and only closures and the attributes implement it.
///
/// # Safety
///
/// `call` reads only arguments that `params` names, as `params` names them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a probe for `fentry`",
    label = "a probe is a closure `|ctx: &Entry, a: &A, b: &B, ..|`, or what `#[fentry]` made",
    note = "the context, then the first arguments, each by reference and with its type written; nothing is returned",
    note = "it is `Send + Sync + 'static`: a closure that captures says `move`"
)]
pub unsafe trait EntryProbe<M = ()>: Send + Sync + 'static {
    #[doc(hidden)]
    /// Whether it may block.
    const SLEEPABLE: bool = false;

    /// Its type.
    #[doc(hidden)]
    #[must_use]
    fn identity() -> core::any::TypeId
    where
        Self: Sized,
    {
        core::any::TypeId::of::<Self>()
    }

    #[doc(hidden)]
    /// The arguments it asks for, from the first on.
    fn params() -> Vec<Param>;

    #[doc(hidden)]
    /// Runs it.
    ///
    /// # Safety
    ///
    /// The context is of a function whose arguments [`EntryProbe::params`] was checked against.
    unsafe fn call(&self, ctx: &Entry<'_>);
}

// SAFETY: it is the probe that the function returns.
unsafe impl<F, P> EntryProbe<Returned<P>> for F
where
    F: Fn() -> P + Send + Sync + 'static,
    P: Probe + EntryProbe,
{
    const SLEEPABLE: bool = P::SLEEPABLE;

    fn identity() -> core::any::TypeId {
        returned_type::<F, P>()
    }

    fn params() -> Vec<Param> {
        P::params()
    }

    #[inline(always)]
    unsafe fn call(&self, ctx: &Entry<'_>) {
        let probe = self();
        // SAFETY: the caller's promise.
        unsafe { probe.call(ctx) }
    }
}

macro_rules! closure {
    ($($t:ident $index:tt,)*) => {
        // SAFETY: `call` reads the very arguments that `params` names.
        unsafe impl<C, $($t,)*> EntryProbe<fn($(&$t),*)> for C
        where
            C: for<'c> Fn(&'c Entry<'c>, $(&'c $t),*) + Send + Sync + 'static,
            $($t: ?Sized + 'static,)*
        {
            fn params() -> Vec<Param> {
                vec![$(Param::static_shared::<$t>()),*]
            }

            #[inline(always)]
            unsafe fn call(&self, ctx: &Entry<'_>) {
                self(
                    ctx,
                    $(
                        // SAFETY: `params` asks for it, by reference.
                        unsafe { ctx.shared::<$t>($index) },
                    )*
                );
            }
        }
    };
}

macro_rules! closures {
    ($count:tt) => {
        seq!(I in 0..$count { closure!(#(T~I I,)*); });
    };
}

seq!(COUNT in 0..=12 { closures!(COUNT); });

/// An entry probe as a link keeps it.
pub(crate) struct AnyEntry<P, M> {
    pub(crate) probe: P,
    /// The caller for this probe alone.
    pub(crate) specialised: fn(usize, u32) -> Option<*const ()>,
    /// The same, if its link is limited to a scope.
    pub(crate) in_scope: fn(usize, u32) -> Option<*const ()>,
    pub(crate) closure: core::marker::PhantomData<fn(M)>,
}

impl<P: EntryProbe<M>, M: 'static> AnyProbe for AnyEntry<P, M> {
    fn kind(&self) -> Kind {
        Kind::Fentry
    }

    fn is_sleepable(&self) -> bool {
        P::SLEEPABLE
    }

    fn probe_type(&self) -> core::any::TypeId {
        P::identity()
    }

    fn asks(&self) -> Asks {
        Asks { params: P::params(), ret: None }
    }

    fn thunk(&self, through: u32, is_watched: bool) -> Thunk {
        if is_watched {
            Thunk::Entry(watched_thunk::<P, M>)
        } else if through == 0 {
            Thunk::Entry(thunk::<P, M, false>)
        } else {
            Thunk::Entry(thunk::<P, M, true>)
        }
    }

    fn specialised(&self, slots: usize, through: u32) -> Option<*const ()> {
        (self.specialised)(slots, through)
    }

    fn specialised_in_scope(&self, slots: usize, through: u32) -> Option<*const ()> {
        (self.in_scope)(slots, through)
    }

    fn data(&self) -> *const () {
        core::ptr::from_ref(&self.probe).cast()
    }
}

/// # Safety
///
/// As [`EntryThunk`](super::row::EntryThunk); the row's probe is a `P`.
unsafe extern "C" fn thunk<P: EntryProbe<M>, M, const THROUGH: bool>(
    at: At,
    args: *mut Slot,
    errno: Errno,
    _: Unused,
    _: Unused,
    whose: Whose,
) {
    // SAFETY: the caller's promise: a mark that names the row holds its list.
    let row = unsafe { at.row() };
    // SAFETY: the caller's promise.
    let target = unsafe { whose.target() };
    // SAFETY: the caller's promise.
    unsafe { run_entry::<P, M, THROUGH>(row, args, target, errno) };
}

/// As [`thunk`], where the link says: see [`watched`](super::watched).
///
/// # Safety
///
/// As there.
unsafe extern "C" fn watched_thunk<P: EntryProbe<M>, M>(
    at: At,
    args: *mut Slot,
    errno: Errno,
    one: Unused,
    other: Unused,
    whose: Whose,
) {
    // SAFETY: the caller's promise: a mark that names the row holds its list.
    let row = unsafe { at.row() };
    // SAFETY: the caller's promise.
    match unsafe { admits_at_once(row) } {
        Some(false) => {}
        // SAFETY: the caller's promise.
        Some(true) => unsafe { thunk::<P, M, true>(at, args, errno, one, other, whose) },
        // SAFETY: the caller's promise.
        None => unsafe { asking_thunk::<P, M>(at, args, errno, one, other, whose) },
    }
}

/// # Safety
///
/// As [`thunk`].
#[cold]
#[inline(never)]
unsafe extern "C" fn asking_thunk<P: EntryProbe<M>, M>(
    at: At,
    args: *mut Slot,
    errno: Errno,
    _: Unused,
    _: Unused,
    whose: Whose,
) {
    // SAFETY: the caller's promise: a mark that names the row holds its list.
    let row = unsafe { at.row() };
    // SAFETY: the caller's promise.
    let target = unsafe { whose.target() };
    let run = || {
        // SAFETY: the caller's promise.
        unsafe { run_entry::<P, M, true>(row, args, target, errno) };
    };
    // SAFETY: the caller's promise.
    let _ = unsafe { watched(row, target.function, run) };
}

/// Runs the probe of a row, which is a `P`, and keeps `errno` from it. Unless `THROUGH`, what it asks for is in
/// the slots themselves.
///
/// # Safety
///
/// As [`EntryThunk`](super::row::EntryThunk); the row's probe is a `P`.
#[inline(always)]
pub(crate) unsafe fn run_entry<P: EntryProbe<M>, M, const THROUGH: bool>(
    row: &Row,
    args: *mut Slot,
    target: &'static Target,
    errno: Errno,
) {
    let call = |probe: &P, ctx: &Entry<'_>| {
        // SAFETY: the row was bound to the target's function.
        unsafe { probe.call(ctx) }
    };
    // SAFETY: the caller's promise.
    unsafe { run_entry_by::<P, THROUGH>(row, args, target, errno, call) };
}

/// As [`run_entry`], in another way than by the probe's own `call`: it gets the context of a call of the function
/// to which the row was bound.
///
/// # Safety
///
/// As [`run_entry`].
#[inline(always)]
pub(super) unsafe fn run_entry_by<P, const THROUGH: bool>(
    row: &Row,
    args: *mut Slot,
    target: &'static Target,
    errno: Errno,
    call: impl FnOnce(&P, &Entry<'_>),
) {
    let through = if THROUGH { row.through } else { 0 };
    // SAFETY: the caller's promise: the row's probe is a `P`, and its link is alive.
    let probe = unsafe { &*row.probe.cast::<P>() };
    let frame = Frame { target, args, ret: core::ptr::null_mut(), outcome: Outcome::Running };
    let ctx = Entry(Context::new(&frame, row, through));
    let call = || call(probe, &ctx);
    let run = || {
        // SAFETY: the row's link is alive.
        unsafe { guarded(row.link, call) };
    };
    // SAFETY: it is the calling thread's.
    unsafe { errno.keep(run) };
}
