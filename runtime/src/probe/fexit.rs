//! Exit probes.

use seq_macro::seq;

use crate::grace::{Errno, current, leave};
use crate::site::Slot;

use super::frame::{Frame, Outcome, Target, Whose};
use super::param::Asks;
use super::row::{END_SLOTS, ExitCode, Thunk};
use super::state::guarded;
use super::watched::{admits_at_once, watched};
use super::{
    AnyProbe, Context, Exit, Kind, Param, Probe, RetParam, Return, Returned, Row, returned_type,
};

/// A probe that runs after its function.
///
/// Implemented for closures `Fn(&Exit, T0, T1, ..)` and `Fn(&Exit, T0, T1, .., Return<R>)` of
/// up to twelve typed arguments, each by value and `Copy`, and by `#[fexit]`.
///
/// It is sealed: what its items are changes without notice, and only closures and the attributes implement it.
///
/// # Safety
///
/// `call` reads only arguments and the result that `params` and `ret` name, as they name them, and
/// `RET_IN_SLOT` is [`Slot::holds`] of the type that `ret` names.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a probe for `fexit`",
    label = "a probe is a closure `|ctx: &Exit, a: A, b: B, .., ret: Return<R>|`, or what `#[fexit]` made",
    note = "the context, then the first arguments by value (`Copy`), each with its type written, then, if wanted, the result; nothing is returned",
    note = "it is `Send + Sync + 'static`: a closure that captures says `move`"
)]
pub unsafe trait ExitProbe<M = ()>: Send + Sync + 'static {
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
    /// Whether the result that it asks for travels in a slot; `None` if it asks for none.
    const RET_IN_SLOT: Option<bool> = None;

    #[doc(hidden)]
    /// The arguments it asks for, from the first on.
    fn params() -> Vec<Param>;

    #[doc(hidden)]
    /// The result it asks for.
    fn ret() -> Option<RetParam>;

    #[doc(hidden)]
    /// Runs it.
    ///
    /// # Safety
    ///
    /// The context is of a function whose types were checked.
    unsafe fn call(&self, ctx: &Exit<'_>);
}

// SAFETY: it is the probe that the function returns.
unsafe impl<F, P> ExitProbe<Returned<P>> for F
where
    F: Fn() -> P + Send + Sync + 'static,
    P: Probe + ExitProbe,
{
    const RET_IN_SLOT: Option<bool> = P::RET_IN_SLOT;

    const SLEEPABLE: bool = P::SLEEPABLE;

    fn identity() -> core::any::TypeId {
        returned_type::<F, P>()
    }

    fn params() -> Vec<Param> {
        P::params()
    }

    fn ret() -> Option<RetParam> {
        P::ret()
    }

    #[inline(always)]
    unsafe fn call(&self, ctx: &Exit<'_>) {
        let probe = self();
        // SAFETY: the caller's promise.
        unsafe { probe.call(ctx) }
    }
}

macro_rules! closure {
    ($($t:ident $index:tt,)*) => {
        // SAFETY: `call` reads the very arguments that `params` names.
        unsafe impl<C, $($t,)*> ExitProbe<fn($($t),*)> for C
        where
            C: for<'c> Fn(&'c Exit<'c>, $($t),*) + Send + Sync + 'static,
            $($t: Copy + 'static,)*
        {
            fn params() -> Vec<Param> {
                vec![$(Param::static_value::<$t>()),*]
            }

            fn ret() -> Option<RetParam> {
                None
            }

            #[inline(always)]
            unsafe fn call(&self, ctx: &Exit<'_>) {
                self(
                    ctx,
                    $(
                        // SAFETY: `params` asks for it, by value.
                        unsafe { ctx.value::<$t>($index) },
                    )*
                );
            }
        }

        // SAFETY: `call` reads the very arguments and the result that `params` and `ret` name.
        unsafe impl<C, R, $($t,)*> ExitProbe<(fn($($t),*), fn(R))> for C
        where
            C: for<'c> Fn(&'c Exit<'c>, $($t,)* Return<'c, R>) + Send + Sync + 'static,
            R: 'static,
            $($t: Copy + 'static,)*
        {
            const RET_IN_SLOT: Option<bool> = Some(Slot::holds::<R>());

            fn params() -> Vec<Param> {
                vec![$(Param::static_value::<$t>()),*]
            }

            fn ret() -> Option<RetParam> {
                Some(RetParam::of_static::<R>())
            }

            #[inline(always)]
            unsafe fn call(&self, ctx: &Exit<'_>) {
                // SAFETY: `ret` asks for it.
                let returned = unsafe { ctx.returned::<R>() };
                self(
                    ctx,
                    $(
                        // SAFETY: `params` asks for it, by value.
                        unsafe { ctx.value::<$t>($index) },
                    )*
                    Return(returned),
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

/// An exit probe as a link keeps it.
pub(crate) struct AnyExit<P, M> {
    pub(crate) probe: P,
    /// The caller for this probe alone.
    pub(crate) specialised: fn(usize, u32) -> Option<*const ()>,
    pub(crate) closure: core::marker::PhantomData<fn(M)>,
}

impl<P: ExitProbe<M>, M: 'static> AnyProbe for AnyExit<P, M> {
    fn kind(&self) -> Kind {
        Kind::Fexit
    }

    fn is_sleepable(&self) -> bool {
        P::SLEEPABLE
    }

    fn probe_type(&self) -> core::any::TypeId {
        P::identity()
    }

    fn asks(&self) -> Asks {
        Asks { params: P::params(), ret: P::ret() }
    }

    fn thunk(&self, _: u32, is_watched: bool) -> Thunk {
        Thunk::Exit(if is_watched {
            // What ends calls asks nothing: only a call comes there that began when the link was not counted.
            const { &ExitCode { run: watched_thunk::<P, M>, end: end::<P, M> } }
        } else {
            const { &ExitCode { run: thunk::<P, M>, end: end::<P, M> } }
        })
    }

    fn specialised(&self, slots: usize, through: u32) -> Option<*const ()> {
        (self.specialised)(slots, through)
    }

    fn data(&self) -> *const () {
        core::ptr::from_ref(&self.probe).cast()
    }
}

/// # Safety
///
/// As [`ExitThunk`](super::row::ExitThunk); the row's probe is a `P`.
#[inline(always)]
unsafe fn thunk<P: ExitProbe<M>, M>(
    row: &Row,
    args: *mut Slot,
    whose: Whose,
    ret: *mut (),
    outcome: Outcome,
    errno: Errno,
) {
    // SAFETY: the caller's promise.
    let target = unsafe { whose.target() };
    // SAFETY: the caller's promise.
    unsafe { run_exit::<P, M, true>(row, args, target, ret, outcome, errno) };
}

/// As [`thunk`], where the link says: see [`watched`](super::watched).
///
/// # Safety
///
/// As there.
unsafe fn watched_thunk<P: ExitProbe<M>, M>(
    row: &Row,
    args: *mut Slot,
    whose: Whose,
    ret: *mut (),
    outcome: Outcome,
    errno: Errno,
) {
    // SAFETY: the caller's promise.
    match unsafe { admits_at_once(row) } {
        Some(false) => {}
        // SAFETY: the caller's promise.
        Some(true) => unsafe { thunk::<P, M>(row, args, whose, ret, outcome, errno) },
        // SAFETY: the caller's promise.
        None => unsafe { asking_thunk::<P, M>(row, args, whose, ret, outcome, errno) },
    }
}

/// # Safety
///
/// As [`thunk`].
#[cold]
#[inline(never)]
unsafe fn asking_thunk<P: ExitProbe<M>, M>(
    row: &Row,
    args: *mut Slot,
    whose: Whose,
    ret: *mut (),
    outcome: Outcome,
    errno: Errno,
) {
    // SAFETY: the caller's promise.
    let target = unsafe { whose.target() };
    let run = || {
        // SAFETY: the caller's promise.
        unsafe { run_exit::<P, M, true>(row, args, target, ret, outcome, errno) };
    };
    // SAFETY: the caller's promise.
    let _ = unsafe { watched(row, target.function, run) };
}

/// # Safety
///
/// As [`EndThunk`](super::row::EndThunk); the row's probe is a `P`.
unsafe extern "C" fn end<P: ExitProbe<M>, M>(
    mut ret: Slot,
    row: *const Row,
    whose: Whose,
    s0: Slot,
    s1: Slot,
    s2: Slot,
) -> Slot {
    let mut args: [Slot; END_SLOTS] = [s0, s1, s2];
    let (args, place) = (args.as_mut_ptr(), (&raw mut ret).cast());
    let thread = current();
    // SAFETY: the caller's promise: the mark holds it.
    let held = unsafe { &*row };
    // SAFETY: the caller's promise: the function has returned, and these are its slots and its result.
    unsafe { thunk::<P, M>(held, args, whose, place, Outcome::Returned, thread.errno()) };
    leave(thread, thread.outermost());
    ret
}

/// Runs the probe of a row, which is a `P`, and keeps `errno` from it. Unless `THROUGH`, what it asks for is in
/// the slots themselves.
///
/// # Safety
///
/// As [`ExitThunk`](super::row::ExitThunk); the row's probe is a `P`.
#[inline(always)]
pub(crate) unsafe fn run_exit<P: ExitProbe<M>, M, const THROUGH: bool>(
    row: &Row,
    args: *mut Slot,
    target: &'static Target,
    ret: *mut (),
    outcome: Outcome,
    errno: Errno,
) {
    let call = |probe: &P, ctx: &Exit<'_>| {
        // SAFETY: the row was bound to the target's function.
        unsafe { probe.call(ctx) }
    };
    // SAFETY: the caller's promise.
    unsafe { run_exit_by::<P, THROUGH>(row, args, target, ret, outcome, errno, call) };
}

/// As [`run_exit`], in another way than by the probe's own `call`: it gets the context of a call of the function
/// to which the row was bound.
///
/// # Safety
///
/// As [`run_exit`].
#[inline(always)]
pub(super) unsafe fn run_exit_by<P, const THROUGH: bool>(
    row: &Row,
    args: *mut Slot,
    target: &'static Target,
    ret: *mut (),
    outcome: Outcome,
    errno: Errno,
    call: impl FnOnce(&P, &Exit<'_>),
) {
    let through = if THROUGH { row.through } else { 0 };
    // SAFETY: the caller's promise: the row's probe is a `P`, and its link is alive.
    let probe = unsafe { &*row.probe.cast::<P>() };
    let frame = Frame { target, args, ret, outcome };
    let ctx = Exit(Context::new(&frame, row, through));
    let call = || call(probe, &ctx);
    let run = || {
        // SAFETY: the row's link is alive.
        unsafe { guarded(row.link, call) };
    };
    // SAFETY: it is the calling thread's.
    unsafe { errno.keep(run) };
}
