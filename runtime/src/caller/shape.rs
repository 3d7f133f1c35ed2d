//! What distinguishes one shared caller from another.

use core::fmt;

use crate::probe::Needs;

use super::abi::CallAbi;

/// How a caller finds the metadata of the function it was entered for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Lookup {
    /// Through the site, whose data points to it.
    #[default]
    Inline,
    /// In the hash table, by the function's address.
    Hash,
}

/// What a caller is made for.
///
/// Its symbol is called after it: `caller_2_sleep_origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Shape {
    /// How many slots it saves.
    pub(crate) slots: usize,
    /// Whether its probes may block.
    pub(crate) sleepable: bool,
    /// Whether it calls the origin itself, so that something can run after it or in its place.
    pub(crate) origin: bool,
}

impl Shape {
    /// What serves lists with these needs, of functions that pass things like this.
    pub(crate) fn serving(needs: Needs, abi: CallAbi) -> Self {
        Self {
            slots: abi.slots,
            sleepable: needs.has(Needs::SLEEP),
            origin: needs.has(Needs::ORIGIN),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sleep = if self.sleepable { "_sleep" } else { "" };
        let origin = if self.origin { "_origin" } else { "" };
        write!(f, "caller_{}{sleep}{origin}", self.slots)
    }
}
