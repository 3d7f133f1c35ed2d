//! The part of a link that lives for as long as one of its probes may run.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use crate::caller::CallAbi;
use crate::error::Refusal;
use crate::md::Md;
use crate::probe::{AnyProbe, LinkState, Payload, discard, drop_caught};
use crate::site::Function;
use crate::sync::{AtomicBool, Mutex};

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
    /// Functions that `skip_invalid` left out.
    pub(crate) refused: Vec<Refusal>,
}

impl Drop for LinkCore {
    /// Drops the probes, each whatever the others do. The first panic goes on when all is done, to
    /// whoever detaches, as that of any value that is dropped; unless that thread is panicking already.
    fn drop(&mut self) {
        let mut first: Option<Payload> = None;
        for probe in core::mem::take(&mut self.probes) {
            match (drop_caught(probe), &first) {
                (Ok(()), _) => {}
                (Err(payload), None) => first = Some(payload),
                (Err(payload), Some(_)) => discard(payload),
            }
        }
        match first {
            Some(payload) if thread::panicking() => discard(payload),
            Some(payload) => resume_unwind(payload),
            None => {}
        }
    }
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
#[derive(Debug, PartialEq, Eq)]
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
