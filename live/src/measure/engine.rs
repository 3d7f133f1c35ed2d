//! A plan at work: what it has measured, and how it is attached and bounded.

use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::thread::available_parallelism;

use crossbeam_utils::CachePadded;
use gtramp::{Entry, Error, Exit, Function, Link};
use quanta::Clock;

use crate::language::{Plan, Step};

use super::clock::{calibrate, now};
use super::cost::Cost;
use super::event::{Event, Events};
use super::hot::Call;
use super::table::{Room, Tables};

/// So many events fit into the queues of all shards.
const QUEUE: usize = 1 << 14;
const TRACE_QUEUE: usize = 1 << 18;

/// What the threads of one shard count.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Calls that came to the probes.
    pub(super) hits: AtomicU64,
    /// Calls that were not looked at, because the lease is thinned out.
    pub(super) thinned: AtomicU64,
    /// Calls that the predicate kept.
    pub(super) kept: AtomicU64,
    /// Events that the rate did not let through.
    pub(super) held_back: AtomicU64,
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
    pub(super) clock: &'static Clock,
    pub(super) begun: u64,
    pub(super) counts: Box<[CachePadded<Counts>]>,
    pub(super) cost: Cost,
    pub(super) tables: Vec<Tables>,
    pub(super) events: Events,
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
        let threads = available_parallelism().map_or(1, usize::from);
        let shards = threads.next_power_of_two().clamp(2, 32);
        let (mut tables, mut shown) = (Vec::new(), 0);
        let room = Room::new();
        for step in &plan.steps {
            match step {
                Step::Aggregate { keys, function, .. } => {
                    let keys = keys.iter().map(|(_, operand)| operand.clone()).collect();
                    tables.push(Tables::new(
                        *function,
                        keys,
                        plan.functions.len(),
                        shards,
                        Arc::clone(&room),
                    ));
                }
                Step::Show { traced: false, .. } => shown = shown.max(QUEUE),
                Step::Show { traced: true, .. } => shown = TRACE_QUEUE,
            }
        }
        let clock = calibrate();
        let (process, own_process) = super::child::current();
        Self {
            // A queue has a place at least.
            events: Events::new(shards, (shown / shards).max(1)),
            tables,
            number: ENGINES.fetch_add(1, Relaxed),
            clock,
            begun: now(clock),
            counts: (0..shards).map(|_| CachePadded::default()).collect(),
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
        let link = if engine.plan.at_end {
            let entry = move |ctx: &Entry| one.begin(ctx);
            link.fsession(entry, move |ctx: &Exit, call: Call| other.end(ctx, &call))
        } else {
            link.fentry(move |ctx: &Entry| one.entered(ctx))
        };
        Ok(Running { link: link.attach()?, engine })
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn tables(&self) -> &[Tables] {
        &self.tables
    }

    pub(crate) fn drain(&self) -> Vec<Event> {
        self.events.drain()
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
        total.lost = self.events.lost() + self.tables.iter().map(Tables::lost).sum::<u64>();
        let looked_at = total.hits - total.thinned.min(total.hits);
        let parts = if self.plan.at_end { 2 } else { 1 };
        total.spent = self.cost.of(looked_at * parts);
        total
    }
}
