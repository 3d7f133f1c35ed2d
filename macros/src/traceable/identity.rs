//! Type identity: the tokens of `fn(TYPE)` whose `TypeId` stands for an argument's type.
//!
//! A probe's argument is checked against the function's by `TypeId`, and a `TypeId` needs a type
//! without borrowed lifetimes. `fn(&str)` is such a type: it is short for
//! `for<'x> fn(&'x str)` and is not the same as `fn(&'static str)`. So every lifetime except
//! `'static` is left open, each occurrence on its own, and two sides agree exactly when neither
//! asks more of a lifetime than the other grants.
//!
//! Where the written type does not tell its lifetimes, as `T` does not, there is no identity:
//! the type is *opaque*.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Expr, Lifetime, PathArguments, TraitBound, Type, TypeFnPtr, TypeParamBound, TypePath,
    TypeReference, parse_quote,
};

use super::scope::Scope;

/// `ty` with every lifetime left open, or `None` where it is opaque.
pub(crate) fn identity(ty: &Type, scope: &Scope) -> Option<Type> {
    let mut ty = ty.clone();
    let mut opener = Opener { scope, opaque: false, depth: 0 };
    opener.visit_type_mut(&mut ty);
    (!opener.opaque).then_some(ty)
}

/// As [`identity`], of an argument's type.
///
/// A reference is handed to probes with the call's lifetime, whatever its own is, so that one is
/// left open even where it is `'static`.
pub(crate) fn argument_identity(ty: &Type, scope: &Scope) -> Option<Type> {
    let mut ty = identity(ty, scope)?;
    if let Type::Reference(reference) = &mut ty {
        reference.lifetime = None;
    }
    Some(ty)
}

/// Opens the lifetimes of one type.
struct Opener<'a> {
    scope: &'a Scope,
    opaque: bool,
    /// How many times `Self` has been replaced on the way here.
    depth: u32,
}

impl Opener<'_> {
    /// What the path stands for, where it begins with `Self`.
    fn replacement(&self, path: &TypePath) -> Option<Type> {
        let mut names = path.path.segments.iter();
        match (names.next(), names.next(), names.next()) {
            (Some(_), None, None) => self.scope.known_self().cloned().map(bounded),
            (Some(_), Some(name), None) if name.arguments.is_none() => {
                self.scope.known_type(&name.ident).cloned()
            }
            _ => None,
        }
    }

    /// A part with lifetime binders of its own stays as it is, and must not mention ours.
    fn keep(&mut self, part: impl ToTokens) {
        self.opaque |= self.mentions_ours(part.into_token_stream());
    }

    fn mentions_ours(&self, tokens: TokenStream) -> bool {
        let mut bound = HashSet::new();
        let mut used = HashSet::new();
        let mut names = Vec::new();
        collect(tokens, &mut bound, &mut used, &mut names);
        used.difference(&bound).next().is_some()
            || names
                .iter()
                .any(|name| name == "Self" || name == "impl" || self.scope.is_opaque(name))
    }
}

impl VisitMut for Opener<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::ImplTrait(_)
            | Type::Infer(_)
            | Type::Macro(_)
            | Type::Never(_)
            | Type::Verbatim(_) => {
                self.opaque = true;
            }
            Type::Path(path) if path.qself.is_none() => {
                let first = &path.path.segments[0].ident;
                if path.path.leading_colon.is_none() && first == "Self" {
                    self.depth += 1;
                    match self.replacement(path) {
                        Some(found) if self.depth < 16 => {
                            *ty = found;
                            self.visit_type_mut(ty);
                        }
                        _ => self.opaque = true,
                    }
                    self.depth -= 1;
                } else if path.path.leading_colon.is_none() && self.scope.is_opaque(first) {
                    self.opaque = true;
                } else {
                    visit_mut::visit_type_path_mut(self, path);
                }
            }
            // The projection of an open lifetime has no name of its own.
            Type::Path(path) => {
                let mut lifetimes = HasLifetimes(false);
                lifetimes.visit_type_path_mut(path);
                self.opaque |= lifetimes.0 || self.mentions_ours(path.to_token_stream());
            }
            _ => visit_mut::visit_type_mut(self, ty),
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident != "static") {
            reference.lifetime = None;
        }
        self.visit_type_mut(&mut reference.elem);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            lifetime.ident = Ident::new("_", lifetime.ident.span());
        }
    }

    fn visit_type_fn_ptr_mut(&mut self, pointer: &mut TypeFnPtr) {
        self.keep(pointer);
    }

    fn visit_trait_bound_mut(&mut self, bound: &mut TraitBound) {
        let has_binder = bound.lifetimes.is_some()
            || bound
                .path
                .segments
                .iter()
                .any(|segment| matches!(segment.arguments, PathArguments::Parenthesized(_)));
        if has_binder {
            self.keep(bound);
        } else {
            visit_mut::visit_trait_bound_mut(self, bound);
        }
    }

    fn visit_expr_mut(&mut self, length: &mut Expr) {
        self.keep(length);
    }
}

/// `dyn Trait`, in an `impl` header `dyn Trait + 'static`, says so also behind a reference.
fn bounded(self_ty: Type) -> Type {
    let Type::TraitObject(mut object) = self_ty else {
        return self_ty;
    };
    let is_lifetime = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(_));
    if !object.bounds.iter().any(is_lifetime) {
        object.bounds.push(parse_quote!('static));
    }
    parse_quote!((#object))
}

/// Finds references and lifetimes.
struct HasLifetimes(bool);

impl VisitMut for HasLifetimes {
    fn visit_type_reference_mut(&mut self, _: &mut TypeReference) {
        self.0 = true;
    }

    fn visit_lifetime_mut(&mut self, _: &mut Lifetime) {
        self.0 = true;
    }
}

/// Gathers lifetimes declared by a `for<..>`, lifetimes used, and names.
pub(super) fn collect(
    tokens: TokenStream,
    bound: &mut HashSet<String>,
    used: &mut HashSet<String>,
    names: &mut Vec<Ident>,
) {
    let mut binder = false;
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                let Some(TokenTree::Ident(name)) = tokens.next() else {
                    continue;
                };
                if name != "_" && name != "static" {
                    let set = if binder { &mut *bound } else { &mut *used };
                    set.insert(name.to_string());
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '>' => binder = false,
            TokenTree::Ident(name) => {
                binder |= name == "for";
                names.push(name);
            }
            TokenTree::Group(group) => collect(group.stream(), bound, used, names),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
