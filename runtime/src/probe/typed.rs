//! Arguments and results whose types were checked once, for probes that read them in every call.

use core::marker::PhantomData;

use crate::error::Error;
use crate::site::Function;

use super::context::{ArgumentKey, Entry, Exit, ModRet, check_ret, check_shared};

/// An argument of one function that is a `T`, a `&T` or a `&mut T`: [`Function::typed_argument`].
///
/// A probe that is bound to functions by a text, and not by types, finds it once and reads it in every call.
pub struct TypedArgument<T: ?Sized> {
    function: &'static Function,
    index: usize,
    through: bool,
    of: PhantomData<fn() -> *const T>,
}

/// The result of one function, which is an `R`: [`Function::typed_return`].
pub struct TypedReturn<R> {
    function: &'static Function,
    of: PhantomData<fn() -> R>,
}

macro_rules! plain_data {
    ($($name:ident<$of:ident $(: ?$sized:ident)?>)*) => { $(
        impl<$of $(: ?$sized)?> Clone for $name<$of> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$of $(: ?$sized)?> Copy for $name<$of> {}

        impl<$of $(: ?$sized)?> core::fmt::Debug for $name<$of> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("function", &self.function.instance())
                    .finish_non_exhaustive()
            }
        }
    )* };
}

plain_data!(TypedArgument<T: ?Sized> TypedReturn<R>);

impl Function {
    /// The argument at a place (from 0) or of a name, to be read by [`Entry::read`].
    ///
    /// # Errors
    ///
    /// As [`Entry::arg`].
    ///
    /// ```
    /// # use gtramp::{Entry, Selector, traceable};
    /// #[traceable]
    /// fn toll(account: &str, amount: u64) -> u64 {
    ///     amount / 100 + account.len() as u64
    /// }
    ///
    /// # toll("", 1);
    /// let amount = Selector::from("**::toll").resolve()?[0].typed_argument::<u64>("amount")?;
    /// let link = gtramp::fentry("**::toll", move |ctx: &Entry| {
    ///     assert_eq!(ctx.read(&amount), Some(&700));
    /// })?;
    /// toll("ann", 700);
    /// # assert_eq!(link.info().panic, None);
    /// # Ok::<(), gtramp::Error>(())
    /// ```
    pub fn typed_argument<T: ?Sized + 'static>(
        &'static self,
        which: impl ArgumentKey,
    ) -> Result<TypedArgument<T>, Error> {
        let (index, through) = check_shared::<T>(which, self)?;
        Ok(TypedArgument { function: self, index, through, of: PhantomData })
    }

    /// The result, to be read by [`Exit::read`].
    ///
    /// # Errors
    ///
    /// As [`Exit::ret`].
    pub fn typed_return<R: 'static>(&'static self) -> Result<TypedReturn<R>, Error> {
        check_ret::<R>(self)?;
        Ok(TypedReturn { function: self, of: PhantomData })
    }
}

macro_rules! read_argument {
    ($($name:ident)*) => { $(
        impl $name<'_> {
            /// An argument whose type was checked before; `None` if it is one of another function.
            #[inline]
            #[must_use]
            pub fn read<T: ?Sized + 'static>(&self, argument: &TypedArgument<T>) -> Option<&T> {
                if !core::ptr::eq(argument.function, self.function()) {
                    return None;
                }
                // SAFETY: it was made by a check of this function, which has a `T` there, and how to get at it.
                Some(unsafe { self.shared_as(argument.index, argument.through) })
            }
        }
    )* };
}

read_argument!(Entry ModRet);

impl Exit<'_> {
    /// A result whose type was checked before; `None` if the call unwound or was cancelled, or is one of another
    /// function.
    #[inline]
    #[must_use]
    pub fn read<R: 'static>(&self, result: &TypedReturn<R>) -> Option<&R> {
        if !core::ptr::eq(result.function, self.function()) {
            return None;
        }
        // SAFETY: it was made by a check of this function, which returns an `R`.
        unsafe { self.returned() }
    }
}
