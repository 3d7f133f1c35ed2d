//! The part of a link that lives for as long as one of its probes may run.

use std::sync::Arc;

use crate::error::Refusal;
use crate::md::Md;
use crate::probe::{AnyProbe, LinkState};
use crate::site::Function;
use crate::sync::{AtomicBool, AtomicU64, Mutex};

/// What a link is made of. Rows point into it, so it is dropped only when no thread runs, or
/// can still come to run, a probe of it.
pub(crate) struct LinkCore {
    /// Lists that name the link hold it as well.
    pub(crate) state: Arc<LinkState>,
    pub(crate) probes: Vec<Box<dyn AnyProbe>>,
    /// Whether its probes may have callers of their own.
    pub(crate) specialise: bool,
    /// How its probes fit the functions.
    pub(crate) fits: Vec<Fit>,
    /// Where it is attached, in the order of the listing; empty once it is detached.
    pub(crate) members: Mutex<Vec<Member>>,
    /// Whether its probes are in its functions' lists. Changed by transactions.
    pub(crate) enabled: AtomicBool,
    /// How often its probes were put into its functions' lists. Changed by transactions.
    pub(crate) installs: AtomicU64,
    /// Functions that `skip_invalid` left out.
    pub(crate) refused: Vec<Refusal>,
}

/// One function of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) function: &'static Function,
    pub(crate) cookie: u64,
    /// Which of the link's [`Fit`]s.
    pub(crate) fit: u32,
}

/// What a caller is made for, of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) slots: usize,
    pub(crate) ret_in_slot: bool,
}

impl Form {
    pub(crate) fn of(function: &Function) -> Self {
        let ret_in_slot = function.description().types.ret.in_slot;
        Self { slots: function.slots(), ret_in_slot }
    }

    /// That of the function whose metadata these are, which have it at hand.
    pub(crate) fn at(md: &Md) -> Self {
        Self { slots: usize::from(md.target.slots), ret_in_slot: md.target.ret_in_slot }
    }
}

/// How the probes of a link fit a function: few ways for many functions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) form: Form,
    /// For each probe of the link, the bits for its rows' `through`.
    pub(crate) through: Vec<u32>,
}

impl Member {
    /// The metadata of the function's sites; a transaction has made it.
    pub(crate) fn sites(&self) -> impl Iterator<Item = &'static Md> {
        let sites = self.function.sites().iter();
        sites.filter_map(|site| Md::existing(site.data()))
    }
}
