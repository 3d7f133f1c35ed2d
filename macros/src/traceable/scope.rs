//! The names around a function that its types may mention.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{
    GenericParam, Generics, Receiver, ReceiverKind, Token, Type, TypeParamBound, TypePath,
    TypeReference, WherePredicate, parse_quote,
};

use super::unseen::Unseen;
use crate::function::ungrouped;
use crate::tokens::any_word;

/// The names around a function that its types may mention.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    /// Type parameters that may stand for borrowed types.
    open: HashSet<Ident>,
    /// Parameters that hide no lifetime: types that are bounded by `'static`, and constants.
    fixed: HashSet<Ident>,
    /// What type parameters are bounded by.
    bounds: Vec<(Ident, TokenStream)>,
    /// Type and const parameters in order, for listings.
    generics: Vec<Ident>,
    /// The type parameters among them that are sized.
    sized: Vec<Ident>,
    /// What `Self` is, where the attribute stands on the `impl` block.
    self_ty: Option<Type>,
    /// What `Self::Name` is, likewise.
    types: HashMap<Ident, Type>,
    /// Names that mean something else in the function than where `Self` was said to be a type.
    shadowed: HashSet<Ident>,
    /// Which names may be parameters of a block that the attribute does not show.
    unseen: Unseen,
    /// Whether an attribute macro below this one may change the types that are written.
    rewritten: bool,
    /// What stands before the name of a function in here where it calls itself, if that is known.
    own_prefix: Option<TokenStream>,
    /// Whether a trait asks for its functions.
    implemented: bool,
    /// Names of arguments that are never shown.
    redacted: Vec<Ident>,
}

impl Scope {
    /// Around a function that carries the attribute itself.
    pub(crate) fn alone(unseen: Unseen) -> Self {
        Self { unseen, ..Self::default() }
    }

    /// Inside a container in this scope, whose own names begin anew.
    pub(crate) fn inside(&self) -> Self {
        Self { rewritten: self.rewritten, redacted: self.redacted.clone(), ..Self::default() }
    }

    /// In which these arguments are not shown either.
    pub(crate) fn with_redacted(mut self, names: &[Ident]) -> Self {
        self.redacted.extend_from_slice(names);
        self
    }

    /// Names of arguments that are never shown.
    pub(crate) fn redacted(&self) -> &[Ident] {
        &self.redacted
    }

    /// Adds a function's or a container's parameters.
    pub(crate) fn with_generics(&self, generics: &Generics) -> Self {
        let mut scope = self.clone();
        for param in &generics.params {
            match param {
                GenericParam::Type(param) => {
                    scope.declare(&param.ident);
                    if !param.bounds.iter().any(is_maybe_sized) {
                        scope.sized.push(param.ident.clone());
                    }
                    // Of two declarations, of which one is compiled, neither is sure.
                    if param.bounds.iter().any(is_static) && !scope.open.contains(&param.ident) {
                        scope.fixed.insert(param.ident.clone());
                    } else {
                        scope.fixed.remove(&param.ident);
                        scope.open.insert(param.ident.clone());
                    }
                    scope.bound(&param.ident, &param.bounds);
                }
                GenericParam::Const(param) => {
                    scope.declare(&param.ident);
                    scope.fixed.insert(param.ident.clone());
                }
                GenericParam::Lifetime(_) => {}
            }
        }
        for predicate in generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
            if let WherePredicate::Type(predicate) = predicate
                && let Type::Path(TypePath { qself: None, path, .. }) = &predicate.bounded_ty
                && let Some(ident) = path.get_ident()
            {
                if predicate.bounds.iter().any(is_static) {
                    scope.open.remove(ident);
                    scope.fixed.insert(ident.clone());
                } else if !scope.fixed.contains(ident) && scope.unseen != Unseen::Nothing {
                    // What is bounded is mostly a parameter, if not one that is declared here.
                    scope.open.insert(ident.clone());
                }
                if predicate.bounds.iter().any(is_maybe_sized) {
                    scope.sized.retain(|sized| sized != ident);
                }
                scope.bound(ident, &predicate.bounds);
            }
        }
        scope
    }

    fn declare(&mut self, name: &Ident) {
        self.generics.push(name.clone());
        if self.self_ty.is_some() {
            self.shadowed.insert(name.clone());
        }
    }

    fn bound(&mut self, name: &Ident, bounds: &Punctuated<TypeParamBound, Token![+]>) {
        self.bounds.push((name.clone(), bounds.to_token_stream()));
    }

    /// Says what a trait is bounded by, and so its `Self`.
    pub(crate) fn with_supertraits(
        mut self,
        bounds: &Punctuated<TypeParamBound, Token![+]>,
    ) -> Self {
        if bounds.iter().any(is_static) {
            self.fixed.insert(Ident::new("Self", Span::call_site()));
        }
        self
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

    /// Says that its functions are asked for by a trait, which may ask for more than they need.
    pub(crate) fn with_implemented(mut self, implemented: bool) -> Self {
        self.implemented = implemented;
        self
    }

    /// Whether a trait asks for its functions.
    pub(crate) fn is_implemented(&self) -> bool {
        self.implemented
    }

    /// Says whether something below the attribute may change the types that are written.
    pub(crate) fn with_rewritten(mut self, rewritten: bool) -> Self {
        self.rewritten |= rewritten;
        self
    }

    /// Whether the types that are written may not be those that are compiled.
    pub(crate) fn is_rewritten(&self) -> bool {
        self.rewritten
    }

    /// What stands before the name of a function in here where it calls itself, if that is known.
    pub(crate) fn own_prefix(&self) -> Option<&TokenStream> {
        self.own_prefix.as_ref()
    }

    /// Whether `name` is a type parameter that may stand for a borrowed type.
    pub(crate) fn is_open(&self, name: &Ident) -> bool {
        self.open.contains(name)
    }

    /// Whether `name` may be a parameter that the attribute does not show.
    pub(crate) fn is_unseen(&self, name: &Ident) -> bool {
        self.unseen.covers(name) && !self.fixed.contains(name)
    }

    /// Whether `name` is a type parameter (or `Self`) that is bounded by `'static`.
    pub(crate) fn is_fixed(&self, name: &Ident) -> bool {
        self.fixed.contains(name)
    }

    /// What the type parameter `name` is bounded by.
    pub(crate) fn bounds_of(&self, name: &Ident) -> impl Iterator<Item = &TokenStream> {
        self.bounds.iter().filter(move |(of, _)| of == name).map(|(_, bounds)| bounds)
    }

    /// What `Self` is, where that is known.
    pub(crate) fn known_self(&self) -> Option<&Type> {
        self.self_ty.as_ref()
    }

    /// What `Self::Name` is, where that is known.
    pub(crate) fn known_type(&self, name: &Ident) -> Option<&Type> {
        self.types.get(name)
    }

    /// Whether a type that was written outside of the function would mean the same in it.
    pub(crate) fn means_the_same(&self, ty: &Type) -> bool {
        self.shadowed.is_empty()
            || !any_word(ty.to_token_stream(), |name| self.shadowed.contains(name))
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

/// The type of `self`, for this `Self`.
pub(super) fn receiver_type(receiver: &Receiver, self_ty: &Type) -> Type {
    match &receiver.kind {
        ReceiverKind::Reference(and, lifetime, mutability) => {
            let elem = match ungrouped(self_ty) {
                Type::TraitObject(_) => parse_quote!((#self_ty)),
                _ => self_ty.clone(),
            };
            Type::Reference(TypeReference {
                attrs: Vec::new(),
                and_token: *and,
                lifetime: lifetime.clone(),
                mutability: *mutability,
                elem: Box::new(elem),
            })
        }
        ReceiverKind::Typed(_, ty) => (**ty).clone(),
        _ => self_ty.clone(),
    }
}

/// The name of a lifetime of the function's in the type, which is without `r#`: one that nobody around it has.
pub(super) fn renamed(name: &str) -> Ident {
    Ident::new(&format!("__gtramp_{name}"), Span::call_site())
}
