//! What a probe attribute may stand on: a function.

use syn::parse::{Parse, ParseStream};
use syn::{Attribute, FnArg, PatType};

use crate::errors::Errors;
use crate::function::{Function, is_attr};

/// The attributes that make a function something else.
const PROBES: [&str; 6] = ["fentry", "fexit", "fmod_ret", "poll", "fsession", "replace"];

/// The function below the attribute.
pub(crate) struct ProbeFn(pub(crate) Function);

impl Parse for ProbeFn {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        if !Function::peek(input) {
            return Err(input.error("a probe is a function"));
        }
        Function::parse_after(attrs, input).map(Self)
    }
}

impl ProbeFn {
    /// The first parameter.
    pub(crate) fn context(&self) -> Option<&FnArg> {
        self.0.sig.inputs.first()
    }

    /// Refuses to be a second probe as well, and forgets that it was asked to.
    pub(crate) fn be_one(&mut self, errors: &mut Errors) {
        let is_another = |attr: &mut Attribute| PROBES.iter().any(|name| is_attr(attr, name));
        for attr in self.0.attrs.extract_if(.., is_another) {
            errors.push(
                attr,
                "a function is one probe: write another function, which may call this one's code",
            );
        }
    }

    /// The parameters after the context.
    pub(crate) fn params(&self) -> Vec<&PatType> {
        self.0
            .sig
            .inputs
            .iter()
            .skip(1)
            .filter_map(|input| match input {
                FnArg::Typed(typed) => Some(typed),
                FnArg::Receiver(_) => None,
            })
            .collect()
    }
}
