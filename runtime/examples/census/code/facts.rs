//! What one function looks like, and whether gtramp can trace it today.

use gtramp::traceable;
use syn::visit::{self, Visit};
use syn::{Attribute, GenericParam, Safety, Signature};

use super::label::Label;
use crate::trace::own::ran;

/// The most arguments a traceable function may have.
pub(crate) const MAX_ARGUMENTS: u32 = 12;

/// What one function looks like, and where its name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) place: Place,
    pub(crate) arguments: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) properties: Properties,
}

/// Where a function stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Free,
    Inherent,
    TraitImpl,
    TraitDefault,
}

/// The properties of a function, a bit each, in the order of [`Properties::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Properties(u8);

/// One property of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    Generic,
    ImplTrait,
    Async,
    Const,
    Unsafe,
    Variadic,
    Naked,
    Receiver,
}

/// Why a function cannot be traced today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    Const,
    Async,
    Variadic,
    Naked,
    TooManyArguments,
}

#[traceable]
impl Facts {
    pub(crate) fn new(place: Place, attributes: &[Attribute], signature: &Signature) -> Self {
        ran!("Facts::new");
        let name = signature.ident.span().start();
        Self {
            place,
            arguments: signature.inputs.len() as u32,
            line: name.line as u32,
            column: name.column as u32 + 1,
            properties: Properties::pack(
                is_generic(signature),
                has_impl_trait(signature),
                signature.asyncness.is_some(),
                signature.constness.is_some(),
                matches!(signature.safety, Safety::Unsafe(_)),
                signature.variadic.is_some(),
                is_naked(attributes),
                signature.receiver().is_some(),
            ),
        }
    }

    /// The first reason why the function cannot be traced; `None`: it can.
    pub(crate) fn obstacle(self) -> Option<Obstacle> {
        ran!("Facts::obstacle");
        let has = |property| self.properties.has(property);
        Some(match self {
            _ if has(Property::Const) => Obstacle::Const,
            _ if has(Property::Async) => Obstacle::Async,
            _ if has(Property::Variadic) => Obstacle::Variadic,
            _ if has(Property::Naked) => Obstacle::Naked,
            _ if self.arguments > MAX_ARGUMENTS => Obstacle::TooManyArguments,
            _ => return None,
        })
    }
}

#[traceable]
impl Properties {
    #[expect(clippy::fn_params_excessive_bools, reason = "a function with eight arguments")]
    fn pack(
        generic: bool,
        impl_trait: bool,
        is_async: bool,
        is_const: bool,
        is_unsafe: bool,
        variadic: bool,
        naked: bool,
        receiver: bool,
    ) -> Self {
        ran!("Properties::pack");
        let bits = [generic, impl_trait, is_async, is_const, is_unsafe, variadic, naked, receiver];
        Self(bits.iter().enumerate().map(|(place, &bit)| u8::from(bit) << place).sum())
    }

    /// A part of each of its callers, where it is traced as well.
    #[inline(always)]
    pub(crate) fn has(self, property: Property) -> bool {
        ran!("Properties::has");
        self.0 & 1 << property as u8 != 0
    }
}

/// Type and const parameters make a function generic, lifetimes do not.
#[traceable]
fn is_generic(signature: &Signature) -> bool {
    ran!("is_generic");
    let mut parameters = signature.generics.params.iter();
    parameters.any(|parameter| !matches!(parameter, GenericParam::Lifetime(_)))
}

#[traceable]
fn is_naked(attributes: &[Attribute]) -> bool {
    ran!("is_naked");
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("unsafe") => list.tokens.to_string() == "naked",
        meta => meta.path().is_ident("naked"),
    })
}

#[traceable]
fn has_impl_trait(signature: &Signature) -> bool {
    ran!("has_impl_trait");
    let mut finder = ImplTraitFinder { found: false };
    finder.visit_signature(signature);
    finder.found
}

/// Looks for `impl Trait` anywhere in a type.
struct ImplTraitFinder {
    found: bool,
}

#[traceable]
impl<'ast> Visit<'ast> for ImplTraitFinder {
    fn visit_type(&mut self, ty: &'ast syn::Type) {
        ran!("ImplTraitFinder::visit_type");
        self.found |= matches!(ty, syn::Type::ImplTrait(_));
        visit::visit_type(self, ty);
    }
}

#[traceable]
impl Label for Place {
    fn name(&self) -> &'static str {
        ran!("Place::name");
        match self {
            Self::Free => "free functions",
            Self::Inherent => "in an impl of a type",
            Self::TraitImpl => "in an impl of a trait",
            Self::TraitDefault => "default methods of a trait",
        }
    }
}

#[traceable]
impl Label for Property {
    fn name(&self) -> &'static str {
        ran!("Property::name");
        match self {
            Self::Generic => "generic",
            Self::ImplTrait => "with impl Trait",
            Self::Async => "async",
            Self::Const => "const",
            Self::Unsafe => "unsafe",
            Self::Variadic => "variadic",
            Self::Naked => "naked",
            Self::Receiver => "methods (with self)",
        }
    }
}

#[traceable]
impl Label for Obstacle {
    fn name(&self) -> &'static str {
        ran!("Obstacle::name");
        match self {
            Self::Const => "const fn",
            Self::Async => "async fn",
            Self::Variadic => "variadic",
            Self::Naked => "naked",
            Self::TooManyArguments => "too many arguments",
        }
    }
}

impl Place {
    pub(crate) const ALL: [Self; 4] =
        [Self::Free, Self::Inherent, Self::TraitImpl, Self::TraitDefault];
}

impl Property {
    pub(crate) const ALL: [Self; 8] = [
        Self::Generic,
        Self::ImplTrait,
        Self::Async,
        Self::Const,
        Self::Unsafe,
        Self::Variadic,
        Self::Naked,
        Self::Receiver,
    ];
}

impl Obstacle {
    pub(crate) const ALL: [Self; 5] =
        [Self::Const, Self::Async, Self::Variadic, Self::Naked, Self::TooManyArguments];
}
