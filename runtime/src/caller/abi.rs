//! How a function passes things to its caller.

use crate::md::Md;
use crate::site::Function;

/// What a caller depends on, of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallAbi {
    /// How many slots it takes.
    pub(crate) slots: usize,
    /// Whether its result travels in one, and not through the address in the last.
    pub(crate) ret_in_slot: bool,
}

impl CallAbi {
    pub(crate) fn of(function: &Function) -> Self {
        let ret_in_slot = function.description().types.ret.in_slot;
        Self { slots: function.slots(), ret_in_slot }
    }

    /// That of the function whose metadata these are, which have it at hand.
    pub(crate) fn at(md: &Md) -> Self {
        Self { slots: usize::from(md.target.slots), ret_in_slot: md.target.ret_in_slot }
    }
}
