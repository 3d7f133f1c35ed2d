//! What can be shown of a function's arguments and of its result, as the compiler knows it where their types are
//! concrete.
//!
//! The expansion of `#[traceable]` asks for each value `value.__gtramp_shown()`, where `value` is an [`Of`] its type.
//! A method is looked for first where the value's own type has it, and there it is only if the type is `Copy` and
//! has [`Fields`]; then in what that dereferences to, and so on:
//!
//! ```text
//! Of<T>        T: Fields + Copy   it and its members can be shown at any time of the call
//! OfFields<T>  T: Fields          ..until the function has taken it
//! OfCopy<T>    T: Debug + Copy    it can be shown at any time of the call
//! OfMoved<T>   T: Debug           ..until the function has taken it
//! OfAny                           it cannot be shown
//! ```
//!
//! The types come from the compiler: those of the very arguments that the switch is handed.

use core::any::TypeId;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;

use super::{FieldsFn, HasFields, ShowFn, erased_id_of};

/// Says which variant the value at an address is.
///
/// Contract: as of [`ShowFn`].
pub(crate) type VariantFn = unsafe fn(*const ()) -> Variant;

/// Which variant a `Result` or an `Option` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// `Ok(..)`
    Ok,
    /// `Err(..)`
    Err,
    /// `Some(..)`
    Some,
    /// `None`
    None,
}

/// What can be shown of one value.
#[derive(Clone, Copy)]
pub struct Shown(&'static Shows);

/// What is behind [`Shown`], a constant of the type.
#[derive(Clone, Copy)]
pub(crate) enum Shows {
    /// Nothing is known of it.
    Nothing,
    /// It is not to be shown.
    Redacted,
    /// What has `Debug`.
    Debug {
        show: ShowFn,
        /// For what is `Copy`: identity of `fn(T)` for a `T` without lifetimes of its own.
        copied: Option<fn() -> TypeId>,
        /// For what has members.
        fields: Option<FieldsFn>,
    },
    /// Of a result: which variant it is.
    Variant(VariantFn),
}

impl Shown {
    /// Nothing is known of it.
    pub const UNKNOWN: Self = Self(&Shows::Nothing);
    /// It must not be shown.
    pub const REDACTED: Self = Self(&Shows::Redacted);
    /// It is `()`.
    pub const UNIT: Self = Self(&Shows::Debug { show: show::<()>, copied: None, fields: None });

    pub(crate) fn is_redacted(self) -> bool {
        matches!(self.0, Shows::Redacted)
    }

    pub(crate) fn has_fields(self) -> bool {
        matches!(self.0, Shows::Debug { fields: Some(_), .. })
    }

    pub(crate) fn shows(self) -> &'static Shows {
        self.0
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

/// Stands for a value of this type, where there is none yet.
#[derive(Clone, Copy, Debug)]
pub struct Of<T>(pub(super) PhantomData<fn(T) -> T>);

/// As [`Of`], of a value that the function may have taken when somebody looks.
#[derive(Clone, Copy, Debug)]
pub struct OfFields<T>(PhantomData<fn(T) -> T>);

/// As [`Of`], of a value whose members are not known.
#[derive(Clone, Copy, Debug)]
pub struct OfCopy<T>(PhantomData<fn(T) -> T>);

/// As [`OfCopy`], of a value that the function may have taken when somebody looks.
#[derive(Clone, Copy, Debug)]
pub struct OfMoved<T>(PhantomData<fn(T) -> T>);

/// A value of which nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct OfAny;

impl<T> Deref for Of<T> {
    type Target = OfFields<T>;

    fn deref(&self) -> &OfFields<T> {
        &const { OfFields(PhantomData) }
    }
}

impl<T> Deref for OfFields<T> {
    type Target = OfCopy<T>;

    fn deref(&self) -> &OfCopy<T> {
        &const { OfCopy(PhantomData) }
    }
}

impl<T> Deref for OfCopy<T> {
    type Target = OfMoved<T>;

    fn deref(&self) -> &OfMoved<T> {
        &const { OfMoved(PhantomData) }
    }
}

impl<T> Deref for OfMoved<T> {
    type Target = OfAny;

    fn deref(&self) -> &OfAny {
        &OfAny
    }
}

impl<T: HasFields + Copy> Of<T> {
    /// What can be shown of it.
    #[must_use]
    pub fn __gtramp_shown(&self) -> Shown {
        Shown(
            const {
                let copied: Option<fn() -> TypeId> = Some(erased_id_of::<fn(T)>);
                &Shows::Debug { show: show::<T>, copied, fields: T::FIELDS }
            },
        )
    }
}

impl<T: HasFields> OfFields<T> {
    /// What can be shown of it.
    #[must_use]
    pub fn __gtramp_shown(&self) -> Shown {
        Shown(const { &Shows::Debug { show: show::<T>, copied: None, fields: T::FIELDS } })
    }
}

impl<T: fmt::Debug + Copy> OfCopy<T> {
    /// What can be shown of it.
    #[must_use]
    pub fn __gtramp_shown(&self) -> Shown {
        Shown(
            const {
                let copied: Option<fn() -> TypeId> = Some(erased_id_of::<fn(T)>);
                &Shows::Debug { show: show::<T>, copied, fields: None }
            },
        )
    }
}

impl<T: fmt::Debug> OfMoved<T> {
    /// What can be shown of it.
    #[must_use]
    pub fn __gtramp_shown(&self) -> Shown {
        Shown(const { &Shows::Debug { show: show::<T>, copied: None, fields: None } })
    }
}

impl<T, E> Of<Result<T, E>> {
    /// Which variant it is.
    #[must_use]
    pub fn __gtramp_variant(&self) -> Shown {
        Shown(const { &Shows::Variant(variant_of_result::<T, E>) })
    }
}

impl<T> Of<Option<T>> {
    /// Which variant it is.
    #[must_use]
    pub fn __gtramp_variant(&self) -> Shown {
        Shown(const { &Shows::Variant(variant_of_option::<T>) })
    }
}

impl OfAny {
    /// What can be shown of it.
    #[must_use]
    pub fn __gtramp_shown(&self) -> Shown {
        Shown::UNKNOWN
    }

    /// Which variant it is.
    #[must_use]
    pub fn __gtramp_variant(&self) -> Shown {
        Shown::UNKNOWN
    }
}

/// # Safety
///
/// As [`ShowFn`].
unsafe fn show<T: fmt::Debug>(value: *const (), f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // SAFETY: the caller's promise.
    unsafe { &*value.cast::<T>() }.fmt(f)
}

/// # Safety
///
/// As [`VariantFn`].
unsafe fn variant_of_result<T, E>(value: *const ()) -> Variant {
    // SAFETY: the caller's promise.
    match unsafe { &*value.cast::<Result<T, E>>() } {
        Ok(_) => Variant::Ok,
        Err(_) => Variant::Err,
    }
}

/// # Safety
///
/// As [`VariantFn`].
unsafe fn variant_of_option<T>(value: *const ()) -> Variant {
    // SAFETY: the caller's promise.
    match unsafe { &*value.cast::<Option<T>>() } {
        Some(_) => Variant::Some,
        None => Variant::None,
    }
}
