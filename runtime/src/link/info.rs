//! What a link says of itself.

use core::fmt;
use core::time::Duration;

use crate::caller::choose;
use crate::error::{Error, Refusal, SHOWN, breakpoint};
use crate::md::Md;
use crate::poke::{Found, verify};
use crate::probe::{Counts, Kind};
use crate::site::Function;
use crate::sync::{Ordering, lock};

use super::core::{LinkCore, Member};
use super::handle::Link;
use super::line::Errand;
use super::transaction::{Transaction, expected};

/// What a link is attached to and how it fared, at one moment.
#[derive(Debug)]
#[non_exhaustive]
pub struct LinkInfo {
    /// The kinds of its probes, in the order in which they were added.
    pub kinds: Vec<Kind>,
    /// Where it is attached.
    pub functions: Vec<LinkedFunction>,
    /// The functions that `skip_invalid` left out, and why.
    pub refused: Vec<Refusal>,
    /// Calls of its functions that it did not see, because one of its probes was running on the
    /// same thread, or probes of fourteen links were.
    pub missed: u64,
    /// The runs of its probes, while statistics are on or once they were.
    pub stats: Option<Stats>,
    /// The place of its probes among others: [`LinkBuilder::order`](super::LinkBuilder::order).
    pub order: i32,
    /// Whether its probes run.
    pub enabled: bool,
    /// The first panic of one of its probes.
    pub panic: Option<String>,
}

/// Runs of a link's probes while statistics were on: see [`Link::set_stats`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// How often a probe ran: a call that meets an entry and an exit probe of the link counts as two.
    pub hits: u64,
    /// How long they took.
    pub time: Duration,
}

impl Stats {
    /// `None` if they are off and always were.
    fn of(link: &LinkCore, counts: &Counts) -> Option<Self> {
        let hits = counts.hits.load(Ordering::Relaxed);
        let time = Duration::from_nanos(counts.nanos.load(Ordering::Relaxed));
        let ever = hits > 0 || link.state.counted.load(Ordering::Relaxed);
        ever.then_some(Self { hits, time })
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hits in {:?}", self.hits, self.time)
    }
}

/// One function of a link.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LinkedFunction {
    /// The function.
    pub function: &'static Function,
    /// Its cookie.
    pub cookie: u64,
    /// Calls of it that the link did not see: see [`LinkInfo::missed`].
    pub missed: u64,
    /// The runs of the link's probes there, as [`LinkInfo::stats`].
    pub stats: Option<Stats>,
    /// The symbol name of the caller that serves it now: other links have a say in it.
    pub caller: &'static str,
    /// What something else has done to its code since gtramp wrote it, if anything.
    pub altered: Option<Altered>,
}

/// What something else has done to the code by which calls of a function come to probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Altered {
    /// An instruction was put back that gtramp had replaced, as the kernel does when a uprobe goes. Calls
    /// through this copy of the function run without probes. The next attach to the function puts it right,
    /// and so does disabling and enabling a link.
    PutBack {
        /// Where.
        address: usize,
    },
    /// There is a breakpoint: a debugger's, or a uprobe. Calls through this copy of the function may run
    /// without probes, and attaching to it fails. Detaching leaves it there.
    Breakpoint {
        /// Where.
        address: usize,
    },
    /// Other bytes were written. Attaching fails.
    Other {
        /// The code of which they are a part.
        address: usize,
    },
}

impl fmt::Display for Altered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PutBack { address } => write!(f, "put back by something else at {address:#x}"),
            Self::Breakpoint { address } => write!(f, "a breakpoint at {address:#x}"),
            Self::Other { address } => write!(f, "patched by something else at {address:#x}"),
        }
    }
}

impl Altered {
    /// Under the transaction lock.
    fn of(function: &Function) -> Option<Self> {
        function.sites().iter().find_map(|site| match verify(site, expected(site), function) {
            Ok(Found::AsExpected) => None,
            Ok(Found::Mixed { address }) => Some(Self::PutBack { address }),
            Err(Error::Modified { address, found, expected, .. }) => {
                let breakpoint = breakpoint(address, &found, &expected);
                let other = Self::Other { address };
                Some(breakpoint.map_or(other, |address| Self::Breakpoint { address }))
            }
            Err(_) => None,
        })
    }
}

impl LinkInfo {
    pub(super) fn of(link: &Link) -> Self {
        let transaction = Transaction::begin(Errand::Coming);
        let link = link.look();
        let (functions, panic) = if transaction.is_some() {
            let compared = |member: &Member| LinkedFunction {
                altered: Altered::of(member.function),
                ..LinkedFunction::of(member, &link)
            };
            let functions = lock(&link.members).iter().map(compared).collect();
            (functions, link.state.panic_message())
        } else {
            // Whoever had the lock may have had the others.
            let members = link.members.try_lock().ok();
            let functions = members.iter().flat_map(|members| members.iter());
            (functions.map(|member| LinkedFunction::of(member, &link)).collect(), None)
        };
        // If somebody has forked while they were locked, there is nothing to be said of them.
        let refused = link.refused.try_lock();
        let refused = refused.iter().flat_map(|refused| refused.iter());
        Self {
            kinds: link.probes.iter().map(|probe| probe.kind()).collect(),
            functions,
            refused: refused.cloned().collect(),
            missed: link.state.tally.total.missed.load(Ordering::Relaxed),
            stats: Stats::of(&link, &link.state.tally.total),
            order: link.state.rank().0,
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
        if let Some(stats) = self.stats {
            write!(f, ", {stats}")?;
        }
        if !self.enabled {
            write!(f, ", disabled")?;
        }
        if let Some(panic) = &self.panic {
            write!(f, ", panicked: {panic}")?;
        }
        for LinkedFunction { function, cookie, missed, stats, caller, altered } in &self.functions {
            write!(f, "\n  {:#x} {}", function.address(), function.instance())?;
            write!(f, " cookie {cookie}, {caller}")?;
            if *missed > 0 {
                write!(f, ", {missed} missed")?;
            }
            if let Some(stats) = stats {
                write!(f, ", {stats}")?;
            }
            if let Some(altered) = altered {
                write!(f, ", {altered}")?;
            }
        }
        for refusal in self.refused.iter().take(SHOWN) {
            write!(f, "\n  refused: {refusal}")?;
        }
        if let Some(more @ 1..) = self.refused.len().checked_sub(SHOWN) {
            write!(f, "\n  and {more} more refused")?;
        }
        Ok(())
    }
}

impl LinkedFunction {
    /// Without a look at the function's code.
    fn of(member: &Member, link: &LinkCore) -> Self {
        let &Member { function, cookie, .. } = member;
        let name = |md: &Md| choose::name(md.caller(), usize::from(md.target.slots));
        let caller = member.sites().next().map_or("", name);
        let counts = link.state.tally.at(function);
        let missed = counts.map_or(0, |counts| counts.missed.load(Ordering::Relaxed));
        let stats = counts.and_then(|counts| Stats::of(link, counts));
        Self { function, cookie, missed, stats, caller, altered: None }
    }
}
