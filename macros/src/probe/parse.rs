//! What a probe attribute may stand on: a function.

use syn::parse::{Parse, ParseStream};
use syn::{Attribute, FnArg, PatType};

use crate::function::Function;

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
