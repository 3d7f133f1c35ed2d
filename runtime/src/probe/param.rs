//! What a probe asks for, checked against what a function has.

use core::any::TypeId;

use crate::site::{ArgFacts, Function, erased_id_of};

use super::plain::is_plain;

/// One typed parameter of a probe.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    ty: &'static str,
    how: How,
}

/// How a parameter takes its argument. Identities are those of `fn(T)`, see
/// [`type_id_of`](crate::__private::type_id_of); `erased` ones are those of `T` itself.
#[derive(Clone, Copy, Debug)]
enum How {
    /// A copy of a `T`.
    Value { id: TypeId, erased: TypeId },
    /// `&T`, of an argument that is a `T`, a `&T` or a `&mut T`.
    Shared { of: TypeId, shared: TypeId, unique: TypeId, erased: Erased },
    /// `*const T`, of an argument that is a `&T`, a `&mut T` or a raw pointer.
    Pointer { constant: TypeId, mutable: TypeId, shared: TypeId, unique: TypeId, erased: Erased },
}

/// Identities without lifetimes of `T`, `&T` and `&mut T`.
#[derive(Clone, Copy, Debug)]
struct Erased {
    of: TypeId,
    shared: TypeId,
    unique: TypeId,
}

impl Erased {
    fn new<T: ?Sized>() -> Self {
        Self {
            of: erased_id_of::<T>(),
            shared: erased_id_of::<&T>(),
            unique: erased_id_of::<&mut T>(),
        }
    }

    fn is_reference(self, id: TypeId) -> bool {
        is_plain(self.of) && (id == self.shared || id == self.unique)
    }
}

/// Why a probe does not fit a function: for the attach error.
#[derive(Clone, Debug)]
pub(crate) enum Mismatch {
    /// An argument or the result (`None`) has another type.
    Type { argument: Option<usize>, expected: String, found: String, hint: &'static str },
    /// The probe asks for more arguments than there are.
    Count { asked: usize },
}

const OPAQUE: &str = "its written type does not tell which lifetimes it has: put #[traceable] on the \
    whole impl, or bound the type parameter by 'static";

impl Param {
    /// A parameter of type `T`, copied from the argument.
    #[must_use]
    pub fn value<T: Copy>(ty: &'static str, id: TypeId) -> Self {
        Self { ty, how: How::Value { id, erased: erased_id_of::<T>() } }
    }

    /// A parameter of type `&T`: `of`, `shared` and `unique` are the identities of
    /// `fn(T)`, `fn(&T)` and `fn(&mut T)`.
    #[must_use]
    pub fn shared<T: ?Sized>(ty: &'static str, of: TypeId, shared: TypeId, unique: TypeId) -> Self {
        Self { ty, how: How::Shared { of, shared, unique, erased: Erased::new::<T>() } }
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
        let erased = Erased::new::<T>();
        Self { ty, how: How::Pointer { constant, mutable, shared, unique, erased } }
    }

    /// Checks it against the argument at `index` of `function`; whether the argument's slot
    /// holds the address of what is asked for.
    pub(crate) fn fit(&self, index: usize, function: &Function) -> Result<bool, Mismatch> {
        let description = function.description();
        let Some(facts) = description.types.args.get(index) else {
            return Err(Mismatch::Count { asked: index + 1 });
        };
        let id = description.source.arg_id(index);
        self.through(id, facts).ok_or_else(|| Mismatch::Type {
            argument: Some(index),
            expected: self.ty.to_owned(),
            found: shown(description.source.arg(index).1, (facts.name)()),
            hint: if id.is_none() { OPAQUE } else { "" },
        })
    }

    /// Whether the argument's slot holds the address of what is asked for (`Some(true)`),
    /// the thing itself (`Some(false)`), or something else (`None`).
    fn through(&self, id: Option<TypeId>, facts: &ArgFacts) -> Option<bool> {
        let in_slot = facts.in_slot;
        // Asked for only where there is no other identity: it is a call.
        let erased_id = || (facts.erased)();
        match (&self.how, id) {
            (How::Value { id: asked, .. }, Some(id)) => (*asked == id).then_some(false),
            (How::Value { erased, .. }, None) => {
                (*erased == erased_id() && is_plain(*erased)).then_some(false)
            }
            (How::Shared { of, shared, unique, .. }, Some(id)) => {
                if id == *of {
                    return Some(!in_slot);
                }
                (id == *shared || id == *unique).then_some(true)
            }
            (How::Shared { erased, .. }, None) => {
                let erased_id = erased_id();
                if erased_id == erased.of && is_plain(erased.of) {
                    return Some(!in_slot);
                }
                erased.is_reference(erased_id).then_some(true)
            }
            (How::Pointer { constant, mutable, shared, unique, .. }, Some(id)) => {
                [constant, mutable, shared, unique].contains(&&id).then_some(true)
            }
            (How::Pointer { erased, .. }, None) => erased.is_reference(erased_id()).then_some(true),
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
    /// Checks it against `function`; the bits for [`Row`](super::Row)'s `through`.
    pub(crate) fn bind(&self, function: &Function) -> Result<u32, Mismatch> {
        if let Some(ret) = &self.ret {
            ret.check(function)?;
        }
        let mut bits = 0;
        for (index, param) in self.params.iter().enumerate() {
            bits |= u32::from(param.fit(index, function)?) << index;
        }
        Ok(bits)
    }
}

/// The result a probe reads or decides.
#[derive(Clone, Copy, Debug)]
pub struct RetParam {
    ty: &'static str,
    id: TypeId,
    erased: TypeId,
}

impl RetParam {
    /// A result of type `T`; `id` is the identity of `fn(T)`.
    #[must_use]
    pub fn of<T>(ty: &'static str, id: TypeId) -> Self {
        Self { ty, id, erased: erased_id_of::<T>() }
    }

    /// Checks it against the result of `function`.
    pub(crate) fn check(&self, function: &Function) -> Result<(), Mismatch> {
        let description = function.description();
        let erased = (description.types.ret.erased)();
        let id = description.source.ret_id();
        let fits = match id {
            Some(id) => id == self.id,
            None => erased == self.erased && is_plain(erased),
        };
        if fits {
            return Ok(());
        }
        Err(Mismatch::Type {
            argument: None,
            expected: self.ty.to_owned(),
            found: shown(description.source.ret(), (description.types.ret.name)()),
            hint: if id.is_none() { OPAQUE } else { "" },
        })
    }
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
