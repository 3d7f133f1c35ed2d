//! What a link says of itself.

use core::fmt;

use crate::error::Error;
use crate::probe::Kind;
use crate::site::Function;
use crate::sync::{Ordering, lock};

use super::core::LinkCore;
use super::transaction::Transaction;

/// What a link is attached to and how it fared, at one moment.
#[derive(Debug)]
#[non_exhaustive]
pub struct LinkInfo {
    /// The kinds of its probes, in the order in which they were added.
    pub kinds: Vec<Kind>,
    /// Where it is attached.
    pub functions: Vec<LinkedFunction>,
    /// The functions that `skip_invalid` left out, and why.
    pub refused: Vec<(&'static Function, String)>,
    /// Calls of its functions that it did not see, because one of its probes was running on the
    /// same thread, or probes of fourteen links were.
    pub missed: u64,
    /// Whether its probes run.
    pub enabled: bool,
    /// The first panic of one of its probes.
    pub panic: Option<String>,
}

/// One function of a link.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LinkedFunction {
    /// The function.
    pub function: &'static Function,
    /// Its cookie.
    pub cookie: u64,
    /// The symbol name of the caller that serves it now: other links have a say in it.
    pub caller: &'static str,
}

impl LinkInfo {
    pub(super) fn of(link: &LinkCore) -> Self {
        let transaction = Transaction::begin();
        let (functions, panic) = if transaction.is_some() {
            let functions = lock(&link.members).iter().map(LinkedFunction::of).collect();
            (functions, link.state.panic_message())
        } else {
            // Whoever had the lock may have had the others.
            let members = link.members.try_lock().ok();
            let functions = members.iter().flat_map(|members| members.iter());
            (functions.map(LinkedFunction::of).collect(), None)
        };
        drop(transaction);
        let refusal = |refusal: &crate::error::Refusal| {
            (refusal.function(), Error::to_string(refusal.reason()))
        };
        Self {
            kinds: link.probes.iter().map(|probe| probe.kind()).collect(),
            functions,
            refused: link.refused.iter().map(refusal).collect(),
            missed: link.state.missed(),
            enabled: link.enabled.load(Ordering::Relaxed),
            panic,
        }
    }
}

/// Several lines, for people.
impl fmt::Display for LinkInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self.kinds.iter().map(Kind::to_string).collect();
        write!(f, "{} at {} function(s)", kinds.join(" + "), self.functions.len())?;
        write!(f, ", {} missed", self.missed)?;
        if !self.enabled {
            write!(f, ", disabled")?;
        }
        if let Some(panic) = &self.panic {
            write!(f, ", panicked: {panic}")?;
        }
        for LinkedFunction { function, cookie, caller } in &self.functions {
            write!(f, "\n  {:#x} {}", function.address(), function.instance())?;
            write!(f, " cookie {cookie}, {caller}")?;
        }
        for (function, reason) in &self.refused {
            write!(f, "\n  refused: {}: {reason}", function.instance())?;
        }
        Ok(())
    }
}

impl LinkedFunction {
    fn of(member: &super::core::Member) -> Self {
        let caller = member.sites().next().map_or("", super::transaction::caller_name);
        Self { function: member.function, cookie: member.cookie, caller }
    }
}
