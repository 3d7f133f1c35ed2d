//! What a probe asks for, checked against what a function has.

use core::any::{TypeId, type_name};

use crate::site::{ArgFacts, Function, erased_id_of, type_id_of};

use super::plain::is_plain;

/// One typed parameter of a probe.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    ty: &'static str,
    how: How,
}

/// How a parameter takes its argument.
#[derive(Clone, Copy, Debug)]
enum How {
    /// A copy of a `T`.
    Value { of: Asked },
    /// The `T` itself, which is taken away.
    Moved { of: Asked },
    /// `&T`, of an argument that is a `T`, a `&T` or a `&mut T`.
    Shared { of: Asked, shared: Asked, unique: Asked },
    /// `*const T`, of an argument that is a `&T`, a `&mut T` or a raw pointer.
    Pointer { of: TypeId, forms: [Asked; 4] },
}

/// A type that is asked for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// The identity of `fn(T)`, see [`type_id_of`](crate::__private::type_id_of).
    id: TypeId,
    /// That of `T` itself, without lifetimes.
    erased: TypeId,
}

impl Asked {
    fn new<T: ?Sized>(id: TypeId) -> Self {
        Self { id, erased: erased_id_of::<T>() }
    }
}

/// The type of an argument or of the result.
///
/// What the compiler knew says which type it is; what was written only which lifetimes it has. So
/// a text that means another type than the function's own, whatever made it so, opens nothing.
struct Found {
    /// The identity of the type as it is written; `None` where that does not tell its lifetimes.
    written: Option<TypeId>,
    /// What the compiler knew.
    erased: TypeId,
}

impl Found {
    fn new(written: Option<TypeId>, facts: &ArgFacts) -> Self {
        Self { written, erased: (facts.erased)() }
    }

    /// Whether it is what was asked for. `within` is the part of that which may have lifetimes.
    fn is(&self, asked: Asked, within: TypeId) -> bool {
        self.erased == asked.erased
            && self.written.map_or_else(|| is_plain(within), |id| id == asked.id)
    }
}

/// Why a probe does not fit a function: for the attach error.
#[derive(Clone, Debug)]
pub(crate) enum Mismatch {
    /// An argument or the result (`None`) has another type.
    Type { argument: Option<usize>, expected: String, found: String, hint: String },
    /// The probe asks for more arguments than there are.
    Count { asked: usize },
}

impl Param {
    /// A parameter of type `T`, copied from the argument.
    #[must_use]
    pub fn value<T: Copy>(ty: &'static str, id: TypeId) -> Self {
        Self { ty, how: How::Value { of: Asked::new::<T>(id) } }
    }

    /// A parameter of type `T` that takes the argument: of what stands in the place of the function.
    #[must_use]
    pub fn moved<T>(ty: &'static str, id: TypeId) -> Self {
        Self { ty, how: How::Moved { of: Asked::new::<T>(id) } }
    }

    /// As [`Param::value`], for a `T` that borrows nothing: its name and its identity are the compiler's.
    pub(crate) fn static_value<T: Copy + 'static>() -> Self {
        Self::value::<T>(type_name::<T>(), type_id_of::<fn(T)>())
    }

    /// A parameter of type `&T`: `of`, `shared` and `unique` are the identities of
    /// `fn(T)`, `fn(&T)` and `fn(&mut T)`.
    #[must_use]
    pub fn shared<T: ?Sized>(ty: &'static str, of: TypeId, shared: TypeId, unique: TypeId) -> Self {
        let of = Asked::new::<T>(of);
        let (shared, unique) = (Asked::new::<&T>(shared), Asked::new::<&mut T>(unique));
        Self { ty, how: How::Shared { of, shared, unique } }
    }

    /// As [`Param::shared`], for a `T` that borrows nothing: its name and its identities are the compiler's.
    pub(crate) fn static_shared<T: ?Sized + 'static>() -> Self {
        Self::shared::<T>(
            type_name::<&T>(),
            type_id_of::<fn(T)>(),
            type_id_of::<fn(&T)>(),
            type_id_of::<fn(&mut T)>(),
        )
    }

    /// A parameter of type `*const T`, which shows where a reference points: the identities
    /// are those of `fn(*const T)`, `fn(*mut T)`, `fn(&T)` and `fn(&mut T)`.
    #[must_use]
    pub fn pointer<T: ?Sized>(
        ty: &'static str,
        constant: TypeId,
        mutable: TypeId,
        shared: TypeId,
        unique: TypeId,
    ) -> Self {
        let forms = [
            Asked::new::<*const T>(constant),
            Asked::new::<*mut T>(mutable),
            Asked::new::<&T>(shared),
            Asked::new::<&mut T>(unique),
        ];
        Self { ty, how: How::Pointer { of: erased_id_of::<T>(), forms } }
    }

    /// Checks it against the argument at `index` of `function`; whether the argument's slot
    /// holds the address of what is asked for. `None` if it does not fit.
    pub(super) fn fit(&self, index: usize, function: &Function) -> Option<bool> {
        let description = function.description();
        let facts = description.types.args.get(index)?;
        let found = Found::new(description.source.arg_id(index), facts);
        self.through(&found, facts.in_slot)
    }

    /// Checks it, and says what is wrong.
    pub(crate) fn check(&self, index: usize, function: &Function) -> Result<bool, Mismatch> {
        self.fit(index, function).ok_or_else(|| self.mismatch(index, function))
    }

    /// Why it does not fit.
    fn mismatch(&self, index: usize, function: &Function) -> Mismatch {
        let description = function.description();
        let Some(facts) = description.types.args.get(index) else {
            return Mismatch::Count { asked: index + 1 };
        };
        let found = Found::new(description.source.arg_id(index), facts);
        Mismatch::Type {
            argument: Some(index),
            expected: self.ty.to_owned(),
            found: shown(description.source.arg(index).1, (facts.name)()),
            hint: match description.source.why_opaque(Some(index)) {
                "" if self.is_but_for_lifetimes(found.erased) => self.lifetimes(),
                why => opaque(why),
            },
        }
    }

    fn is_but_for_lifetimes(&self, found: TypeId) -> bool {
        match self.how {
            How::Value { of } | How::Moved { of } => of.erased == found,
            How::Shared { of, shared, unique } => {
                [of, shared, unique].iter().any(|form| form.erased == found)
            }
            How::Pointer { forms, .. } => forms.iter().any(|form| form.erased == found),
        }
    }

    /// What can be done where it is the same type with other lifetimes.
    fn lifetimes(&self) -> String {
        // Closures are named by the compiler, which leaves lifetimes out.
        match self.how {
            _ if self.ty.contains("'static") => ASKS_FOR_STATIC.to_owned(),
            How::Value { .. } if self.ty.starts_with('&') => format!(
                "what it points to may be gone at exit: take its address, `*const {}`, under #[fexit], or \
                 look at it at entry",
                self.ty[1..].trim_start_matches("mut "),
            ),
            How::Value { .. } => {
                "what it borrows may be gone at exit, and a parameter under #[fentry] has the \
                 function's own lifetimes, `'static` where it says so"
                    .to_owned()
            }
            How::Moved { .. } => {
                "the types differ in their lifetimes alone: a replacement asks for no more than the function has"
                    .to_owned()
            }
            // A reference to a reference, where the reference itself would do.
            How::Shared { .. } if self.ty.starts_with("&&") => {
                format!("{}; `{}` fits a reference as well", in_a_closure("fentry"), &self.ty[1..])
            }
            How::Shared { .. } | How::Pointer { .. } => in_a_closure("fentry"),
        }
    }

    /// Whether the argument's slot holds the address of what is asked for (`Some(true)`),
    /// the thing itself (`Some(false)`), or something else (`None`).
    fn through(&self, found: &Found, in_slot: bool) -> Option<bool> {
        match self.how {
            How::Value { of } | How::Moved { of } => found.is(of, of.erased).then_some(false),
            How::Shared { of, .. } if found.is(of, of.erased) => Some(!in_slot),
            How::Shared { of, shared, unique } => {
                [shared, unique].iter().any(|&form| found.is(form, of.erased)).then_some(true)
            }
            How::Pointer { of, forms } => {
                forms.iter().any(|&form| found.is(form, of)).then_some(true)
            }
        }
    }
}

/// All that a probe asks of its functions.
#[derive(Clone, Debug)]
pub(crate) struct Asks {
    /// The first arguments.
    pub(crate) params: Vec<Param>,
    pub(crate) ret: Option<RetParam>,
}

impl Asks {
    /// Checks it against `function`; the bits for [`Row`](super::Row)'s `through`. `None` if it does not fit.
    pub(crate) fn bind(&self, function: &Function) -> Option<u32> {
        if self.ret.is_some_and(|ret| !ret.fits(function)) {
            return None;
        }
        let mut bits = 0;
        for (index, param) in self.params.iter().enumerate() {
            bits |= u32::from(param.fit(index, function)?) << index;
        }
        Some(bits)
    }

    /// Why it does not fit `function`, if it does not.
    pub(crate) fn mismatch(&self, function: &Function) -> Option<Mismatch> {
        let of_ret = self.ret.and_then(|ret| ret.check(function).err());
        let mut params = self.params.iter().enumerate();
        of_ret.or_else(|| params.find_map(|(index, param)| param.check(index, function).err()))
    }
}

/// The result a probe reads or decides.
#[derive(Clone, Copy, Debug)]
pub struct RetParam {
    ty: &'static str,
    of: Asked,
}

impl RetParam {
    /// A result of type `T`; `id` is the identity of `fn(T)`.
    #[must_use]
    pub fn of<T>(ty: &'static str, id: TypeId) -> Self {
        Self { ty, of: Asked::new::<T>(id) }
    }

    /// As [`RetParam::of`], for a `T` that borrows nothing: its name and its identity are the compiler's.
    pub(crate) fn of_static<T: 'static>() -> Self {
        Self::of::<T>(type_name::<T>(), type_id_of::<fn(T)>())
    }

    fn found(function: &Function) -> Found {
        let description = function.description();
        Found::new(description.source.ret_id(), &description.types.ret)
    }

    /// Whether it is the result of `function`.
    pub(super) fn fits(&self, function: &Function) -> bool {
        Self::found(function).is(self.of, self.of.erased)
    }

    /// Checks it against the result of `function`, and says what is wrong.
    pub(crate) fn check(&self, function: &Function) -> Result<(), Mismatch> {
        if self.fits(function) {
            return Ok(());
        }
        let description = function.description();
        let found = Self::found(function);
        Err(Mismatch::Type {
            argument: None,
            expected: self.ty.to_owned(),
            found: shown(description.source.ret(), (description.types.ret.name)()),
            hint: match description.source.why_opaque(None) {
                "" if self.of.erased == found.erased && self.ty.contains("'static") => {
                    ASKS_FOR_STATIC.to_owned()
                }
                "" if self.of.erased == found.erased => in_a_closure("fexit"),
                why => opaque(why),
            },
        })
    }
}

const ASKS_FOR_STATIC: &str =
    "the types differ in their lifetimes alone: the call grants less than `'static`";

fn in_a_closure(attribute: &str) -> String {
    format!(
        "the types differ in their lifetimes alone: a closure's or `arg`'s are `'static`; a function under \
         #[{attribute}] leaves open those that the traced function leaves open"
    )
}

/// What can be done about a type that does not tell its lifetimes.
fn opaque(why: &str) -> String {
    let todo = match why {
        "" => return String::new(),
        "Self" => "what `Self` is stands elsewhere: put #[traceable] on the whole impl, or bound the trait \
                   by 'static"
            .to_owned(),
        "impl" => "`impl Trait` stands for any type: make it a type parameter that is bounded by 'static"
            .to_owned(),
        "?" => "it is written elsewhere, or another attribute, a macro or `cfg` decides what it is: write it \
                out, and put #[traceable] below other attributes"
            .to_owned(),
        name => match name.strip_prefix('?') {
            Some(name) => format!(
                "`{name}` may be a type parameter of the impl: put #[traceable] on the whole impl, or write \
                 a path, as in `self::{name}`"
            ),
            None => format!(
                "`{name}` may stand for a type that borrows: bound it, `{name}: 'static` (a bound that a \
                 trait implies has to be written too)"
            ),
        },
    };
    format!("its written type does not tell which lifetimes it has: {todo}")
}

/// A type as written, and what it is here where that is not the same.
fn shown(written: &str, name: &str) -> String {
    if bare(written) == bare(name) {
        written.to_owned()
    } else {
        format!("{written} (here {name})")
    }
}

/// A type's text without paths, lifetimes and spaces.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if word > 0 {
            let (path, after) = rest.split_at(word);
            rest = after.strip_prefix("::").unwrap_or_else(|| {
                bare.push_str(path);
                after
            });
            continue;
        }
        rest = &rest[first.len_utf8()..];
        match first {
            '\'' => rest = rest.trim_start_matches(is_word).trim_start_matches(','),
            ' ' => {}
            _ => bare.push(first),
        }
    }
    bare.replace("<>", "")
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_type_is_named_twice_only_where_that_tells_more() {
        for (written, name) in [
            ("u64", "u64"),
            ("Result<u64, String>", "core::result::Result<u64, alloc::string::String>"),
            ("&'a str", "&str"),
            ("View<'_, 'a, T>", "bank::View<T>"),
            ("View<'_>", "bank::View<'_>"),
            ("&mut dyn FnMut(u32)", "&mut dyn core::ops::function::FnMut(u32)"),
        ] {
            assert_eq!(shown(written, name), written);
        }
        assert_eq!(shown("T", "bank::Own"), "T (here bank::Own)");
        assert_eq!(shown("Vec<T>", "alloc::vec::Vec<u8>"), "Vec<T> (here alloc::vec::Vec<u8>)");
    }
}
