//! What bounds a program, whether it says so or not.

use std::time::Duration;

use super::ast::{At, Limits};
use super::error::Wrong;

/// What bounds a program. There is no program without.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    /// Events that are shown in a second.
    pub(crate) rate: u64,
    /// Events that are shown in all.
    pub(crate) max: u64,
    pub(crate) lasting: Duration,
    pub(crate) every: Option<Duration>,
    /// How much of the program's processor time the probes may take: 0.1 is a tenth.
    pub(crate) budget: f64,
    /// So many mebibytes of traced calls of each thread are kept, until a call panics or is slow, or somebody asks.
    pub(crate) keep: Option<usize>,
    /// Which calls are slow, of those that are within no other.
    pub(crate) slow: Option<Duration>,
    /// How many calls of the lease a call that is looked at is in, itself among them, at most.
    pub(crate) depth: Option<u64>,
}

/// How long a lease lasts unless it says.
pub(crate) const LASTING: Duration = Duration::from_secs(60);
/// How long it may last.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// In percent of the program's processor time.
const BUDGET: f64 = 10.0;
const RATE: u64 = 1_000;
const MAX: u64 = 10_000;
/// Of events of `trace()`, which are small and many.
const TRACE_RATE: u64 = 1_000_000;
const TRACE_MAX: u64 = 10_000_000;

impl core::fmt::Display for Bounds {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { rate, max, lasting, every, budget, keep, slow, depth } = self;
        write!(f, "for {lasting:?} rate {rate}/s max {max} budget {}%", budget * 100.0)?;
        every.map_or(Ok(()), |every| write!(f, " every {every:?}"))?;
        keep.map_or(Ok(()), |keep| write!(f, " keep {keep}MiB"))?;
        slow.map_or(Ok(()), |slow| write!(f, " slow {slow:?}"))?;
        depth.map_or(Ok(()), |depth| write!(f, " depth {depth}"))
    }
}

/// The bounds of a program that says these, with those that it does not say.
pub(super) fn bounds(limits: &Limits, traces: bool) -> Result<Bounds, Wrong> {
    let lasting = limits.lasting.unwrap_or(LASTING);
    if lasting > LONGEST || lasting.is_zero() {
        return Err(Wrong::whole(format!("`for {lasting:?}`: from 1ns to {LONGEST:?}")));
    }
    let budget = limits.budget.unwrap_or(BUDGET) / 100.0;
    let keep = match limits.keep {
        Some(_) if !traces => {
            return Err(Wrong::whole("`keep` is of what `trace()` traces, and there is none"));
        }
        Some(0) | Some(65..) => {
            return Err(Wrong::whole("`keep` from 1MiB to 64MiB of each thread"));
        }
        keep => keep.and_then(|keep| usize::try_from(keep).ok()),
    };
    if limits.slow.is_some() && keep.is_none() {
        return Err(Wrong::whole("`slow` says when what `keep` keeps is written: write both"));
    }
    if let Some(At { what: 0, column }) = limits.depth {
        return Err(Wrong::at(column, "`depth 0` is no call: the outermost are `depth 1`"));
    }
    let every = limits.every.map(|every| every.max(Duration::from_millis(10)));
    Ok(Bounds {
        rate: limits.rate.unwrap_or(if traces { TRACE_RATE } else { RATE }),
        max: limits.max.unwrap_or(if traces { TRACE_MAX } else { MAX }),
        lasting,
        every,
        budget,
        keep,
        slow: limits.slow,
        depth: limits.depth.as_ref().map(|depth| depth.what),
    })
}
