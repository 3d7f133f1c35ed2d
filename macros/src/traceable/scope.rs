//! The names around a function that its types may mention.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, TokenStream};
use syn::{GenericParam, Generics, Type, TypeParamBound, TypePath, WherePredicate, parse_quote};

/// The names around a function that its types may mention.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    /// Type parameters that may stand for borrowed types.
    opaque: HashSet<Ident>,
    /// Type and const parameters in order, for listings.
    generics: Vec<Ident>,
    /// The type parameters among them that are sized.
    sized: Vec<Ident>,
    /// What `Self` is, where the attribute stands on the `impl` block.
    self_ty: Option<Type>,
    /// What `Self::Name` is, likewise.
    types: HashMap<Ident, Type>,
    /// What stands before the name of a function in here where it calls itself, if that is known.
    own_prefix: Option<TokenStream>,
}

impl Scope {
    /// Adds a function's or a container's parameters.
    pub(crate) fn with_generics(&self, generics: &Generics) -> Self {
        let mut scope = self.clone();
        for param in &generics.params {
            match param {
                GenericParam::Type(param) => {
                    scope.generics.push(param.ident.clone());
                    scope.opaque.insert(param.ident.clone());
                    if !param.bounds.iter().any(is_maybe_sized) {
                        scope.sized.push(param.ident.clone());
                    }
                    if param.bounds.iter().any(is_static) {
                        scope.opaque.remove(&param.ident);
                    }
                }
                GenericParam::Const(param) => scope.generics.push(param.ident.clone()),
                GenericParam::Lifetime(_) => {}
            }
        }
        for predicate in generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
            if let WherePredicate::Type(predicate) = predicate
                && let Type::Path(TypePath { qself: None, path, .. }) = &predicate.bounded_ty
                && let Some(ident) = path.get_ident()
            {
                if predicate.bounds.iter().any(is_static) {
                    scope.opaque.remove(ident);
                }
                if predicate.bounds.iter().any(is_maybe_sized) {
                    scope.sized.retain(|sized| sized != ident);
                }
            }
        }
        scope
    }

    /// Says what `Self` is, and its associated types.
    pub(crate) fn with_self(mut self, self_ty: &Type, types: &[(Ident, Type)]) -> Self {
        self.self_ty = Some(self_ty.clone());
        self.types = types.iter().cloned().collect();
        self
    }

    /// Says by which path a function in here calls itself.
    pub(crate) fn with_own_prefix(mut self, prefix: TokenStream) -> Self {
        self.own_prefix = Some(prefix);
        self
    }

    /// What stands before the name of a function in here where it calls itself, if that is known.
    pub(crate) fn own_prefix(&self) -> Option<&TokenStream> {
        self.own_prefix.as_ref()
    }

    /// Whether `name` is a type parameter that may stand for a borrowed type.
    pub(crate) fn is_opaque(&self, name: &Ident) -> bool {
        self.opaque.contains(name)
    }

    /// What `Self` is, where that is known.
    pub(crate) fn known_self(&self) -> Option<&Type> {
        self.self_ty.as_ref()
    }

    /// What `Self::Name` is, where that is known.
    pub(crate) fn known_type(&self, name: &Ident) -> Option<&Type> {
        self.types.get(name)
    }

    /// Names of the type and const parameters.
    pub(crate) fn generics(&self) -> &[Ident] {
        &self.generics
    }

    /// Names of the sized type parameters.
    pub(crate) fn sized(&self) -> &[Ident] {
        &self.sized
    }

    /// The `impl` block's type, or `Self`.
    pub(crate) fn self_type(&self) -> Type {
        self.self_ty.clone().unwrap_or_else(|| parse_quote!(Self))
    }
}

fn is_maybe_sized(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if bound.maybe.is_some())
}

fn is_static(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static")
}
