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
use syn::ext::IdentExt as _;
use syn::visit_mut::{self, VisitMut};
use syn::{
    FnArg, Lifetime, PathArguments, PathSegment, ReceiverKind, ReturnType, Signature, TraitBound,
    Type, TypeFnPtr, TypeReference, parse_quote,
};

use super::identity::named;
use super::scope::{Scope, receiver_type, renamed};
use crate::function::ungrouped_mut;

/// Whose type it is: of a function that may be replaced, or of what replaces one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Side {
    Function,
    Replacement,
}

/// The type of pointers to a function whose result borrows; `None` if it does not, or the text does not tell.
pub(crate) fn borrowing(sig: &Signature, scope: &Scope, side: Side) -> Option<Type> {
    let ReturnType::Type(_, output) = &sig.output else { return None };
    let of_output = Lifetimes::of(output);
    if !of_output.borrows() || sig.asyncness.is_some() || sig.variadic.is_some() {
        return None;
    }
    // What `Self` stands for is written elsewhere, and means something else there where it leaves lifetimes out.
    if scope.known_self().is_some_and(|ty| Lifetimes::of(ty).may_borrow_visibly()) {
        return None;
    }
    let mut output = (**output).clone();
    let mut inputs = Vec::new();
    for input in &sig.inputs {
        inputs.push(match input {
            FnArg::Receiver(receiver) if !matches!(receiver.kind, ReceiverKind::Reference(..)) => {
                return None;
            }
            FnArg::Receiver(receiver) => {
                let own = Lifetime::new("'self_", Span::call_site());
                let mut ty = receiver_type(receiver, &parse_quote!(Self));
                let Type::Reference(reference) = &mut ty else { return None };
                let lifetime = reference.lifetime.get_or_insert(own).clone();
                Elided(lifetime).visit_type_mut(&mut output);
                ty
            }
            FnArg::Typed(typed) => (*typed.ty).clone(),
        });
    }
    let has_receiver = matches!(sig.inputs.first(), Some(FnArg::Receiver(_)));
    let others = inputs.iter().skip(usize::from(has_receiver));
    if has_receiver && of_output.may_hide && others.clone().any(|ty| Lifetimes::of(ty).may_borrow())
    {
        return None;
    }
    if side == Side::Function {
        open_static(&mut inputs);
    }
    // Only references are sure to tie a lifetime: an alias may stand for what does not.
    let (mut tied, mut named_in_inputs, mut elided) = (HashSet::new(), HashSet::new(), false);
    for ty in &inputs {
        let of_input = Lifetimes::of(ty);
        tied.extend(of_input.of_references);
        named_in_inputs.extend(of_input.named);
        elided |= of_input.elided_reference;
    }
    let of_output = Lifetimes::of(&output);
    if !of_output.named.is_subset(&tied) || (of_output.elided && !elided) {
        return None;
    }
    let inputs: Vec<_> = inputs.iter().map(|ty| written_out(ty, scope)).collect::<Option<_>>()?;
    let output = written_out(&output, scope)?;
    let mut lifetimes: Vec<_> = named_in_inputs.into_iter().collect();
    lifetimes.sort();
    let lifetimes = lifetimes.iter().map(|name| {
        let ident = renamed(name);
        Lifetime { apostrophe: Span::call_site(), ident }
    });
    // Neither safety nor calling convention: what takes the place of the function is called as a body is.
    Some(parse_quote!(for<#(#lifetimes),*> fn(#(#inputs),*) -> #output))
}

/// With what `Self` and `Self::Name` stand for, which must have no lifetimes of their own.
fn written_out(ty: &Type, scope: &Scope) -> Option<Type> {
    let written_out = named(ty, scope).ok()?;
    let (before, after) = (Lifetimes::of(ty), Lifetimes::of(&written_out));
    let names: HashSet<_> = before.named.iter().map(|name| renamed(name).to_string()).collect();
    let is_same = names == after.named && before.elided == after.elided;
    (is_same && before.objects == after.objects).then_some(written_out)
}

/// A probe and a replacement are handed a reference for a call, even where the function wants it for ever: see
/// [`argument_identity`](super::identity::argument_identity).
fn open_static(inputs: &mut [Type]) {
    for (index, ty) in inputs.iter_mut().enumerate() {
        if let Type::Reference(reference) = ungrouped_mut(ty)
            && reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static")
        {
            reference.lifetime =
                Some(Lifetime::new(&format!("'static_{index}"), Span::call_site()));
        }
    }
}

/// What a type says of lifetimes.
#[derive(Default)]
struct Lifetimes {
    named: HashSet<String>,
    /// Those of references among them.
    of_references: HashSet<String>,
    /// There are some that are left out.
    elided: bool,
    /// Of a reference.
    elided_reference: bool,
    /// There are traits whose objects may have lifetimes.
    objects: bool,
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
        self.may_borrow_visibly() || self.may_hide
    }

    /// As far as the head of an `impl` block has to show it.
    fn may_borrow_visibly(&self) -> bool {
        self.borrows() || self.objects
    }
}

/// What has no lifetimes where it has no arguments.
const PLAIN: [&str; 23] = [
    "PathBuf", "String", "bool", "char", "core", "f32", "f64", "i128", "i16", "i32", "i64", "i8",
    "isize", "option", "result", "std", "str", "u128", "u16", "u32", "u64", "u8", "usize",
];

impl VisitMut for Lifetimes {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        match lifetime.ident.unraw().to_string().as_str() {
            "static" => {}
            "_" => self.elided = true,
            name => {
                self.named.insert(name.to_owned());
            }
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        match reference.lifetime.as_ref().map(|lifetime| lifetime.ident.unraw().to_string()) {
            None => (self.elided, self.elided_reference) = (true, true),
            Some(name) if name == "_" => self.elided_reference = true,
            Some(name) => {
                self.of_references.insert(name);
            }
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_path_segment_mut(&mut self, segment: &mut PathSegment) {
        self.may_hide |=
            !PLAIN.iter().any(|plain| segment.ident == plain) && segment.arguments.is_none();
        if !has_binders(segment) {
            visit_mut::visit_path_segment_mut(self, segment);
        }
    }

    /// It has binders of its own.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {
        self.may_hide = true;
    }

    fn visit_trait_bound_mut(&mut self, bound: &mut TraitBound) {
        (self.may_hide, self.objects) = (true, true);
        if bound.lifetimes.is_none() {
            visit_mut::visit_trait_bound_mut(self, bound);
        }
    }
}

/// Whether what is inside has binders of its own: `Fn(&str) -> &str`.
fn has_binders(segment: &PathSegment) -> bool {
    matches!(segment.arguments, PathArguments::Parenthesized(_))
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
    use super::{Scope, Side, borrowing};
    use quote::ToTokens;

    fn pointer_in(own: &str, text: &str) -> Option<String> {
        let sig: syn::Signature = syn::parse_str(text).expect("a signature");
        let own: syn::Type = syn::parse_str(own).expect("a type");
        let scope = Scope::default().with_self(&own, &[]).with_generics(&sig.generics);
        let pointer = borrowing(&sig, &scope, Side::Function);
        pointer.map(|ty| ty.to_token_stream().to_string().replace(' ', ""))
    }

    fn pointer(text: &str) -> Option<String> {
        pointer_in("Bank", text)
    }

    #[test]
    fn a_result_that_borrows_is_tied_to_what_it_borrows_from() {
        const OWN: &str = "'__gtramp_self_";
        for (signature, expected) in [
            ("fn f(a: &str) -> &str", "for<>fn(&str)->&str".to_owned()),
            (
                "fn f<'a>(a: &'a str, b: &str) -> Option<&'a str>",
                "for<'__gtramp_a>fn(&'__gtramp_astr,&str)->Option<&'__gtramp_astr>".to_owned(),
            ),
            ("fn f(&self, n: u64) -> &str", format!("for<{OWN}>fn(&{OWN}Bank,u64)->&{OWN}str")),
            ("fn f(&self, n: &str) -> &str", format!("for<{OWN}>fn(&{OWN}Bank,&str)->&{OWN}str")),
            ("fn f(&self) -> &Self", format!("for<{OWN}>fn(&{OWN}Bank)->&{OWN}Bank")),
            ("fn f(&self, n: Own) -> &str", format!("for<{OWN}>fn(&{OWN}Bank,Own)->&{OWN}str")),
            ("fn f(this: &Self) -> &str", "for<>fn(&Bank)->&str".to_owned()),
            (
                "fn f<'a>(a: &'a str, f: &dyn for<'x> Tr<'x>) -> &'a str",
                "for<'__gtramp_a>fn(&'__gtramp_astr,&dynfor<'x>Tr<'x>)->&'__gtramp_astr".to_owned(),
            ),
            (
                "fn f(&self, by: &dyn Fn(&str) -> bool) -> Option<&u8>",
                format!("for<{OWN}>fn(&{OWN}Bank,&dynFn(&str)->bool)->Option<&{OWN}u8>"),
            ),
            (
                "unsafe extern \"C\" fn f<'r#type>(k: &'static str, m: &'r#type u8) -> &'r#type u8",
                "for<'__gtramp_static_0,'__gtramp_type>fn(&'__gtramp_static_0str,&'__gtramp_typeu8)->&'__gtramp_typeu8"
                    .to_owned(),
            ),
        ] {
            assert_eq!(pointer(signature), Some(expected), "{signature}");
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
            "fn f(self, key: &str) -> &str",
            // `Row` may be an alias of what does not tie its lifetime.
            "fn f<'r>(row: Row<'r>) -> Row<'r>",
            "fn f(row: Row<'_>) -> Row<'_>",
            "async fn f(a: &str) -> &str",
        ] {
            assert_eq!(pointer(signature), None, "{signature}");
        }
    }

    #[test]
    fn what_self_leaves_out_is_not_what_the_function_leaves_out() {
        for own in ["View<'_>", "View<'v>", "&Table", "dyn Look + '_", "dyn Look"] {
            for signature in
                ["fn f(&self) -> &Self", "fn f(&self) -> &str", "fn f(this: &Self) -> &str"]
            {
                assert_eq!(pointer_in(own, signature), None, "{own} {signature}");
            }
        }
    }
}
