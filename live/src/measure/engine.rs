//! A plan at work: what it has measured, and how it is attached and bounded.

use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::Arc;

use crossbeam_utils::CachePadded;
use gtramp::{Entry, Error, Exit, Function, Link, Polling};

use crate::language::{Kept, Plan, Step};
use crate::record::{Head, retime};

use super::clock::{Ticks, calibrate};
use super::cost::Cost;
use super::event::{Event, Events, Shown};
use super::hot::Call;
use super::ring::Full;
use super::rings::Rings;
use super::shard::SHARDS;
use super::table::{Room, Tables};

/// So many events wait to be shown.
const QUEUE: usize = 1 << 14;
/// So many bytes of traced calls of one thread wait to be fetched.
const RING: usize = 4 << 20;

/// What the threads of one shard count.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Calls that came to the probes.
    pub(super) hits: AtomicU64,
    /// Calls that were not looked at, because the lease is thinned out.
    pub(super) thinned: AtomicU64,
    /// Calls whose end was looked at.
    pub(super) ended: AtomicU64,
    /// Calls that the predicate kept.
    pub(super) kept: AtomicU64,
    /// Events that the rate did not let through.
    pub(super) held_back: AtomicU64,
    /// Events that the allowance lets through already.
    pub(super) credit: AtomicU64,
}

/// The sums of [`Counts`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Total {
    pub(crate) hits: u64,
    pub(crate) thinned: u64,
    pub(crate) kept: u64,
    pub(crate) held_back: u64,
    /// Calls and events that found no room.
    pub(crate) lost: u64,
    /// What the probes have cost, estimated.
    pub(crate) spent: core::time::Duration,
}

/// A plan, and what it has measured so far.
pub(crate) struct Engine {
    pub(super) plan: Plan,
    pub(super) number: u64,
    pub(super) clock: &'static Ticks,
    pub(super) begun: u64,
    pub(super) counts: Box<[CachePadded<Counts>]>,
    pub(super) cost: Cost,
    pub(super) tables: Vec<Tables>,
    pub(super) events: Events,
    /// Of traced calls.
    pub(super) rings: Option<Rings>,
    /// What is as long as this is slow, in the clock's units.
    pub(super) slow: u64,
    /// Why what is kept is to be written: a call, and 1 more than its function.
    pub(super) trigger: AtomicU64,
    /// So many events are let through at once.
    pub(super) batch: u64,
    /// Calls are looked at of which the last bits of the count are 0.
    pub(super) mask: AtomicU64,
    /// Events that may still be shown: in this slice of time, and in all.
    pub(super) allowance: AtomicI64,
    pub(super) left: AtomicI64,
    /// What an event cannot be shown for any more.
    pub(super) exhausted: AtomicBool,
    /// The process that attached it: a child has nobody who would end it.
    pub(super) process: &'static AtomicU32,
    pub(super) own_process: u32,
}

impl core::fmt::Debug for Engine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Engine").field("plan", &self.plan).finish_non_exhaustive()
    }
}

/// An engine whose probes are attached. Dropping it detaches.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) engine: Arc<Engine>,
    pub(crate) link: Link,
}

impl Engine {
    pub(crate) fn new(plan: Plan) -> Self {
        static ENGINES: AtomicU64 = AtomicU64::new(1);
        let mut tables = Vec::new();
        let (mut is_shown, mut is_traced) = (false, false);
        let room = Room::new();
        for step in &plan.steps {
            match step {
                Step::Aggregate { keys, function, .. } => {
                    let keys = keys.iter().map(|(_, operand)| operand.clone()).collect();
                    let functions = plan.functions.len();
                    tables.push(Tables::new(*function, keys, functions, Arc::clone(&room)));
                }
                Step::Show { traced: false, .. } => is_shown = true,
                Step::Show { traced: true, .. } => is_traced = true,
            }
        }
        let rings = is_traced.then(|| match plan.limits.keep {
            Some(mebibytes) => Rings::new(mebibytes << 20, Full::Forgets),
            None => Rings::new(RING, Full::Refuses),
        });
        let clock = calibrate();
        let (process, own_process) = super::child::current();
        Self {
            // A queue has a place at least.
            events: Events::new(if is_shown { QUEUE } else { 1 }),
            rings,
            slow: plan.limits.slow.map_or(u64::MAX, |slow| ticks(clock, slow)),
            trigger: AtomicU64::new(0),
            // What is few is counted exactly.
            batch: if plan.limits.max.min(plan.limits.rate) < 1 << 17 { 1 } else { 1 << 8 },
            tables,
            number: ENGINES.fetch_add(1, Relaxed),
            clock,
            begun: clock.now(),
            counts: (0..SHARDS).map(|_| CachePadded::default()).collect(),
            cost: Cost::new(),
            mask: AtomicU64::new(0),
            allowance: AtomicI64::new(0),
            left: AtomicI64::new(i64::try_from(plan.limits.max).unwrap_or(i64::MAX)),
            exhausted: AtomicBool::new(false),
            process,
            own_process,
            plan,
        }
    }

    /// Attaches its probes to all its functions, or changes nothing.
    pub(crate) fn attach(self) -> Result<Running, Error> {
        let engine = Arc::new(self);
        let functions: Vec<&'static Function> =
            engine.plan.functions.iter().map(|planned| planned.function).collect();
        // A cookie is a function's place in the plan.
        let mut places: Vec<(usize, u64)> = (0..)
            .zip(&functions)
            .map(|(place, f)| (core::ptr::from_ref(*f).addr(), place))
            .collect();
        places.sort_unstable();
        let cookie = move |function: &Function| {
            let address = core::ptr::from_ref(function).addr();
            let found = places.binary_search_by_key(&address, |&(address, _)| address);
            found.map_or(u64::MAX, |at| places[at].1)
        };
        let link = gtramp::link().functions(functions).cookie(cookie);
        let (one, other) = (Arc::clone(&engine), Arc::clone(&engine));
        let link = if engine.plan.of_polls {
            link.poll(move |ctx: &Polling| one.polled(ctx))
        } else if engine.plan.at_end {
            let entry = move |ctx: &Entry| one.begin(ctx);
            link.fsession(entry, move |ctx: &Exit, call: Call| other.end(ctx, call))
        } else if engine.only_counts() {
            link.fentry(move |ctx: &Entry| one.counted(ctx))
        } else {
            link.fentry(move |ctx: &Entry| one.entered(ctx))
        };
        Ok(Running { link: link.attach()?, engine })
    }

    /// Whether it does nothing but to count every call.
    fn only_counts(&self) -> bool {
        let Plan { at_end, entry, scope, steps, wants, .. } = &self.plan;
        let asks = *at_end || entry.is_some() || !scope.is_empty() || wants.depth;
        !asks && self.tables.len() == steps.len() && self.tables.iter().all(Tables::is_count)
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn tables(&self) -> &[Tables] {
        &self.tables
    }

    /// Calls that are shown, and if it is asked for those that were traced, in the order in which they ended: those within others before
    /// them.
    pub(crate) fn drain(&self, with_traced: bool) -> Vec<Event> {
        let mut events: Vec<Event> = self.events.drain().collect();
        if with_traced {
            events.extend(self.records().iter().flat_map(|words| decoded(words)));
        }
        events.sort_by_key(|event| (event.begun + event.latency, core::cmp::Reverse(event.depth)));
        events
    }

    /// Traced calls by ring, with times in nanoseconds since the lease.
    pub(crate) fn records(&self) -> Vec<Vec<u64>> {
        let mut rings: Vec<Vec<u64>> =
            self.rings.iter().flat_map(Rings::drain).filter(|words| !words.is_empty()).collect();
        for words in &mut rings {
            retime(words, |begun, latency| {
                (self.clock.since(self.begun, begun), self.clock.since(0, latency))
            });
        }
        rings
    }

    /// The place of the function of a call that panicked, or was slow, since this was asked last.
    pub(crate) fn triggered(&self) -> Option<usize> {
        let function = self.trigger.swap(0, Relaxed).checked_sub(1)?;
        usize::try_from(function).ok()
    }

    /// Lets so many events through from now on.
    pub(crate) fn allow(&self, events: u64) {
        self.allowance.store(i64::try_from(events).unwrap_or(i64::MAX), Relaxed);
    }

    /// Whether as many events were shown as may be.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.exhausted.load(Relaxed)
    }

    /// Looks at one call in `1 << power` from now on.
    pub(crate) fn thin(&self, power: u32) {
        self.mask.store((1 << power) - 1, Relaxed);
    }

    pub(crate) fn total(&self) -> Total {
        let mut total = Total::default();
        for counts in &self.counts {
            total.hits += counts.hits.load(Relaxed);
            total.thinned += counts.thinned.load(Relaxed);
            total.kept += counts.kept.load(Relaxed);
            total.held_back += counts.held_back.load(Relaxed);
        }
        if self.only_counts() {
            total.kept = total.hits - total.thinned.min(total.hits);
        }
        total.lost = self.events.lost()
            + self.rings.as_ref().map_or(0, Rings::lost)
            + self.tables.iter().map(Tables::lost).sum::<u64>();
        let looked_at = total.hits - total.thinned.min(total.hits);
        let parts = if self.plan.at_end { 2 } else { 1 };
        total.spent = self.cost.of(looked_at * parts);
        total
    }
}

/// A length of time in the clock's units.
pub(super) fn ticks(clock: &Ticks, time: core::time::Duration) -> u64 {
    const MANY: u64 = 1 << 32;
    let nanoseconds = u128::from(clock.since(0, MANY).max(1));
    u64::try_from(time.as_nanos() * u128::from(MANY) / nanoseconds).unwrap_or(u64::MAX)
}

/// Every call of a ring.
fn decoded(mut words: &[u64]) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some((head, texts, length)) = Head::decode(words) {
        words = &words[length..];
        let Head { begun, latency, function, thread, depth, outcome, step, life } = head;
        let texts = texts.into_iter().map(|text| Shown::Kept(Kept::Text(text))).collect();
        events.push(Event { begun, latency, function, thread, depth, outcome, step, life, texts });
    }
    events
}
