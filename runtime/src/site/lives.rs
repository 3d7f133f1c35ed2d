//! What the futures of an async function have in common.
//!
//! A call of an async function only makes a future, and its body runs when that is polled. So there is a switch
//! in front of each poll, in the code of whoever polls it; and until the first poll, the future keeps the
//! arguments as they came, because entry probes look at them then.

use core::future::Future;
use core::marker::PhantomData;

use super::Slot;

/// The futures of one async function.
///
/// # Safety
///
/// `slots` and `restore` treat the arguments as they say, and what `switch` returns is the stub of a site whose
/// function has these arguments and the output of this future.
pub unsafe trait Lives {
    /// The arguments.
    type Args;
    /// Their slots, and one for the address of a result.
    type Slots: AsMut<[Slot]>;
    /// What holds the body.
    type Future: Future;

    /// The switch of this poll: the stub of its site while it is armed, else null.
    fn switch() -> *const ();

    /// Makes what holds the body. Nothing of a user's runs.
    fn make(args: Self::Args) -> Self::Future;

    /// The slots of the arguments at this place; the last is left empty.
    ///
    /// # Safety
    ///
    /// There are arguments, or what were some, for as long as the slots are used.
    unsafe fn slots(args: *mut Self::Args) -> Self::Slots;

    /// Puts those that travelled in their slots back: a probe may have changed what can be changed through a
    /// shared reference.
    ///
    /// # Safety
    ///
    /// The slots were made of the arguments at this place.
    unsafe fn restore(args: *mut Self::Args, slots: &Self::Slots);
}

/// The arguments of a call of an async function, whose future nobody has polled yet.
#[derive(Debug)]
pub struct Unpolled<L: Lives> {
    pub(crate) args: L::Args,
}

/// The futures of a function for which no stubs are generated. The compiler says why.
#[derive(Debug)]
pub struct Refused<A, U>(PhantomData<fn(A) -> U>);

// SAFETY: there is no switch, so nobody asks for slots.
unsafe impl<A, U: Future> Lives for Refused<A, U> {
    type Args = A;
    type Slots = [Slot; 1];
    type Future = U;

    fn switch() -> *const () {
        core::ptr::null()
    }

    fn make(_: A) -> U {
        unreachable!("the function is refused")
    }

    unsafe fn slots(_: *mut A) -> [Slot; 1] {
        [Slot::uninit()]
    }

    unsafe fn restore(_: *mut A, _: &[Slot; 1]) {}
}

/// The body of a stub that nobody enters: the switches of polls lead elsewhere.
#[cold]
pub(super) fn never_entered() -> ! {
    unreachable!("the stub of an async function is not called")
}

/// What a function gives, by the type of pointers to it: so a `!` is written where it may not stand.
pub trait Gives {
    /// What it gives.
    type Output;
}

impl<R> Gives for fn() -> R {
    type Output = R;
}
