//! What a site says of its function: what the macro saw in the source, and what only the
//! compiler knew of the instantiation.

use core::any::TypeId;

use super::Slot;

/// What the macro saw in the source. Every instantiation of a function shares it.
///
/// `cargo gtramp sites` reads it out of a built program, hence the fixed layout.
#[derive(Debug)]
#[repr(C)]
pub struct Source {
    /// The function's own name.
    pub name: &'static str,
    /// Path of the module it stands in.
    pub module: &'static str,
    /// Source file, as the compiler was given it.
    pub file: &'static str,
    /// Line of the attribute's function, from 1.
    pub line: u32,
    /// Column of it, from 1.
    pub column: u32,
    /// The signature as written, from the name on.
    pub signature: &'static str,
    /// Names of the type and const parameters in scope.
    pub generics: &'static [&'static str],
    /// The arguments, the receiver among them.
    pub args: &'static [ArgSource],
    /// The result.
    pub ret: RetSource,
}

/// One argument as written.
#[derive(Debug)]
pub struct ArgSource {
    /// Its name; a pattern's text where it has none.
    pub name: &'static str,
    /// Its type's text.
    pub ty: &'static str,
    /// See [`type_id_of`]; `None` where the written type does not tell which lifetimes the
    /// argument's type has.
    pub id: Option<fn() -> TypeId>,
}

/// The result as written.
#[derive(Debug)]
pub struct RetSource {
    /// Its type's text.
    pub ty: &'static str,
    /// As [`ArgSource::id`].
    pub id: Option<fn() -> TypeId>,
}

/// What the compiler knew of one type of the instantiation; lifetimes are erased.
#[derive(Clone, Copy, Debug)]
pub struct ArgFacts {
    /// Identity without lifetimes.
    pub erased: fn() -> TypeId,
    /// The type's name.
    pub name: fn() -> &'static str,
    /// Whether the value travels in its slot.
    pub in_slot: bool,
}

impl ArgFacts {
    /// The facts of `T`.
    #[must_use]
    pub const fn of<T>() -> Self {
        Self {
            erased: erased_id_of::<T>,
            name: core::any::type_name::<T>,
            in_slot: Slot::holds::<T>(),
        }
    }
}

/// Everything a site's record can be asked, filled in by the site's own function.
#[derive(Clone, Copy, Debug)]
pub struct RawDescription {
    /// What the macro saw.
    pub source: &'static Source,
    /// The compiler's name of the body closure: the function's own, and `::{{closure}}`.
    pub body_name: &'static str,
    /// The arguments' types.
    pub args: &'static [ArgFacts],
    /// The result's type.
    pub ret: ArgFacts,
    /// Drops the arguments in their slots; `None` where none of them needs it.
    ///
    /// Contract: the slots are the function's own, and nobody has taken their values.
    pub drop_args: Option<unsafe fn(*mut Slot)>,
    /// Drops a result that nobody gets; `None` where it does not need it.
    ///
    /// Contract: the address is that of the function's result, and nobody has taken it.
    pub drop_ret: Option<unsafe fn(*mut ())>,
}

/// Identity of a function-pointer type `fn(T)`, and so of `T` with its lifetimes.
///
/// `fn(&str)` is short for `for<'a> fn(&'a str)`, and its identity differs from that of
/// `fn(&'static str)`. So two sides that write an argument's type with every lifetime left
/// open agree exactly when neither demands more of a lifetime than the other grants.
#[must_use]
pub fn type_id_of<T: ?Sized + 'static>() -> TypeId {
    TypeId::of::<T>()
}

/// Identity of `T` with its lifetimes forgotten.
#[must_use]
pub fn erased_id_of<T: ?Sized>() -> TypeId {
    typeid::of::<T>()
}
