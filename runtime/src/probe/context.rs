//! What a probe is handed: the call, seen from its place in it.

use core::any::TypeId;
use core::marker::PhantomData;
use core::ops::Deref;

use crate::error::Error;
use crate::site::{Function, Slot, erased_id_of};

use super::frame::{Frame, Outcome, Target};
use super::misfit::Asked;
use super::{LifeInfo, Misfit, Param, RetParam, Row};

/// What every kind of probe can ask about the call.
///
/// The contexts of the kinds, [`Entry`], [`ModRet`] and [`Exit`], dereference to it. It is
/// bound to the thread and to the run of the probe.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    frame: &'c Frame,
    row: &'c Row,
    /// [`Row::through`], which a caller made for the row may know without looking.
    through: u32,
    /// Arguments may be of types that are neither `Send` nor `Sync`.
    thread_bound: PhantomData<*const ()>,
}

impl<'c> Context<'c> {
    #[inline(always)]
    pub(super) fn new(frame: &'c Frame, row: &'c Row, through: u32) -> Self {
        Self { frame, row, through, thread_bound: PhantomData }
    }

    #[inline(always)]
    fn target(&self) -> &'static Target {
        self.frame.target
    }

    /// The function that was called.
    #[inline]
    #[must_use]
    pub fn function(&self) -> &'static Function {
        self.target().function
    }

    /// The address of the entry that was called.
    #[inline]
    #[must_use]
    pub fn address(&self) -> usize {
        self.target().address
    }

    /// The cookie this attachment gave the function; 0 if it gave none.
    #[inline]
    #[must_use]
    pub fn cookie(&self) -> u64 {
        self.row.cookie
    }

    /// What is known of the future that this call of an async function is; `None` for a call of any other.
    #[inline]
    #[must_use]
    pub fn life(&self) -> Option<&LifeInfo> {
        LifeInfo::of(self.frame.args)
    }

    /// How many arguments the function takes.
    #[inline]
    #[must_use]
    pub fn argument_count(&self) -> usize {
        self.function().argument_count()
    }

    #[inline(always)]
    pub(super) fn slot(&self, index: usize) -> *const Slot {
        self.frame.args.wrapping_add(index)
    }

    #[inline(always)]
    pub(super) fn is_through(&self, index: usize) -> bool {
        self.through >> index & 1 == 1
    }

    #[inline(always)]
    pub(super) fn frame(&self) -> &'c Frame {
        self.frame
    }
}

/// Which argument is meant: its place from 0, or its name; that of a receiver is `self`.
pub trait ArgumentKey: Copy + private::Sealed {
    #[doc(hidden)]
    fn find(self, function: &Function) -> Option<usize>;

    /// There is none.
    #[doc(hidden)]
    fn missing(self, function: &'static Function) -> Error;
}

/// Checks one parameter that a probe asks for while it runs; where it is, and whether it goes through the slot.
///
/// `may_be` tells what cannot fit by one identity of a type, so that a probe may try several.
fn check(
    which: impl ArgumentKey,
    function: &'static Function,
    param: fn() -> Param,
    may_be: impl FnOnce(TypeId) -> bool,
) -> Result<(usize, bool), Error> {
    let Some(index) = which.find(function) else {
        return Err(which.missing(function));
    };
    let found = (function.description().types.args[index].erased)();
    if may_be(found)
        && let Some(through) = param().fit(index, function)
    {
        return Ok((index, through));
    }
    Err(Error::TypeMismatch(Misfit::new(function, Some(index), Asked::Param(param))))
}

/// [`check`] of an argument that is a `T`, a `&T` or a `&mut T`.
pub(super) fn check_shared<T: ?Sized + 'static>(
    which: impl ArgumentKey,
    function: &'static Function,
) -> Result<(usize, bool), Error> {
    let may_be = |found| {
        found == erased_id_of::<T>()
            || found == erased_id_of::<&T>()
            || found == erased_id_of::<&mut T>()
    };
    check(which, function, Param::static_shared::<T>, may_be)
}

/// Checks that the result is an `R`.
pub(super) fn check_ret<R: 'static>(function: &'static Function) -> Result<(), Error> {
    if RetParam::of_static::<R>().fits(function) {
        return Ok(());
    }
    let asked = Asked::Ret(RetParam::of_static::<R>);
    Err(Error::TypeMismatch(Misfit::new(function, None, asked)))
}

mod private {
    pub trait Sealed {}
    impl Sealed for usize {}
    impl Sealed for &str {}
}

impl ArgumentKey for usize {
    fn find(self, function: &Function) -> Option<usize> {
        Some(self).filter(|&index| index < function.argument_count())
    }

    fn missing(self, function: &'static Function) -> Error {
        let count = function.argument_count();
        Error::MissingArgument { function: function.instance(), asked: self + 1, count }
    }
}

impl ArgumentKey for &str {
    fn find(self, function: &Function) -> Option<usize> {
        function.position(self)
    }

    fn missing(self, function: &'static Function) -> Error {
        let names = function.arguments().map(|argument| argument.name()).collect();
        Error::NoSuchArgument { function: function.instance(), name: self.to_owned(), names }
    }
}

impl core::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Context")
            .field("function", &self.function().instance())
            .field("cookie", &self.cookie())
            .finish_non_exhaustive()
    }
}

macro_rules! context {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'c>(pub(super) Context<'c>);

        impl<'c> Deref for $name<'c> {
            type Target = Context<'c>;

            #[inline(always)]
            fn deref(&self) -> &Context<'c> {
                &self.0
            }
        }
    };
}

context! {
    /// What an entry probe is handed: the function is about to run.
    Entry
}

context! {
    /// What a modify-return probe is handed: the function is about to run, unless it is overridden.
    ModRet
}

context! {
    /// What an exit probe is handed: the function has returned, was skipped, or unwinds.
    Exit
}

macro_rules! argument_by_reference {
    ($name:ident) => {
        impl $name<'_> {
            /// The argument at a place (from 0) or of a name, which must be a `T`, a `&T` or a `&mut T`.
            ///
            /// # Errors
            ///
            /// [`Error::TypeMismatch`] if it is something else, or has lifetimes that `T`
            /// does not grant; [`Error::MissingArgument`] if there is none at that place, and
            /// [`Error::NoSuchArgument`] if there is none of that name.
            ///
            /// ```
            /// # use gtramp::Entry;
            /// fn log(ctx: &Entry) {
            ///     if let (Ok(name), Ok(amount)) = (ctx.arg::<str>(0), ctx.arg::<u64>("amount")) {
            ///         println!("{} of {name}: {amount}", ctx.function().name());
            ///     }
            /// }
            /// ```
            pub fn arg<T: ?Sized + 'static>(&self, which: impl ArgumentKey) -> Result<&T, Error> {
                let (index, through) = check_shared::<T>(which, self.function())?;
                // SAFETY: the check has just found a `T` there, and how to get at it.
                Ok(unsafe { self.shared_as(index, through) })
            }
        }
    };
}

argument_by_reference!(Entry);
argument_by_reference!(ModRet);

impl Exit<'_> {
    /// Whether a panic is passing through the function, so that there is no result.
    #[inline]
    #[must_use]
    pub fn unwound(&self) -> bool {
        self.frame().outcome == Outcome::Unwound
    }

    /// Whether the future of an async function was dropped before its end, so that there is no result. How many
    /// polls it had says [`Context::life`]: none, if nobody has polled it.
    #[inline]
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.frame().outcome == Outcome::Cancelled
    }

    /// Whether a modify-return probe decided the result, so that the function did not run.
    #[inline]
    #[must_use]
    pub fn origin_skipped(&self) -> bool {
        self.frame().outcome == Outcome::Skipped
    }

    /// A copy of the argument at a place (from 0) or of a name, which must be a `T`.
    ///
    /// The function has taken its arguments, so only what is `Copy` and borrows nothing can
    /// still be read.
    ///
    /// # Errors
    ///
    /// As [`Entry::arg`].
    pub fn arg<T: Copy + 'static>(&self, which: impl ArgumentKey) -> Result<T, Error> {
        let may_be = |found| found == erased_id_of::<T>();
        let (index, _) = check(which, self.function(), Param::static_value::<T>, may_be)?;
        // SAFETY: the check has just found a `T` there, and it is `Copy`.
        Ok(unsafe { self.value(index) })
    }

    /// The result, which must be an `R`; `None` if the call unwound or was cancelled.
    ///
    /// # Errors
    ///
    /// [`Error::TypeMismatch`] if the function returns something else, or something that
    /// borrows.
    pub fn ret<R: 'static>(&self) -> Result<Option<&R>, Error> {
        check_ret::<R>(self.function())?;
        // SAFETY: the check has just found that the function returns an `R`.
        Ok(unsafe { self.returned() })
    }
}

/// The result of a call, as the last parameter of an exit probe that is a closure.
#[derive(Debug)]
pub struct Return<'c, R>(pub(super) Option<&'c R>);

impl<'c, R> Return<'c, R> {
    /// The result; `None` if the call unwound or was cancelled.
    #[inline]
    #[must_use]
    pub fn get(&self) -> Option<&'c R> {
        self.0
    }
}
