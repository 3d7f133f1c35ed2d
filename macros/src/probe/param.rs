//! One typed parameter of a probe: what it asks for, and how the expansion reads it.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::visit_mut::VisitMut;
use syn::{Lifetime, Type, TypeReference};

use crate::errors::Errors;
use crate::function::ungrouped;
use crate::text::text;
use crate::traceable::{Scope, identity};

/// A parameter that passed its checks.
pub(crate) struct Param {
    /// Its type as written.
    written: Type,
    /// Its type with every lifetime open.
    pub(crate) open: Type,
    how: How,
}

/// How it takes its argument. The type is the one behind the reference or pointer, open.
enum How {
    Value,
    Shared(Type),
    Pointer(Type),
}

impl How {
    /// By value, which the compiler will find to be `Copy` or not; the usual ones are told here.
    fn value(ty: &Type, errors: &mut Errors) -> Option<Self> {
        if is_owned(ty) {
            let message = format!(
                "a probe does not take arguments away: take it by reference, `&{}`",
                text(ty),
            );
            errors.push(ty, message);
            return None;
        }
        Some(Self::Value)
    }
}

/// Whether it is one of the standard library's types that own something.
fn is_owned(ty: &Type) -> bool {
    const OWNED: [&str; 12] = [
        "String", "Vec", "Box", "Rc", "Arc", "PathBuf", "OsString", "HashMap", "HashSet",
        "BTreeMap", "BTreeSet", "VecDeque",
    ];
    let Type::Path(path) = ungrouped(ty) else { return false };
    path.path.segments.last().is_some_and(|last| OWNED.iter().any(|name| last.ident == name))
}

impl Param {
    /// A parameter that runs before the origin: `&T`, or a `Copy` type by value.
    pub(crate) fn at_entry(ty: &Type, errors: &mut Errors) -> Option<Self> {
        let open = open(ty, errors)?;
        let how = match ungrouped(&open) {
            Type::Reference(reference) => {
                if let Some(token) = &reference.mutability {
                    errors.push(token, "a probe does not change arguments: take it by `&`");
                    return None;
                }
                if let Some(lifetime) = &reference.lifetime {
                    errors.push(
                        lifetime,
                        "a probe borrows an argument for its run alone; leave out `'static`",
                    );
                    return None;
                }
                How::Shared((*reference.elem).clone())
            }
            _ => How::value(ty, errors)?,
        };
        Some(Self { written: ty.clone(), open, how })
    }

    /// A parameter that runs after the origin: a `Copy` type that borrows nothing, or a pointer.
    pub(crate) fn at_exit(ty: &Type, errors: &mut Errors) -> Option<Self> {
        const MOVED: &str = "at exit an argument may have been moved away: take a `Copy` value, or save what \
            you need at entry (only the last parameter may be a reference: the result)";
        let open = open(ty, errors)?;
        let how = match ungrouped(&open) {
            Type::Reference(_) => {
                errors.push(ty, MOVED);
                return None;
            }
            Type::Ptr(pointer) => How::Pointer((*pointer.elem).clone()),
            _ => {
                if let Some(borrowed) = first_borrow(ty) {
                    errors.push_error(syn::Error::new(borrowed, MOVED));
                    return None;
                }
                if is_owned(ty) {
                    errors.push(ty, MOVED);
                    return None;
                }
                How::Value
            }
        };
        Some(Self { written: ty.clone(), open, how })
    }

    /// Whether the shim has to prove that the value borrows nothing.
    pub(crate) fn is_value(&self) -> bool {
        matches!(self.how, How::Value)
    }

    /// Where its type is written.
    pub(crate) fn span(&self) -> proc_macro2::Span {
        self.written.span()
    }

    /// The `Param` that the runtime checks against a function.
    pub(crate) fn description(&self, private: &TokenStream) -> TokenStream {
        let written = text(&self.written);
        let id = |ty: TokenStream| quote!(#private::type_id_of::<fn(#ty)>());
        match &self.how {
            How::Value => {
                let open = &self.open;
                let id = id(quote!(#open));
                quote_spanned!(self.written.span()=> #private::Param::value::<#open>(#written, #id))
            }
            How::Shared(elem) => {
                let (of, shared, unique) =
                    (id(quote!(#elem)), id(quote!(&#elem)), id(quote!(&mut #elem)));
                quote!(#private::Param::shared::<#elem>(#written, #of, #shared, #unique))
            }
            How::Pointer(elem) => {
                let (constant, mutable) = (id(quote!(*const #elem)), id(quote!(*mut #elem)));
                let (shared, unique) = (id(quote!(&#elem)), id(quote!(&mut #elem)));
                quote!(#private::Param::pointer::<#elem>(#written, #constant, #mutable, #shared, #unique))
            }
        }
    }

    /// The unsafe expression that reads it from the context.
    pub(crate) fn read(&self, index: usize, context: &Ident, private: &TokenStream) -> TokenStream {
        let open = &self.open;
        match &self.how {
            How::Value => {
                quote_spanned!(self.written.span()=> #private::#context::value::<#open>(ctx, #index))
            }
            How::Shared(elem) => quote!(#private::#context::shared::<#elem>(ctx, #index)),
            How::Pointer(elem) => {
                quote!(#private::#context::pointer::<#elem>(ctx, #index) as #open)
            }
        }
    }
}

/// `ty` with every lifetime but `'static` left open.
pub(crate) fn open(ty: &Type, errors: &mut Errors) -> Option<Type> {
    let open = identity(ty, &Scope::default()).ok();
    if open.is_none() {
        errors.push(
            ty,
            "a probe's parameter needs a type written out in full, without `impl`, `_`, `Self`, `!` or macros",
        );
    }
    open
}

/// Where the first reference or lifetime stands that is not `'static`.
pub(crate) fn first_borrow(ty: &Type) -> Option<proc_macro2::Span> {
    struct Finder(Option<proc_macro2::Span>);
    impl VisitMut for Finder {
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            match &reference.lifetime {
                Some(lifetime) if lifetime.ident == "static" => {
                    self.visit_type_mut(&mut reference.elem)
                }
                _ => self.0 = self.0.or(Some(reference.and_token.span)),
            }
        }

        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident != "static" {
                self.0 = self.0.or(Some(lifetime.span()));
            }
        }

        // These have binders of their own: what they borrow is not the call's.
        fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments_mut(
            &mut self,
            _: &mut syn::ParenthesizedGenericArguments,
        ) {
        }
    }
    let mut finder = Finder(None);
    finder.visit_type_mut(&mut ty.clone());
    finder.0
}
