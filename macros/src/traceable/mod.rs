//! `#[traceable]`: parse the item, check every function in it, expand those that passed.
//!
//! A function that cannot be traced is emitted as it was written, beside its errors. Nothing in
//! here decides anything at run time: that is the runtime's, behind `__private`.

mod arguments;
mod body;
mod check;
mod describe;
mod expand;
mod future;
mod hint;
mod identity;
mod parse;
mod receiver;
mod scope;
mod shown;
mod signature;
mod unseen;

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens, quote};

use self::check::{Place, Verdict, check};
use self::parse::{Container, Item, Member, OwnName, take_attribute};
use crate::args::{Runtime, TraceableArgs};
use crate::errors::Errors;
use crate::function::{Function, changes_nothing, outer};

pub(crate) use self::describe::tracepoint as describe_tracepoint;
pub(crate) use self::identity::identity;
pub(crate) use self::scope::Scope;
pub(crate) use self::signature::{Side, borrowing};
use self::unseen::Unseen;

/// The whole macro: attribute tokens and item tokens in, item tokens out.
///
/// `written` is the attribute as it stands in the source, where that is known.
pub(crate) fn traceable(
    attribute: TokenStream,
    item: TokenStream,
    written: Option<&str>,
) -> TokenStream {
    let name = &OwnName::from_source(written);
    let mut errors = Errors::default();
    let args = TraceableArgs::parse(attribute, &mut errors);
    let expanded = match Item::parse_tokens(item.clone()) {
        Ok(parsed) => {
            let enabled = cfg!(feature = "enabled") && args.skip.is_none();
            let expansion = Expansion { enabled, name };
            match parsed {
                Item::Function(mut function) => {
                    shown::check(&args.redact, [&*function], &mut errors);
                    let scope = Scope::alone(Unseen::around(&function)).with_redacted(&args.redact);
                    function.is_future = args.future;
                    expansion.function(*function, &scope, &args.runtime, Place::Alone, &mut errors)
                }
                Item::Container(container) => {
                    refuse_future(&args, &mut errors);
                    shown::check(&args.redact, container.functions(), &mut errors);
                    let scope = Scope::default().with_redacted(&args.redact);
                    expansion.container(*container, &scope, &args.runtime, &mut errors)
                }
            }
        }
        // What is to be left as it is may be anything.
        Err(_) if args.skip.is_some() => item,
        Err(error) => {
            errors.push_error(error);
            item
        }
    };
    let errors = errors.into_tokens();
    quote!(#expanded #errors)
}

/// What is said of one function does not hold of all that are in a block.
fn refuse_future(args: &TraceableArgs, errors: &mut Errors) {
    if let Some(span) = args.future {
        let message = "`future` belongs on the function that returns one: `#[traceable(future)]`";
        errors.push_error(syn::Error::new(span, message));
    }
}

/// One run over an item and everything nested in it.
#[derive(Clone, Copy)]
struct Expansion<'a> {
    /// Off: only take our own attributes out.
    enabled: bool,
    name: &'a OwnName,
}

impl Expansion<'_> {
    fn function(
        self,
        mut function: Function,
        scope: &Scope,
        runtime: &Runtime,
        place: Place,
        errors: &mut Errors,
    ) -> TokenStream {
        let Some(nested) = take_attribute(&mut function.attrs, self.name, errors) else {
            return function.into_token_stream();
        };
        if !self.enabled || nested.skip.is_some() {
            return function.into_token_stream();
        }
        function.is_future = function.is_future.or(nested.future);
        let rewritten = !function.attrs.iter().all(changes_nothing);
        shown::check(&nested.redact, [&function], errors);
        let scope = scope.with_generics(&function.sig.generics).with_rewritten(rewritten);
        let scope = scope.with_redacted(&nested.redact);
        match check(&function, place, errors) {
            Verdict::Trace => {
                expand::function(function, &scope, &runtime.overridden_by(nested.runtime))
            }
            Verdict::Leave => function.into_token_stream(),
        }
    }

    fn container(
        self,
        mut container: Container,
        scope: &Scope,
        runtime: &Runtime,
        errors: &mut Errors,
    ) -> TokenStream {
        let Some(nested) = take_attribute(&mut container.attrs, self.name, errors) else {
            return container.into_token_stream();
        };
        refuse_future(&nested, errors);
        let enabled = self.enabled && nested.skip.is_none() && !container.is_for_tests();
        let inner = Self { enabled, ..self };
        let runtime = runtime.overridden_by(nested.runtime);
        let rewritten = !container.attrs.iter().all(changes_nothing);
        shown::check(&nested.redact, container.functions(), errors);
        let scope = scope.clone().with_rewritten(rewritten).with_redacted(&nested.redact);
        let scope = container.scope(&scope);
        let place = Place::In(container.kind);
        let mut body = TokenStream::new();
        container.inner_attrs.iter().for_each(|attr| attr.to_tokens(&mut body));
        for member in container.members {
            body.extend(match member {
                Member::Function(function) => {
                    inner.function(*function, &scope, &runtime, place, errors)
                }
                Member::Container(nested) => inner.container(*nested, &scope, &runtime, errors),
                Member::Other(tokens) => tokens,
            });
        }
        let mut group = Group::new(proc_macro2::Delimiter::Brace, body);
        group.set_span(container.brace.span());
        let attrs = outer(&container.attrs);
        let header = &container.header;
        quote!(#(#attrs)* #header #group)
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::traceable;
    use crate::text::text;

    #[test]
    #[cfg(not(feature = "enabled"))]
    fn disabled_it_leaves_what_was_written() {
        let item = quote! {
            mod bank {
                #[traceable(skip)]
                const fn new() {}
                const fn old(a: u8) {}
            }
        };
        assert_eq!(
            text(traceable(quote!(), item, None)),
            "mod bank { const fn new() {} const fn old(a: u8) {} }"
        );
    }

    #[test]
    fn it_knows_itself_by_the_name_that_was_used() {
        for (written, inner) in [
            ("#[trace]", "trace"),
            ("#[ my::trace(crate = x) ]", "my::trace"),
            ("trace", "trace"),
            ("#[gtramp::traceable]", "traceable"),
        ] {
            let path: syn::Path = syn::parse_str(inner).expect("a path");
            let item = quote!(mod bank { #[#path(skip)] const fn new() {} });
            let found = text(traceable(quote!(), item, Some(written)));
            assert_eq!(found, "mod bank { const fn new() {} }");
        }
        let other = quote!(
            mod bank {
                #[other::trace(skip)]
                fn new();
            }
        );
        let found = text(traceable(quote!(), other.clone(), Some("#[trace]")));
        assert_eq!(found, text(other));
    }

    #[test]
    fn what_is_skipped_may_be_anything() {
        assert_eq!(
            text(traceable(
                quote!(skip),
                quote!(
                    struct Unit;
                ),
                None,
            )),
            "struct Unit;"
        );
    }

    #[test]
    fn what_cannot_be_parsed_is_still_emitted() {
        let found = text(traceable(
            quote!(),
            quote!(
                struct Unit;
            ),
            None,
        ));
        assert!(found.starts_with("struct Unit; ::core::compile_error!"), "{found}");
    }
}
