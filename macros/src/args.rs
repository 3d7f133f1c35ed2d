//! The options inside the attributes' parentheses.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Ident, LitStr, Path, Token, parenthesized, token};

use crate::errors::Errors;
use crate::tokens::respanned;

/// The most arguments a traceable function may have, whatever the generator's configuration says.
///
/// How many it has callers for is the generator's to say: `call_N` for a count without callers
/// exists too, and its bounds name the option to change.
pub(crate) const MAX_ARGS: usize = 32;

/// Where the generated code finds gtramp: `::gtramp` unless `crate = path` says otherwise.
#[derive(Clone, Default)]
pub(crate) struct Runtime(Option<Path>);

impl Runtime {
    /// At this path.
    pub(crate) fn at(path: Path) -> Self {
        Self(Some(path))
    }

    /// `crate = path,` in front of what else a macro is handed, if it is there.
    pub(crate) fn parse_first(input: ParseStream) -> syn::Result<Self> {
        if !input.peek(Token![crate]) {
            return Ok(Self::default());
        }
        input.parse::<Token![crate]>()?;
        let path = parse_crate(input)?;
        input.parse::<Token![,]>()?;
        Ok(Self(Some(path)))
    }

    /// The path of the module that holds everything expansions may name.
    pub(crate) fn private(&self) -> TokenStream {
        match &self.0 {
            Some(path) => quote!(#path::__private),
            None => quote!(::gtramp::__private),
        }
    }

    /// The same, as if it were written at `place`; a path that the attribute was given still means what it meant
    /// there.
    pub(crate) fn private_at(&self, place: Span) -> TokenStream {
        match &self.0 {
            Some(path) => {
                let path = respanned(path.to_token_stream(), |span| span.located_at(place));
                quote_spanned!(place=> #path::__private)
            }
            None => quote_spanned!(place=> ::gtramp::__private),
        }
    }

    /// A statement for clippy, which does not see what else names the path that was chosen.
    pub(crate) fn mention(&self) -> Option<TokenStream> {
        let path = self.0.as_ref()?;
        Some(quote!(#[cfg(clippy)] let _ = #path::__private::MAX_ARGS;))
    }

    /// The more deeply nested attribute's choice, where it made one.
    pub(crate) fn overridden_by(&self, inner: Self) -> Self {
        if inner.0.is_some() { inner } else { self.clone() }
    }
}

/// Options of `#[traceable(..)]`.
#[derive(Default)]
pub(crate) struct TraceableArgs {
    /// `skip`: leave this item as it is.
    pub(crate) skip: Option<Span>,
    /// `future`: the function returns a future whose life is its call.
    pub(crate) future: Option<Span>,
    /// `redact(name, ..)`: arguments that are never shown, and `return` for the result.
    pub(crate) redact: Vec<Ident>,
    /// `crate = path`.
    pub(crate) runtime: Runtime,
}

impl TraceableArgs {
    /// Reads the options, leaving out those it cannot make sense of.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        each_option(tokens, errors, |option, input| {
            match option {
                Opt::Crate => args.runtime = parse_crate(input).map(Some).map(Runtime)?,
                Opt::Name(name) if name == "skip" => args.skip = Some(name.span()),
                Opt::Name(name) if name == "future" => args.future = Some(name.span()),
                Opt::Name(name) if name == "redact" => {
                    args.redact.extend(parse_redact(&name, input)?)
                }
                Opt::Name(name) => {
                    return Err(unknown(
                        &name,
                        "`skip`, `redact(argument, ..)`, `future` and `crate = path`",
                    ));
                }
                Opt::Text(text) => {
                    let message = "`#[traceable]` takes no patterns; they belong on the probe";
                    return Err(syn::Error::new(text.span(), message));
                }
            }
            Ok(())
        });
        args
    }
}

/// Options of the probe attributes.
#[derive(Default)]
pub(crate) struct ProbeArgs {
    /// Which functions `attach` takes.
    pub(crate) patterns: Vec<LitStr>,
    /// `sleepable`: the probe may block.
    pub(crate) sleepable: bool,
    /// `future`: the probe answers with futures, which are awaited.
    pub(crate) future: Option<Span>,
    /// `crate = path`.
    pub(crate) runtime: Runtime,
}

impl ProbeArgs {
    /// Reads the options, leaving out those it cannot make sense of.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        each_option(tokens, errors, |option, input| {
            match option {
                Opt::Crate => args.runtime = parse_crate(input).map(Some).map(Runtime)?,
                Opt::Name(name) if name == "sleepable" => args.sleepable = true,
                Opt::Name(name) if name == "future" => args.future = Some(name.span()),
                Opt::Name(name) => {
                    let known = "string patterns, `sleepable`, `crate = path`, and of `#[fmod_ret]` `future`";
                    return Err(unknown(&name, known));
                }
                Opt::Text(text) if text.value().trim_start_matches('!').is_empty() => {
                    let message = "an empty pattern matches no function; leave it out";
                    return Err(syn::Error::new(text.span(), message));
                }
                Opt::Text(text) => args.patterns.push(text),
            }
            Ok(())
        });
        args
    }

    /// Of all but `#[fmod_ret]`.
    pub(crate) fn refuse_future(&self, errors: &mut Errors) {
        if let Some(span) = self.future {
            let message = "`future` is for `#[fmod_ret]`, which then answers with futures; the life of an async \
                           function is seen without it";
            errors.push_error(syn::Error::new(span, message));
        }
    }
}

/// How one option begins.
enum Opt {
    Crate,
    Name(Ident),
    Text(LitStr),
}

/// Hands every comma-separated option to `take`; a wrong one is recorded and passed over.
fn each_option(
    tokens: TokenStream,
    errors: &mut Errors,
    mut take: impl FnMut(Opt, ParseStream) -> syn::Result<()>,
) {
    let parser = |input: ParseStream| {
        while !input.is_empty() {
            if let Err(error) = one_option(input, &mut take) {
                errors.push_error(error);
                skip_to_comma(input)?;
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push_error(error);
    }
}

fn one_option(
    input: ParseStream,
    take: &mut impl FnMut(Opt, ParseStream) -> syn::Result<()>,
) -> syn::Result<()> {
    let option = if input.peek(Token![crate]) {
        input.parse::<Token![crate]>()?;
        Opt::Crate
    } else if input.peek(LitStr) {
        Opt::Text(input.parse()?)
    } else {
        Opt::Name(input.call(Ident::parse_any)?)
    };
    take(option, input)?;
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(input.error("expected `,`"))
}

/// What follows the word.
pub(crate) fn parse_crate(input: ParseStream) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    input.call(Path::parse_mod_style)
}

fn parse_redact(option: &Ident, input: ParseStream) -> syn::Result<Vec<Ident>> {
    const WANTED: &str =
        "`redact` takes names of arguments, and `return` for the result: `redact(password)`";
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(option.span(), WANTED));
    }
    let names;
    parenthesized!(names in input);
    let names = names.parse_terminated(Ident::parse_any, Token![,])?;
    if names.is_empty() {
        return Err(syn::Error::new(option.span(), WANTED));
    }
    Ok(names.into_iter().collect())
}

fn skip_to_comma(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn unknown(name: &Ident, known: &str) -> syn::Error {
    syn::Error::new(name.span(), format!("unknown option `{name}`; there are {known}"))
}
