//! The type of a function, with all its lifetimes: of pointers to it.
//!
//! An argument's [`identity`](super::identity) leaves every lifetime open on its own, and says nothing of which
//! argument a result borrows from. What stands in the place of a function has to borrow from the same. So where
//! a result borrows, both are compared by the type of a pointer to them, in which lifetimes that are left out mean
//! what they mean in the function: but for those of methods, which are written out here.
//!
//! A type that does not compile would break the function. So where a type in it may hide lifetimes, and that would
//! matter, there is none.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::visit_mut::{self, VisitMut};
use syn::{
    FnArg, Lifetime, PathSegment, ReturnType, Signature, Type, TypeFnPtr, TypeReference,
    parse_quote,
};

use super::identity::named;
use super::scope::{Scope, receiver_type};
use crate::function::ungrouped_mut;

/// The type of pointers to a function whose result borrows; `None` if it does not, or the text does not tell.
pub(crate) fn borrowing(sig: &Signature, scope: &Scope) -> Option<Type> {
    let ReturnType::Type(_, output) = &sig.output else { return None };
    let borrows = Lifetimes::of(output).borrows();
    if !borrows || sig.asyncness.is_some() || sig.variadic.is_some() {
        return None;
    }
    let mut inputs = Vec::new();
    for input in &sig.inputs {
        let ty = match input {
            FnArg::Receiver(receiver) => receiver_type(receiver, &parse_quote!(Self)),
            FnArg::Typed(typed) => (*typed.ty).clone(),
        };
        inputs.push(named(&ty, scope).ok()?);
    }
    let mut output = named(output, scope).ok()?;
    if let Some(FnArg::Receiver(_)) = sig.inputs.first() {
        let Type::Reference(own) = ungrouped_mut(&mut inputs[0]) else { return None };
        let lifetime =
            own.lifetime.get_or_insert_with(|| Lifetime::new("'__gtramp", Span::call_site()));
        Elided(lifetime.clone()).visit_type_mut(&mut output);
        let own_type = (*own.elem).clone();
        let mut others = inputs[1..].iter().chain([&own_type]);
        if Lifetimes::of(&output).may_hide && others.any(|ty| Lifetimes::of(ty).may_borrow()) {
            return None;
        }
    }
    let mut of_inputs = HashSet::new();
    inputs.iter().for_each(|ty| of_inputs.extend(Lifetimes::of(ty).named));
    let of_output = Lifetimes::of(&output).named;
    if !of_output.is_subset(&of_inputs) {
        return None;
    }
    let mut lifetimes: Vec<_> = of_inputs.into_iter().collect();
    lifetimes.sort();
    let lifetimes =
        lifetimes.iter().map(|name| Lifetime::new(&format!("'{name}"), Span::call_site()));
    let (unsafety, abi) = (&sig.safety, &sig.abi);
    Some(parse_quote!(for<#(#lifetimes),*> #unsafety #abi fn(#(#inputs),*) -> #output))
}

/// What a type says of lifetimes.
#[derive(Default)]
struct Lifetimes {
    named: HashSet<String>,
    /// There are some that are left out.
    elided: bool,
    /// There may be some that nobody sees.
    may_hide: bool,
}

impl Lifetimes {
    fn of(ty: &Type) -> Self {
        let mut found = Self::default();
        found.visit_type_mut(&mut ty.clone());
        found
    }

    /// Whether there are some that can be seen.
    fn borrows(&self) -> bool {
        self.elided || !self.named.is_empty()
    }

    fn may_borrow(&self) -> bool {
        self.borrows() || self.may_hide
    }
}

/// What has no lifetimes where it has no arguments.
const PLAIN: [&str; 23] = [
    "PathBuf", "String", "bool", "char", "core", "f32", "f64", "i128", "i16", "i32", "i64", "i8",
    "isize", "option", "result", "std", "str", "u128", "u16", "u32", "u64", "u8", "usize",
];

impl VisitMut for Lifetimes {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        match lifetime.ident.to_string().as_str() {
            "static" => {}
            "_" => self.elided = true,
            name => {
                self.named.insert(name.to_owned());
            }
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        self.elided |= reference.lifetime.is_none();
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_path_segment_mut(&mut self, segment: &mut PathSegment) {
        self.may_hide |=
            !PLAIN.iter().any(|plain| segment.ident == plain) && segment.arguments.is_none();
        visit_mut::visit_path_segment_mut(self, segment);
    }

    /// It has binders of its own.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {
        self.may_hide = true;
    }

    fn visit_trait_bound_mut(&mut self, bound: &mut syn::TraitBound) {
        self.may_hide = true;
        visit_mut::visit_trait_bound_mut(self, bound);
    }
}

/// Writes out the lifetimes that are left out.
struct Elided(Lifetime);

impl VisitMut for Elided {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.0.clone();
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime.get_or_insert_with(|| self.0.clone());
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
}

#[cfg(test)]
mod tests {
    use super::{Scope, borrowing};
    use quote::ToTokens;

    fn pointer(text: &str) -> Option<String> {
        let sig: syn::Signature = syn::parse_str(text).expect("a signature");
        let types = [];
        let scope = Scope::default().with_self(&syn::parse_quote!(Bank), &types);
        let scope = scope.with_generics(&sig.generics);
        borrowing(&sig, &scope).map(|ty| ty.to_token_stream().to_string().replace(' ', ""))
    }

    #[test]
    fn a_result_that_borrows_is_tied_to_what_it_borrows_from() {
        for (signature, expected) in [
            ("fn f(a: &str) -> &str", "for<>fn(&str)->&str"),
            (
                "fn f<'a>(a: &'a str, b: &str) -> Option<&'a str>",
                "for<'__gtramp_a>fn(&'__gtramp_astr,&str)->Option<&'__gtramp_astr>",
            ),
            ("fn f(&self, n: u64) -> &str", "for<'__gtramp>fn(&'__gtrampBank,u64)->&'__gtrampstr"),
            (
                "fn f(&self, n: &str) -> &str",
                "for<'__gtramp>fn(&'__gtrampBank,&str)->&'__gtrampstr",
            ),
            ("fn f(&self, n: Own) -> &str", "for<'__gtramp>fn(&'__gtrampBank,Own)->&'__gtrampstr"),
        ] {
            assert_eq!(pointer(signature).as_deref(), Some(expected), "{signature}");
        }
    }

    #[test]
    fn what_does_not_borrow_or_may_hide_what_it_borrows_has_no_type() {
        for signature in [
            "fn f(a: &str)",
            "fn f(a: &str) -> u64",
            "fn f() -> &'static str",
            "fn f(a: &str) -> Own",
            // Which of two arguments `Own` borrows from, if it does, would not compile.
            "fn f(&self, a: &str) -> Result<&str, Own>",
            "fn f<'a>() -> &'a str",
            "fn f<T>(a: &T) -> &T",
            "fn f(self: Pin<&mut Self>) -> &str",
            "async fn f(a: &str) -> &str",
        ] {
            assert_eq!(pointer(signature), None, "{signature}");
        }
    }
}
