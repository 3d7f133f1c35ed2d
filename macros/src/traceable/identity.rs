//! Type identity: the tokens of `fn(TYPE)` whose `TypeId` stands for an argument's type.
//!
//! A probe's argument is checked against the function's by `TypeId`, and a `TypeId` needs a type
//! without borrowed lifetimes. `fn(&str)` is such a type: it is short for
//! `for<'x> fn(&'x str)` and is not the same as `fn(&'static str)`. So every lifetime except
//! `'static` is left open, each occurrence on its own, and two sides agree exactly when neither
//! asks more of a lifetime than the other grants.
//!
//! Where the written type does not tell its lifetimes, as `T` does not, there is no identity:
//! the type is *opaque*. So it is where the text may not be what is compiled: under `cfg`, under
//! another attribute macro, and where a name means something else than it did where it was written.
//! That the type is the text's is compared at run time; here it is lifetimes that must not be wrong.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Expr, Lifetime, PathArguments, TraitBound, Type, TypeFnPtr, TypeParamBound, TypePath,
    TypeReference, parse_quote,
};

use super::scope::{Scope, renamed};
use crate::function::ungrouped_mut;

/// Why a type is opaque.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Opaque {
    /// It mentions a type parameter without a `'static` bound.
    Parameter(Ident),
    /// It mentions `Self`, and it is not known what that is.
    SelfType,
    /// It mentions a name that may be a parameter of a block that the attribute does not show.
    Unseen(Ident),
    /// `impl Trait` in it stands for any type.
    Impl,
    /// Anything else of which the text does not tell, or may not tell, what is compiled.
    Text,
}

impl Opaque {
    /// A word for it, which the runtime makes a sentence of. No type looks like it.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Parameter(name) => name.to_string(),
            Self::SelfType => "Self".to_owned(),
            Self::Unseen(name) => format!("?{name}"),
            Self::Impl => "impl".to_owned(),
            Self::Text => "?".to_owned(),
        }
    }
}

/// `ty` with every lifetime left open, or why it is opaque.
pub(crate) fn identity(ty: &Type, scope: &Scope) -> Result<Type, Opaque> {
    opened(ty, scope, false)
}

/// `ty` with the lifetimes that have names under others, which nobody around the function has.
pub(super) fn named(ty: &Type, scope: &Scope) -> Result<Type, Opaque> {
    opened(ty, scope, true)
}

fn opened(ty: &Type, scope: &Scope, keeps_names: bool) -> Result<Type, Opaque> {
    let mut ty = ty.clone();
    let mut opener = Opener { scope, opaque: None, depth: 0, keeps_names };
    if scope.is_rewritten() {
        opener.give_up(Opaque::Text);
    }
    opener.visit_type_mut(&mut ty);
    opener.opaque.map_or(Ok(ty), Err)
}

/// As [`identity`], of an argument's type.
///
/// A reference is handed to probes with the call's lifetime, whatever its own is, so that one is
/// left open even where it is `'static`.
pub(crate) fn argument_identity(ty: &Type, scope: &Scope) -> Result<Type, Opaque> {
    let mut ty = identity(ty, scope)?;
    if let Type::Reference(reference) = ungrouped_mut(&mut ty) {
        reference.lifetime = None;
    }
    Ok(ty)
}

/// Opens the lifetimes of one type.
struct Opener<'a> {
    scope: &'a Scope,
    opaque: Option<Opaque>,
    /// How many times `Self` has been replaced on the way here.
    depth: u32,
    /// Whether lifetimes that have names stay apart.
    keeps_names: bool,
}

impl Opener<'_> {
    /// The first reason is the one that is told.
    fn give_up(&mut self, why: Opaque) {
        self.opaque.get_or_insert(why);
    }

    /// What the path stands for, where it begins with `Self`.
    fn replacement(&self, path: &TypePath) -> Option<Type> {
        let mut names = path.path.segments.iter();
        let found = match (names.next(), names.next(), names.next()) {
            (Some(_), None, None) => self.scope.known_self(),
            (Some(_), Some(name), None) if name.arguments.is_none() => {
                self.scope.known_type(&name.ident)
            }
            _ => None,
        };
        found.filter(|ty| self.scope.means_the_same(ty)).cloned().map(bounded)
    }

    /// A part with lifetime binders of its own stays as it is, and must not mention ours.
    fn keep(&mut self, part: impl ToTokens) {
        if let Some(why) = self.mention(part.into_token_stream()) {
            self.give_up(why);
        }
    }

    /// Why tokens that stay as they are do not tell their lifetimes.
    fn mention(&self, tokens: TokenStream) -> Option<Opaque> {
        let mut bound = HashSet::new();
        let mut used = HashSet::new();
        let mut names = Vec::new();
        collect(tokens, &mut bound, &mut used, &mut names);
        if let Some(why) = names.iter().find_map(|name| self.name(name)) {
            return Some(why);
        }
        used.difference(&bound).next().map(|_| Opaque::Text)
    }

    /// Why the name of a type does not tell its lifetimes.
    fn name(&self, name: &Ident) -> Option<Opaque> {
        if name == "impl" {
            Some(Opaque::Impl)
        } else if name == "Self" {
            Some(Opaque::SelfType)
        } else if self.scope.is_open(name) {
            Some(Opaque::Parameter(name.clone()))
        } else {
            self.scope.is_unseen(name).then(|| Opaque::Unseen(name.clone()))
        }
    }

    fn visit_own_path(&mut self, ty: &mut Type) {
        let Type::Path(path) = ty else { return };
        let first = path.path.segments[0].clone();
        if first.ident == "Self" {
            if self.scope.known_self().is_none()
                && self.scope.is_fixed(&first.ident)
                && path.path.segments.len() == 1
            {
                return;
            }
            self.depth += 1;
            match self.replacement(path) {
                Some(found) if self.depth < 16 => {
                    *ty = found;
                    self.visit_type_mut(ty);
                }
                _ if self.scope.known_self().is_some() => self.give_up(Opaque::Text),
                _ => self.give_up(Opaque::SelfType),
            }
            self.depth -= 1;
            return;
        }
        // What has arguments is no parameter.
        if first.arguments.is_none()
            && let Some(why) = self.name(&first.ident)
        {
            return self.give_up(why);
        }
        if self.scope.is_fixed(&first.ident) && path.path.segments.len() > 1 {
            // `T::Item` borrows nothing if neither `T` nor the trait's arguments do.
            let bounds = self.scope.bounds_of(&first.ident).cloned();
            let mut parts = bounds.chain([path.to_token_stream()]);
            let unknown = parts.find_map(|part| self.mention(part));
            if let Some(why) = unknown.or_else(|| has_lifetimes(path).then_some(Opaque::Text)) {
                return self.give_up(why);
            }
        }
        visit_mut::visit_type_path_mut(self, path);
    }
}

impl VisitMut for Opener<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        match ty {
            Type::ImplTrait(_) => self.give_up(Opaque::Impl),
            Type::Infer(_) | Type::Macro(_) | Type::Never(_) | Type::Verbatim(_) => {
                self.give_up(Opaque::Text);
            }
            Type::Path(path) if path.qself.is_none() && path.path.leading_colon.is_none() => {
                self.visit_own_path(ty);
            }
            // The projection of an open lifetime has no name of its own.
            Type::Path(path) if path.qself.is_some() => {
                let lifetimes = has_lifetimes(path).then_some(Opaque::Text);
                if let Some(why) = self.mention(path.to_token_stream()).or(lifetimes) {
                    self.give_up(why);
                }
            }
            _ => visit_mut::visit_type_mut(self, ty),
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        match &mut reference.lifetime {
            Some(lifetime) if self.keeps_names => self.visit_lifetime_mut(lifetime),
            Some(lifetime) if lifetime.ident != "static" => reference.lifetime = None,
            _ => {}
        }
        self.visit_type_mut(&mut reference.elem);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if self.keeps_names && lifetime.ident != "static" && lifetime.ident != "_" {
            lifetime.ident = renamed(&lifetime.ident.unraw().to_string());
        } else if lifetime.ident != "static" {
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
        // A name is that of a constant, whose lifetimes nobody sees.
        if !matches!(length, Expr::Path(path) if path.path.get_ident().is_some()) {
            self.keep(length);
        }
    }
}

/// `dyn Trait`, in an `impl` header `dyn Trait + 'static`, says so also behind a reference.
fn bounded(mut found: Type) -> Type {
    let Type::TraitObject(object) = ungrouped_mut(&mut found) else {
        return found;
    };
    let is_lifetime = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(_));
    if !object.bounds.iter().any(is_lifetime) {
        object.bounds.push(parse_quote!('static));
    }
    parse_quote!((#object))
}

fn has_lifetimes(path: &mut TypePath) -> bool {
    let mut lifetimes = HasLifetimes(false);
    lifetimes.visit_type_path_mut(path);
    lifetimes.0
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
