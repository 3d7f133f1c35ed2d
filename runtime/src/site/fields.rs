//! Members of values by name, for types that opt in.
//!
//! `#[derive(Fields)]` asks for each member `Member(&self.member).__gtramp_debug()` and `.__gtramp_fields()`, and as in
//! `shown.rs` the compiler finds the method of what the member's type has, or that of [`AnyMember`].

use core::any::Any;
use core::fmt;
use core::ops::Deref;

use super::Value;

/// A type whose members are found by name: see the derive macro of the same name.
///
/// References, `Box`, `Rc` and `Arc` pass through to what they hold, and so does `Some(..)`. An implementation is for all
/// lifetimes of a type: the compiler looks for it without them, and refuses one that is for some alone.
pub trait Fields: fmt::Debug {
    /// The member of this name (of a tuple struct, of this number); `None` if there is none, or not in this variant.
    fn field(&self, name: &str) -> Option<Field<'_>>;
}

/// A member of an argument or of a result, found by [`Context::field`](crate::Context::field).
///
/// As text it is what its type's `Debug` says, at most 200 bytes of it, and `_` for a type that has none.
#[derive(Clone, Copy)]
pub struct Field<'v> {
    value: Value<'v>,
    text: Option<&'v str>,
    fields: Option<&'v (dyn Fields + 'v)>,
    any: Option<&'v dyn Any>,
}

impl<'v> Field<'v> {
    /// What is known of a member. For the macro.
    #[doc(hidden)]
    #[must_use]
    pub fn new(
        debug: Option<&'v dyn fmt::Debug>,
        text: Option<&'v str>,
        fields: Option<&'v (dyn Fields + 'v)>,
        any: Option<&'v dyn Any>,
    ) -> Self {
        Self { value: Value::of(debug), text, fields, any }
    }

    /// A member that is kept back. For the macro.
    #[doc(hidden)]
    #[must_use]
    pub fn redacted() -> Self {
        Self { value: Value::redacted(), text: None, fields: None, any: None }
    }

    /// A whole argument or result.
    pub(crate) fn whole(value: Value<'v>, fields: Option<&'v (dyn Fields + 'v)>) -> Self {
        Self { value, text: None, fields, any: None }
    }

    /// A member of it: see [`Fields::field`].
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Self> {
        self.fields?.field(name)
    }

    /// The member itself, if it is a `T`: `None` for another type, for one with lifetimes or type parameters, for one
    /// that is kept back, and for a whole argument, which has `arg`.
    #[must_use]
    pub fn get<T: 'static>(&self) -> Option<&'v T> {
        self.any?.downcast_ref()
    }

    /// The text that the member is: of a `String`, a `&str`, a `Cow<str>`, and whatever else is `AsRef<str>`.
    #[must_use]
    pub fn as_str(&self) -> Option<&'v str> {
        self.text
    }

    /// Whether there is more to be seen of it than that it is there.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.value.is_shown()
    }
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)
    }
}

/// As `Display`.
impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)
    }
}

impl<T: Fields + ?Sized> Fields for &T {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        (**self).field(name)
    }
}

impl<T: Fields + ?Sized> Fields for &mut T {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        (**self).field(name)
    }
}

impl<T: Fields + ?Sized> Fields for Box<T> {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        (**self).field(name)
    }
}

impl<T: Fields + ?Sized> Fields for std::rc::Rc<T> {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        (**self).field(name)
    }
}

impl<T: Fields + ?Sized> Fields for std::sync::Arc<T> {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        (**self).field(name)
    }
}

impl<T: Fields> Fields for Option<T> {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        self.as_ref()?.field(name)
    }
}

/// The value at an address, as what has members. A pointer without a lifetime: the value has one, which may be
/// shorter.
pub type FieldsFn = fn(*const ()) -> *const (dyn Fields + 'static);

/// What is asked first of all: has it members?
///
/// Where a type is not settled when it is asked, because its value never is, the first answer is taken, and the type becomes
/// `()` or `!`: so these have that answer as well, without members. Not by [`Fields`] itself: an implementation of it for
/// a type that has no name of its own keeps others from having one.
pub trait HasFields: fmt::Debug {
    /// The value at an address, as what has members.
    const FIELDS: Option<FieldsFn>;
}

impl<T: Fields> HasFields for T {
    const FIELDS: Option<FieldsFn> = Some(fields_of::<T>);
}

impl HasFields for () {
    const FIELDS: Option<FieldsFn> = None;
}

impl HasFields for Never {
    const FIELDS: Option<FieldsFn> = None;
}

/// The type `!`, which stable Rust names as a function's result alone.
type Never = <fn() -> ! as Returns>::Result;

/// A function's result, by its type.
pub trait Returns {
    /// What it returns.
    type Result;
}

impl<R> Returns for fn() -> R {
    type Result = R;
}

fn fields_of<T: Fields>(value: *const ()) -> *const (dyn Fields + 'static) {
    let value: *const (dyn Fields + '_) = value.cast::<T>();
    // SAFETY: pointers to one thing, which nobody reads without knowing for how long it is there.
    unsafe {
        core::mem::transmute::<*const (dyn Fields + '_), *const (dyn Fields + 'static)>(value)
    }
}

/// A member whose type is asked what it has: of one without a size, little is known.
#[derive(Debug)]
pub struct Member<'v, T: ?Sized>(pub &'v T);

/// A member of which nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct AnyMember;

impl<T: ?Sized> Deref for Member<'_, T> {
    type Target = AnyMember;

    fn deref(&self) -> &AnyMember {
        &AnyMember
    }
}

impl<'v, T: fmt::Debug> Member<'v, T> {
    /// It, as what has `Debug`.
    #[must_use]
    pub fn __gtramp_debug(&self) -> Option<&'v dyn fmt::Debug> {
        Some(self.0)
    }
}

impl<'v, T: Fields> Member<'v, T> {
    /// It, as what has members.
    #[must_use]
    pub fn __gtramp_fields(&self) -> Option<&'v (dyn Fields + 'v)> {
        Some(self.0)
    }
}

impl<'v, T: AsRef<str> + ?Sized> Member<'v, T> {
    /// The text that it is.
    #[must_use]
    pub fn __gtramp_text(&self) -> Option<&'v str> {
        Some(self.0.as_ref())
    }
}

impl<'v, T: Any> Member<'v, T> {
    /// It, as what can be asked which type it is.
    #[must_use]
    pub fn __gtramp_any(&self) -> Option<&'v dyn Any> {
        Some(self.0)
    }
}

impl AnyMember {
    /// It is no text.
    #[must_use]
    pub fn __gtramp_text<'v>(&self) -> Option<&'v str> {
        None
    }

    /// Its type is not known when the program runs.
    #[must_use]
    pub fn __gtramp_any<'v>(&self) -> Option<&'v dyn Any> {
        None
    }

    /// It has no `Debug`.
    #[must_use]
    pub fn __gtramp_debug<'v>(&self) -> Option<&'v dyn fmt::Debug> {
        None
    }

    /// It has no members that are known.
    #[must_use]
    pub fn __gtramp_fields<'v>(&self) -> Option<&'v (dyn Fields + 'v)> {
        None
    }
}
