//! Sessions: what runs at entry leaves a value that what runs at exit of the same call takes.
//!
//! The values of a call lie in the frame of its caller, which says so in the thread's record while its probes
//! run: [`States::enter`] and [`States::leave`]. What nobody has taken when the call ends is dropped there.

use core::marker::PhantomData;
use core::mem::{MaybeUninit, align_of, size_of};
use core::sync::atomic::{AtomicU64, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};

use seq_macro::seq;

use crate::grace::{Errno, Thread, current};
use crate::site::Slot;

use super::state::discard;
use super::{Entry, EntryProbe, Exit, ExitProbe, Param, RetParam, Return};

/// The entry half of a session: returns the call's value, or `None` if its exit half is not to run.
///
/// Implemented for closures `Fn(&Entry, &T0, &T1, ..) -> Option<S>` of up to twelve typed arguments.
///
/// It is sealed: what its items are changes without notice, and only closures and the attributes implement it.
///
/// # Safety
///
/// `call` reads only arguments that `params` names, as `params` names them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the entry half of a session",
    label = "it is a closure `|ctx: &Entry, a: &A, b: &B, ..| -> Option<S>`",
    note = "the context, then the first arguments, each by reference and with its type written; it returns the call's value, or `None`",
    note = "it is `Send + Sync + 'static`: a closure that captures says `move`; and so is its value, but for `Sync`"
)]
pub unsafe trait SessionEntry<M>: Send + Sync + 'static {
    /// The value of a call.
    type State: Send + 'static;

    #[doc(hidden)]
    /// The arguments it asks for, from the first on.
    fn params() -> Vec<Param>;

    #[doc(hidden)]
    /// Runs it.
    ///
    /// # Safety
    ///
    /// The context is of a function whose arguments `params` was checked against.
    unsafe fn call(&self, ctx: &Entry<'_>) -> Option<Self::State>;
}

/// The exit half of a session whose calls have values of type `S`.
///
/// Implemented for closures `Fn(&Exit, S, T0, T1, ..)` and `Fn(&Exit, S, T0, T1, .., Return<R>)` of up to twelve
/// typed arguments, each by value and `Copy`.
///
/// It is sealed: what its items are changes without notice, and only closures and the attributes implement it.
///
/// # Safety
///
/// `call` reads only arguments and the result that `params` and `ret` name, as they name them, and `RET_IN_SLOT`
/// is [`Slot::holds`] of the type that `ret` names.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the exit half of a session whose value is `{S}`",
    label = "it is a closure `|ctx: &Exit, value: {S}, a: A, b: B, .., ret: Return<R>|`",
    note = "the context, the value that the entry half returned, then the first arguments by value (`Copy`), each with its type written, then, if wanted, the result; nothing is returned",
    note = "it is `Send + Sync + 'static`: a closure that captures says `move`"
)]
pub unsafe trait SessionExit<S, M>: Send + Sync + 'static {
    #[doc(hidden)]
    /// Whether the result that it asks for travels in a slot; `None` if it asks for none.
    const RET_IN_SLOT: Option<bool>;

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
    unsafe fn call(&self, ctx: &Exit<'_>, state: S);
}

macro_rules! closure {
    ($($t:ident $index:tt,)*) => {
        // SAFETY: `call` reads the very arguments that `params` names.
        unsafe impl<C, S, $($t,)*> SessionEntry<fn($(&$t),*) -> S> for C
        where
            C: for<'c> Fn(&'c Entry<'c>, $(&'c $t),*) -> Option<S> + Send + Sync + 'static,
            S: Send + 'static,
            $($t: ?Sized + 'static,)*
        {
            type State = S;

            fn params() -> Vec<Param> {
                vec![$(Param::static_shared::<$t>()),*]
            }

            #[inline(always)]
            unsafe fn call(&self, ctx: &Entry<'_>) -> Option<S> {
                self(
                    ctx,
                    $(
                        // SAFETY: `params` asks for it, by reference.
                        unsafe { ctx.shared::<$t>($index) },
                    )*
                )
            }
        }

        // SAFETY: `call` reads the very arguments that `params` names.
        unsafe impl<C, S, $($t,)*> SessionExit<S, fn($($t),*)> for C
        where
            C: for<'c> Fn(&'c Exit<'c>, S, $($t),*) + Send + Sync + 'static,
            $($t: Copy + 'static,)*
        {
            const RET_IN_SLOT: Option<bool> = None;

            fn params() -> Vec<Param> {
                vec![$(Param::static_value::<$t>()),*]
            }

            fn ret() -> Option<RetParam> {
                None
            }

            #[inline(always)]
            unsafe fn call(&self, ctx: &Exit<'_>, state: S) {
                self(
                    ctx,
                    state,
                    $(
                        // SAFETY: `params` asks for it, by value.
                        unsafe { ctx.value::<$t>($index) },
                    )*
                );
            }
        }

        // SAFETY: `call` reads the very arguments and the result that `params` and `ret` name.
        unsafe impl<C, S, R, $($t,)*> SessionExit<S, (fn($($t),*), fn(R))> for C
        where
            C: for<'c> Fn(&'c Exit<'c>, S, $($t,)* Return<'c, R>) + Send + Sync + 'static,
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
            unsafe fn call(&self, ctx: &Exit<'_>, state: S) {
                // SAFETY: `ret` asks for it.
                let returned = unsafe { ctx.returned::<R>() };
                self(
                    ctx,
                    state,
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

/// Which session a value is of.
#[derive(Debug)]
pub(crate) struct Session<S> {
    number: u64,
    state: PhantomData<fn(S) -> S>,
}

impl<S> Session<S> {
    #[inline(always)]
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

/// The two halves of a session, as probes of one link.
pub(crate) fn halves<EM, E, XM, X>(
    entry: E,
    exit: X,
) -> (EntryHalf<E, E::State>, ExitHalf<X, E::State>)
where
    E: SessionEntry<EM>,
    X: SessionExit<E::State, XM>,
{
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let session = |number| Session { number, state: PhantomData };
    let entry = EntryHalf { half: entry, session: session(number) };
    (entry, ExitHalf { half: exit, session: session(number) })
}

/// Tells the halves of sessions from other probes.
pub(crate) struct HalfOf<M>(PhantomData<M>);

pub(crate) struct EntryHalf<E, S> {
    pub(super) half: E,
    pub(super) session: Session<S>,
}

pub(crate) struct ExitHalf<X, S> {
    pub(super) half: X,
    pub(super) session: Session<S>,
}

// SAFETY: it reads what its half reads.
unsafe impl<M: 'static, E: SessionEntry<M>> EntryProbe<HalfOf<M>> for EntryHalf<E, E::State> {
    fn params() -> Vec<Param> {
        E::params()
    }

    #[inline(always)]
    unsafe fn call(&self, ctx: &Entry<'_>) {
        // SAFETY: the caller's promise.
        let state = unsafe { self.half.call(ctx) };
        if let Some(state) = state {
            States::keep(&self.session, state);
        }
    }
}

// SAFETY: it reads what its half reads.
unsafe impl<S, M, X> ExitProbe<HalfOf<M>> for ExitHalf<X, S>
where
    S: Send + 'static,
    M: 'static,
    X: SessionExit<S, M>,
{
    const RET_IN_SLOT: Option<bool> = X::RET_IN_SLOT;

    fn params() -> Vec<Param> {
        X::params()
    }

    fn ret() -> Option<RetParam> {
        X::ret()
    }

    #[inline(always)]
    unsafe fn call(&self, ctx: &Exit<'_>) {
        if let Some(state) = States::take(&self.session) {
            // SAFETY: the caller's promise.
            unsafe { self.half.call(ctx, state) };
        }
    }
}

/// A value of at most this size, and of no larger alignment than a word, lies in the frame; others lie on the
/// heap.
const INLINE: usize = size_of::<Room>();

type Room = MaybeUninit<[usize; 4]>;

pub(crate) const fn is_inline<S>() -> bool {
    size_of::<S>() <= INLINE && align_of::<S>() <= align_of::<Room>()
}

/// A place for one value. The value is made and read where it is: one that is moved in pieces of another size than
/// it was stored in has to reach the cache first.
struct Place {
    /// Of which session the value is; 0 if there is none.
    number: u64,
    /// The value, or its address.
    room: Room,
    drop: unsafe fn(&mut Room),
}

impl Place {
    #[inline(always)]
    const fn empty() -> Self {
        Self { number: 0, room: Room::uninit(), drop: |_| () }
    }

    /// Puts a value of the session of this number into an empty place.
    #[inline(always)]
    fn fill<S: Send + 'static>(&mut self, session: u64, value: S) {
        debug_assert_eq!(self.number, 0, "it would be lost");
        if is_inline::<S>() {
            // SAFETY: there is room for one.
            unsafe { self.room.as_mut_ptr().cast::<S>().write(value) };
        } else {
            let boxed = Box::into_raw(Box::new(value));
            // SAFETY: there is room for an address.
            unsafe { self.room.as_mut_ptr().cast::<*mut S>().write(boxed) };
        }
        self.drop = |room| {
            // SAFETY: the promise of whoever calls it: the value is there, and nobody uses it afterwards.
            drop(unsafe { read::<S>(room) });
        };
        self.number = session;
    }

    /// Takes the value, if it is of this session.
    #[inline(always)]
    fn take<S: Send + 'static>(&mut self, session: &Session<S>) -> Option<S> {
        if self.number != session.number {
            return None;
        }
        self.number = 0;
        // SAFETY: a session of this number has values of this type alone, and nobody reads it again.
        Some(unsafe { read::<S>(&mut self.room) })
    }

    #[cold]
    #[inline(never)]
    fn drop_value(&mut self) {
        // SAFETY: the value is there, and nobody uses it afterwards.
        drop_last(|| unsafe { (self.drop)(&mut self.room) });
    }
}

/// Drops a value that nobody has taken. Neither a panic of it nor its `errno` comes out of the traced call.
pub(super) fn drop_last(drop: impl FnOnce()) {
    let caught = || catch_unwind(AssertUnwindSafe(drop)).map_err(discard);
    // SAFETY: it is the calling thread's.
    let _ = unsafe { Errno::of_this_thread().keep(caught) };
}

/// # Safety
///
/// There is a value of this type, which nobody reads again.
#[inline(always)]
unsafe fn read<S>(room: &mut Room) -> S {
    if is_inline::<S>() {
        // SAFETY: the caller's promise.
        return unsafe { room.as_mut_ptr().cast::<S>().read() };
    }
    // SAFETY: the caller's promise.
    let boxed = unsafe { room.as_mut_ptr().cast::<*mut S>().read() };
    // SAFETY: it was a box.
    *unsafe { Box::from_raw(boxed) }
}

impl Drop for Place {
    #[inline(always)]
    fn drop(&mut self) {
        if self.number != 0 {
            self.drop_value();
        }
    }
}

/// Where the values are of the call around this one, in which a probe has called a function.
pub(crate) struct Outer(*mut ());

/// The values of one call.
pub(crate) struct States {
    first: Place,
    /// Of further sessions at the same function.
    more: Vec<Place>,
}

impl Default for States {
    #[inline(always)]
    fn default() -> Self {
        Self { first: Place::empty(), more: Vec::new() }
    }
}

impl States {
    /// With the value of the session of this number, if there is one.
    pub(super) fn of<S: Send + 'static>(session: u64, value: Option<S>) -> Self {
        let mut states = Self::default();
        if let Some(value) = value {
            states.first.fill(session, value);
        }
        states
    }

    /// From here to [`States::leave`] the probes that run on this thread, whose record it is, find these values, if
    /// there are any.
    ///
    /// Nothing may unwind meanwhile: a probe does not.
    #[inline(always)]
    pub(crate) fn enter(states: Option<&mut Self>, thread: &Thread) -> Option<Outer> {
        let states = core::ptr::from_mut(states?);
        Some(Outer(thread.swap_states(states.cast())))
    }

    /// See [`States::enter`].
    #[inline(always)]
    pub(crate) fn leave(outer: Option<Outer>, thread: &Thread) {
        if let Some(Outer(outer)) = outer {
            thread.swap_states(outer);
        }
    }

    /// The values of the call whose probes this thread is running; `None` if its caller keeps none.
    ///
    /// # Safety
    ///
    /// Nothing of a user's, which could come here again, runs while they are used.
    #[inline(always)]
    unsafe fn current<'s>() -> Option<&'s mut Self> {
        let states = current().states().cast::<Self>();
        // SAFETY: this very thread has set it, and whose they are leaves them alone until `leave`; nobody else has
        // them now, the caller promises.
        unsafe { states.as_mut() }
    }

    #[inline(always)]
    fn keep<S: Send + 'static>(session: &Session<S>, value: S) {
        // SAFETY: storing a value runs nothing of a user's.
        match unsafe { Self::current() } {
            Some(states) if states.first.number == 0 => states.first.fill(session.number, value),
            Some(states) => states.keep_more(session, value),
            // Without a place to keep it, it is dropped.
            None => drop(value),
        }
    }

    #[cold]
    #[inline(never)]
    fn keep_more<S: Send + 'static>(&mut self, session: &Session<S>, value: S) {
        self.more.push(Place::empty());
        if let Some(place) = self.more.last_mut() {
            place.fill(session.number, value);
        }
    }

    #[inline(always)]
    fn take<S: Send + 'static>(session: &Session<S>) -> Option<S> {
        // SAFETY: reading a value runs nothing of a user's.
        let states = unsafe { Self::current() }?;
        let first = states.first.take(session);
        if first.is_some() || states.more.is_empty() {
            return first;
        }
        states.more.iter_mut().find_map(|place| place.take(session))
    }
}
