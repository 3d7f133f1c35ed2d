//! Which names in a function's types may be parameters of a block that the attribute does not show.
//!
//! Under an attribute of its own, a method of `impl<K, Val> Map<K, Val>` mentions `Val` as a function
//! mentions a type. Only where such a name stands for itself, and is not one that everybody knows, can
//! it be a parameter: `Vec<..>` and `bank::Ledger` are none.

use proc_macro2::Ident;
use quote::ToTokens;

use crate::function::{Body, Function};
use crate::tokens::any_word;

/// Which names may be parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Unseen {
    /// None: all are shown.
    #[default]
    Nothing,
    /// Those that look like one, such as `T` and `K1`: a function that may stand in an `impl` block.
    Letters,
    /// Every one: a function that does.
    Any,
}

/// Names of types and traits that are nobody's parameters. Those without parameters of their own matter.
const KNOWN: [&str; 25] = [
    "Arc",
    "Box",
    "CStr",
    "CString",
    "Cow",
    "Duration",
    "Fn",
    "FnMut",
    "FnOnce",
    "Instant",
    "Option",
    "OsStr",
    "OsString",
    "Path",
    "PathBuf",
    "Rc",
    "Result",
    "Self",
    "Send",
    "String",
    "Sync",
    "SystemTime",
    "Unpin",
    "Vec",
    "Sized",
];

impl Unseen {
    /// For a function under an attribute of its own.
    pub(crate) fn around(function: &Function) -> Self {
        let sig = &function.sig;
        if sig.receiver().is_some() {
            return Self::Any;
        }
        let types = || [sig.inputs.to_token_stream(), sig.output.to_token_stream()];
        let is_self = |name: &Ident| name == "Self";
        // The body is looked at only if that decides something.
        if types().into_iter().any(|tokens| any_word(tokens, is_self))
            || types().into_iter().any(|tokens| any_word(tokens, |name| Self::Any.covers(name)))
                && matches!(&function.body, Body::Block(body) if any_word(body.stream(), is_self))
        {
            return Self::Any;
        }
        Self::Letters
    }

    /// Whether `name` may be a parameter.
    pub(crate) fn covers(self, name: &Ident) -> bool {
        if self == Self::Nothing {
            return false;
        }
        let text = name.to_string();
        let mut rest = text.chars();
        let upper = rest.next().is_some_and(char::is_uppercase);
        match self {
            Self::Nothing => false,
            Self::Letters => upper && rest.all(|c| c.is_ascii_digit()),
            Self::Any => upper && !KNOWN.contains(&text.as_str()),
        }
    }
}
