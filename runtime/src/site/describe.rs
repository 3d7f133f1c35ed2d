//! What a site says of its function: what the macro saw in the source, and what only the
//! compiler knew of the instantiation.

use core::any::TypeId;

use super::Slot;

/// What the macro saw in the source. Every instantiation of a function shares it.
///
/// All that is text is one text, taken apart when somebody asks: a compiler takes longer over many
/// small constants. `cargo gtramp sites` reads it out of a built program, hence the fixed layout.
#[derive(Debug)]
#[repr(C)]
pub struct Source {
    /// Lines: the signature from the name on, behind `async ` for an async function and `tracepoint ` for a tracepoint; the names of the type and const parameters in scope,
    /// with `, ` between them; the name and the type of each argument, the receiver among them; the
    /// type of the result. A pattern's text stands where an argument has no name, and behind a type,
    /// after a tab, why it does not tell its lifetimes: see `Source::why_opaque`.
    pub text: &'static str,
    /// Path of the module it stands in.
    pub module: &'static str,
    /// Source file, as the compiler was given it.
    pub file: &'static str,
    /// Line of the attribute's function, from 1.
    pub line: u32,
    /// Column of it, from 1.
    pub column: u32,
    /// [`type_id_of`] each argument's type and the result's, or [`opaque`].
    pub ids: &'static [fn() -> TypeId],
    /// That all of this is so.
    pub promise: Promise,
    /// Where the result borrows from arguments: [`type_id_of`] the function's own type, as far as the text tells it.
    pub signature: Option<fn() -> TypeId>,
}

/// A promise that a description tells the truth about the function that it is handed in with.
///
/// Probes are given what `ids` say an argument's type is, with the lifetimes that they say. A description that
/// lies makes safe code use what is gone. So whoever writes one has to write `unsafe`, as the macro does; the lint
/// `unsafe_code` does not look into what attribute macros of other crates have written.
#[derive(Clone, Copy, Debug)]
pub struct Promise(());

impl Promise {
    /// Makes it.
    ///
    /// # Safety
    ///
    /// The [`Source`] that it becomes a part of is of the function in which it stands: as many `ids` as it has
    /// arguments and one more, each [`opaque`], or [`type_id_of`] the type as it is written there, with every
    /// lifetime left open that the function leaves open; and as `signature`, the type of pointers to it, or
    /// `None`. What can be shown, which is handed over with it, was asked of
    /// what stands for the very argument, in order, and then of the result; or it is [`Shown::UNKNOWN`](super::Shown::UNKNOWN) or
    /// [`Shown::REDACTED`](super::Shown::REDACTED).
    #[must_use]
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

/// What the signature of an async function begins with.
const ASYNC: &str = "async ";

/// What that of a tracepoint begins with.
const TRACEPOINT: &str = "tracepoint ";

impl Source {
    fn lines(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.text.split('\n')
    }

    /// Whether it is an async function.
    pub(crate) fn is_async(&self) -> bool {
        self.text.starts_with(ASYNC)
    }

    /// Whether it is a tracepoint: see [`tracepoint`](crate::tracepoint!).
    pub(crate) fn is_tracepoint(&self) -> bool {
        self.text.starts_with(TRACEPOINT)
    }

    /// The function's own name.
    pub(crate) fn name(&self) -> &'static str {
        let signature = self.signature();
        let name = &signature[..signature.find(['<', '(']).unwrap_or(signature.len())];
        name.strip_prefix("r#").unwrap_or(name)
    }

    /// The signature as written, from the name on.
    pub(crate) fn signature(&self) -> &'static str {
        let signature = self.lines().next().unwrap_or_default();
        let kind = [ASYNC, TRACEPOINT].into_iter().find(|kind| signature.starts_with(kind));
        &signature[kind.map_or(0, str::len)..]
    }

    /// Names of the type and const parameters in scope.
    pub(crate) fn generics(&self) -> impl Iterator<Item = &'static str> {
        let names = self.lines().nth(1).unwrap_or_default();
        names.split(", ").filter(|name| !name.is_empty())
    }

    /// Name and type of the argument at `index`, as written.
    pub(crate) fn arg(&self, index: usize) -> (&'static str, &'static str) {
        let mut lines = self.lines().skip(2 + 2 * index);
        (lines.next().unwrap_or_default(), split(lines.next()).0)
    }

    /// The type of the result, as written.
    pub(crate) fn ret(&self) -> &'static str {
        split(self.lines().last()).0
    }

    /// Why the written type of the argument at `index`, or of the result, does not tell its lifetimes:
    /// a type parameter's name, `Self` or `impl`; `?` and a name that may be a parameter; or `?`. Empty
    /// where it does.
    pub(crate) fn why_opaque(&self, argument: Option<usize>) -> &'static str {
        split(match argument {
            Some(index) => self.lines().nth(3 + 2 * index),
            None => self.lines().last(),
        })
        .1
    }

    /// Identity of the type of the argument at `index`, see [`type_id_of`]; `None` where the written
    /// type does not tell which lifetimes the argument's type has.
    pub(crate) fn arg_id(&self, index: usize) -> Option<TypeId> {
        let id = self.ids[index]();
        (id != opaque()).then_some(id)
    }

    /// As [`Source::arg_id`], of the result.
    pub(crate) fn ret_id(&self) -> Option<TypeId> {
        self.arg_id(self.ids.len() - 1)
    }
}

/// A type, and why it is opaque.
fn split(line: Option<&'static str>) -> (&'static str, &'static str) {
    let line = line.unwrap_or_default();
    line.split_once('\t').unwrap_or((line, ""))
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
    /// Its types.
    pub types: &'static TypeFacts,
    /// Identity of the function's own type, that of the closure which knows its source: the same in
    /// every copy of one instantiation, and in nothing else.
    pub id: fn() -> TypeId,
}

/// What the compiler knew of the types of an instantiation. Functions of the same types share it.
#[derive(Clone, Copy, Debug)]
pub struct TypeFacts {
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

/// Stands where the written type does not tell which lifetimes the type has.
#[must_use]
pub fn opaque() -> TypeId {
    /// No type of a user's.
    struct Opaque;
    TypeId::of::<Opaque>()
}

/// Identity of `T` with its lifetimes forgotten.
#[must_use]
pub fn erased_id_of<T: ?Sized>() -> TypeId {
    typeid::of::<T>()
}

#[cfg(test)]
mod tests {
    use super::{Source, opaque, type_id_of};

    #[test]
    fn the_text_is_taken_apart() {
        let source = Source {
            text: "pick<'a, T>(hay: &'a str, (a, b): (T, u8)) -> &'a str\nU, T\nhay\n&'a str\n(a, b)\n(T, u8)\tT\n&'a str",
            module: "bank",
            file: "bank.rs",
            line: 1,
            column: 1,
            ids: &[type_id_of::<fn(&str)>, opaque, type_id_of::<fn(u8)>],
            // SAFETY: it is of no function.
            promise: unsafe { super::Promise::new() },
            signature: None,
        };
        assert_eq!(source.name(), "pick");
        assert_eq!(source.signature(), "pick<'a, T>(hay: &'a str, (a, b): (T, u8)) -> &'a str");
        assert!(source.generics().eq(["U", "T"]));
        assert_eq!(source.arg(0), ("hay", "&'a str"));
        assert_eq!(source.arg(1), ("(a, b)", "(T, u8)"));
        assert_eq!(source.ret(), "&'a str");
        assert_eq!([Some(0), Some(1), None].map(|of| source.why_opaque(of)), ["", "T", ""]);
        let known = Some(type_id_of::<fn(&str)>());
        assert_eq!((source.arg_id(0), source.arg_id(1)), (known, None));
        assert_eq!(source.ret_id(), Some(type_id_of::<fn(u8)>()));

        let source = Source { text: "stop()\n\n()\t?", ids: &[opaque], ..source };
        assert_eq!((source.name(), source.ret()), ("stop", "()"));
        assert_eq!((source.generics().count(), source.why_opaque(None)), (0, "?"));

        let source = Source { text: "r#type()\n\n()", ..source };
        assert_eq!(source.name(), "type");
    }
}
