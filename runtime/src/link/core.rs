//! The part of a link that lives for as long as one of its probes may run.

use std::sync::Arc;

use crate::caller::{CallAbi, Lookup};
use crate::error::Refusal;
use crate::md::Md;
use crate::probe::{AnyProbe, LinkState, drop_caught, first_panic, go_on};
use crate::scope::Limit;
use crate::site::Function;
use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering, lock};

use super::cookie::Cookies;

/// What a link is made of. Rows point into it, so it is dropped only when no thread runs, or
/// can still come to run, a probe of it.
pub(crate) struct LinkCore {
    /// Lists that name the link hold it as well.
    pub(crate) state: Arc<LinkState>,
    pub(crate) probes: Vec<Box<dyn AnyProbe>>,
    pub(crate) settings: Settings,
    /// The cookies of its functions, and of those that come to it.
    pub(crate) cookies: Cookies,
    /// How its probes fit the functions. Only added to, by transactions.
    pub(crate) fits: Mutex<Vec<Fit>>,
    /// Where it is attached, in the order of the listing; empty once it is detached.
    pub(crate) members: Mutex<Vec<Member>>,
    /// How often these were changed. Changed by transactions, as all that follows.
    pub(crate) changes: AtomicU64,
    /// Whether its probes are in its functions' lists. Probes that are exchanged share it.
    pub(crate) enabled: Arc<AtomicBool>,
    /// Whether it was detached, or its probes were exchanged.
    pub(crate) gone: AtomicBool,
    /// Functions that `skip_invalid` left out.
    pub(crate) refused: Mutex<Vec<Refusal>>,
}

impl LinkCore {
    /// Takes note of more fits: `fits` begins with those that there were when somebody looked. Under the
    /// transaction lock.
    pub(crate) fn add_fits(&self, fits: &[Fit]) {
        let mut known = lock(&self.fits);
        if let Some(more @ [_, ..]) = fits.get(known.len()..) {
            known.extend_from_slice(more);
            // Whoever has looked before looks again.
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What a builder says of a link and nothing changes afterwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) sleepable: bool,
    pub(crate) lookup: Lookup,
    pub(crate) skip_invalid: bool,
    pub(crate) limit: Limit,
}

impl Settings {
    pub(crate) fn is_hashed(self) -> bool {
        self.lookup == Lookup::Hash
    }
}

impl Drop for LinkCore {
    /// Drops what is the user's, each whatever the others do. The first panic goes on when all is done, to
    /// whoever detaches, as that of any value that is dropped; unless that thread is panicking already.
    fn drop(&mut self) {
        let probes = core::mem::take(&mut self.probes).into_iter().map(drop_caught);
        let cookies = core::mem::replace(&mut self.cookies, Cookies::Same(0));
        go_on(first_panic(probes.chain(core::iter::once_with(|| drop_caught(cookies)))));
    }
}

/// What becomes of a link when none of its probes runs any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is dropped.
    Goes,
    /// Somebody has it.
    Stays,
}

/// One function of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) function: &'static Function,
    pub(crate) cookie: u64,
    /// Which of the link's [`Fit`]s.
    pub(crate) fit: u32,
}

/// How the probes of a link fit a function: few ways for many functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) abi: CallAbi,
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
