//! Modify-return probes.

use core::ops::ControlFlow;

use seq_macro::seq;

use crate::grace::Errno;
use crate::site::Slot;

use super::answer::{Answer, AsValue};
use super::frame::Whose;
use super::param::Asks;
use super::row::{At, Thunk, Unused};
use super::state::guarded;
use super::watched::{admits_at_once, watched};
use super::{
    AnyProbe, Context, Frame, Kind, ModRet, Outcome, Param, Probe, RetParam, Returned, Row, Target,
    returned_type,
};

/// A probe that runs before its function and may decide the result in its place.
///
/// Implemented for closures `Fn(&ModRet, &T0, &T1, ..) -> ControlFlow<R>` of up to twelve
/// typed arguments, each by shared reference, and by `#[fmod_ret]`.
///
/// It is sealed: what its items are changes without notice, and only closures and the attributes implement it.
///
/// # Safety
///
/// `call` reads only arguments that `params` names, as `params` names them, and `ret` describes
/// `Ret`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a probe for `fmod_ret`",
    label = "a probe is a closure `|ctx: &ModRet, a: &A, b: &B, ..| -> ControlFlow<R>`, or what `#[fmod_ret]` made",
    note = "the context, then the first arguments, each by reference and with its type written; `Break(value)` answers in the place of the function",
    note = "it is `Send + Sync + 'static`: a closure that captures says `move`"
)]
pub unsafe trait ModRetProbe<M = ()>: Send + Sync + 'static {
    /// What the function returns.
    type Ret: 'static;

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
    /// The result it decides.
    #[must_use]
    fn ret() -> RetParam {
        RetParam::of_static::<Self::Ret>()
    }

    #[doc(hidden)]
    /// Runs it. `Break` is the function's result; `Continue` leaves the decision to others.
    ///
    /// # Safety
    ///
    /// The context is of a function whose types were checked.
    unsafe fn call(&self, ctx: &ModRet<'_>) -> ControlFlow<Self::Ret>;
}

// SAFETY: it is the probe that the function returns.
unsafe impl<F, P> ModRetProbe<Returned<P>> for F
where
    F: Fn() -> P + Send + Sync + 'static,
    P: Probe + ModRetProbe,
{
    type Ret = P::Ret;

    const SLEEPABLE: bool = P::SLEEPABLE;

    fn identity() -> core::any::TypeId {
        returned_type::<F, P>()
    }

    fn params() -> Vec<Param> {
        P::params()
    }

    fn ret() -> RetParam {
        P::ret()
    }

    #[inline(always)]
    unsafe fn call(&self, ctx: &ModRet<'_>) -> ControlFlow<P::Ret> {
        let probe = self();
        // SAFETY: the caller's promise.
        unsafe { probe.call(ctx) }
    }
}

macro_rules! closure {
    ($($t:ident $index:tt,)*) => {
        // SAFETY: `call` reads the very arguments that `params` names, and `ret` is the default.
        unsafe impl<C, R, $($t,)*> ModRetProbe<fn($(&$t),*) -> R> for C
        where
            C: for<'c> Fn(&'c ModRet<'c>, $(&'c $t),*) -> ControlFlow<R> + Send + Sync + 'static,
            R: 'static,
            $($t: ?Sized + 'static,)*
        {
            type Ret = R;

            fn params() -> Vec<Param> {
                vec![$(Param::static_shared::<$t>()),*]
            }

            #[inline(always)]
            unsafe fn call(&self, ctx: &ModRet<'_>) -> ControlFlow<R> {
                self(
                    ctx,
                    $(
                        // SAFETY: `params` asks for it, by reference.
                        unsafe { ctx.shared::<$t>($index) },
                    )*
                )
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

/// A modify-return probe as a link keeps it.
pub(crate) struct AnyModRet<P, M, A> {
    pub(crate) probe: P,
    /// The caller for this probe alone.
    pub(crate) specialised: fn(usize, u32) -> Option<*const ()>,
    /// What closure it is, and how it answers.
    pub(crate) how: core::marker::PhantomData<fn(M, A)>,
}

impl<P: ModRetProbe<M>, M: 'static, A: Answer<P::Ret>> AnyProbe for AnyModRet<P, M, A> {
    fn kind(&self) -> Kind {
        Kind::FmodRet
    }

    fn is_sleepable(&self) -> bool {
        P::SLEEPABLE
    }

    fn probe_type(&self) -> core::any::TypeId {
        P::identity()
    }

    fn asks(&self) -> Asks {
        Asks { params: P::params(), ret: Some(A::result(P::ret())) }
    }

    fn is_for_futures(&self) -> bool {
        A::IS_AWAITED
    }

    fn thunk(&self, _: u32, is_watched: bool) -> Thunk {
        Thunk::ModRet(if is_watched { watched_thunk::<P, M, A> } else { thunk::<P, M, A> })
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
/// As [`ModRetThunk`](super::row::ModRetThunk); the row's probe is a `P`.
unsafe extern "C" fn thunk<P: ModRetProbe<M>, M, A: Answer<P::Ret>>(
    at: At,
    args: *mut Slot,
    errno: Errno,
    ret: *mut (),
    _: Unused,
    whose: Whose,
) -> Outcome {
    // SAFETY: the caller's promise: a mark that names the row holds its list.
    let row = unsafe { at.row() };
    // SAFETY: the caller's promise.
    let target = unsafe { whose.target() };
    // SAFETY: the caller's promise.
    unsafe { run_deciding::<P, M, A, true>(row, args, target, ret, errno) }
}

/// As [`thunk`], where the link says: see [`watched`](super::watched).
///
/// # Safety
///
/// As there.
unsafe extern "C" fn watched_thunk<P: ModRetProbe<M>, M, A: Answer<P::Ret>>(
    at: At,
    args: *mut Slot,
    errno: Errno,
    ret: *mut (),
    unused: Unused,
    whose: Whose,
) -> Outcome {
    // SAFETY: the caller's promise: a mark that names the row holds its list.
    let row = unsafe { at.row() };
    // SAFETY: the caller's promise.
    match unsafe { admits_at_once(row) } {
        Some(false) => Outcome::Running,
        // SAFETY: the caller's promise.
        Some(true) => unsafe { thunk::<P, M, A>(at, args, errno, ret, unused, whose) },
        // SAFETY: the caller's promise.
        None => unsafe { asking_thunk::<P, M, A>(at, args, errno, ret, unused, whose) },
    }
}

/// # Safety
///
/// As [`thunk`].
#[cold]
#[inline(never)]
unsafe extern "C" fn asking_thunk<P: ModRetProbe<M>, M, A: Answer<P::Ret>>(
    at: At,
    args: *mut Slot,
    errno: Errno,
    ret: *mut (),
    _: Unused,
    whose: Whose,
) -> Outcome {
    // SAFETY: the caller's promise: a mark that names the row holds its list.
    let row = unsafe { at.row() };
    // SAFETY: the caller's promise.
    let target = unsafe { whose.target() };
    let run = || {
        // SAFETY: the caller's promise.
        unsafe { run_deciding::<P, M, A, true>(row, args, target, ret, errno) }
    };
    // SAFETY: the caller's promise.
    unsafe { watched(row, target.function, run) }.unwrap_or(Outcome::Running)
}

/// Runs the probe of a row, which is a `P` that answers with values, and keeps `errno` from it. Unless `THROUGH`,
/// what it asks for is in the slots themselves.
///
/// # Safety
///
/// As [`ModRetThunk`](super::row::ModRetThunk); the row's probe is a `P`.
#[inline(always)]
pub(crate) unsafe fn run_mod_ret<P: ModRetProbe<M>, M, const THROUGH: bool>(
    row: &Row,
    args: *mut Slot,
    target: &'static Target,
    ret: *mut (),
    errno: Errno,
) -> Outcome {
    // SAFETY: the caller's promise.
    unsafe { run_deciding::<P, M, AsValue, THROUGH>(row, args, target, ret, errno) }
}

/// As [`run_mod_ret`], of a probe that answers thus.
///
/// # Safety
///
/// As there.
#[inline(always)]
unsafe fn run_deciding<P: ModRetProbe<M>, M, A: Answer<P::Ret>, const THROUGH: bool>(
    row: &Row,
    args: *mut Slot,
    target: &'static Target,
    ret: *mut (),
    errno: Errno,
) -> Outcome {
    let through = if THROUGH { row.through } else { 0 };
    // SAFETY: the caller's promise: the row's probe is a `P`, and its link is alive.
    let probe = unsafe { &*row.probe.cast::<P>() };
    let frame = Frame { target, args, ret, outcome: Outcome::Running };
    let ctx = ModRet(Context::new(&frame, row, through));
    let call = || {
        // SAFETY: the row was bound to the target's function.
        unsafe { probe.call(&ctx) }
    };
    let run = || {
        // SAFETY: the row's link is alive.
        let decided = unsafe { guarded(row.link, call) };
        if let Some(ControlFlow::Break(value)) = decided {
            // SAFETY: `ret` has room for the function's result, whose type was checked, and nothing is there yet.
            return unsafe { A::give(value, args, ret) };
        }
        Outcome::Running
    };
    // SAFETY: it is the calling thread's.
    unsafe { errno.keep(run) }
}
