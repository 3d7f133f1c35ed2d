//! A plan at work: what its probes do in each call.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::thread::available_parallelism;

use crossbeam_utils::CachePadded;
use gtramp::{Entry, Error, Exit, Function, Link};
use quanta::Clock;

use crate::language::{Kept, Operand, Plan, Planned, Step};

use super::clock::{calibrate, now, since};
use super::cost::Cost;
use super::event::{Event, Events, Outcome};
use super::here::{self, Deeper, Entered};
use super::table::Tables;
use super::view::{AtEnd, AtEntry, View};

/// One call in so many is timed, to know what the probes cost.
const SAMPLED: u64 = 256;
/// So many events fit into the queue of a shard.
const QUEUE: usize = 4096;
const TRACE_QUEUE: usize = 65_536;

/// What the threads of one shard count.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Calls that came to the probes.
    hits: AtomicU64,
    /// Calls that were not looked at, because the lease is thinned out.
    thinned: AtomicU64,
    /// Calls that the predicate kept.
    kept: AtomicU64,
    /// Events that the rate did not let through.
    held_back: AtomicU64,
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
    plan: Plan,
    number: u64,
    clock: &'static Clock,
    begun: u64,
    counts: Box<[CachePadded<Counts>]>,
    cost: Cost,
    tables: Vec<Tables>,
    events: Events,
    /// Calls are looked at of which the last bits of the count are 0.
    mask: AtomicU64,
    /// Events that may still be shown: in this slice of time, and in all.
    allowance: AtomicU64,
    left: AtomicU64,
    /// What an event cannot be shown for any more.
    exhausted: AtomicBool,
    /// The process that attached it: a child has nobody who would end it.
    process: &'static AtomicU32,
    own_process: u32,
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

/// In the place of when a call began: it is not looked at.
const LEFT_OUT: u64 = u64::MAX;

/// What a call leaves for its end.
struct Call {
    begun: u64,
    depth: u32,
    _deeper: Option<Deeper>,
    kept: Option<Box<Captured>>,
}

#[derive(Default)]
struct Captured {
    values: Vec<Kept>,
    arguments: String,
}

impl Engine {
    pub(crate) fn new(plan: Plan) -> Self {
        static ENGINES: AtomicU64 = AtomicU64::new(1);
        let threads = available_parallelism().map_or(1, usize::from);
        let shards = threads.next_power_of_two().clamp(2, 32);
        let (mut tables, mut shown) = (Vec::new(), 0);
        for step in &plan.steps {
            match step {
                Step::Aggregate { keys, function, .. } => {
                    let keys = keys.iter().map(|(_, operand)| operand.clone()).collect();
                    tables.push(Tables::new(*function, keys, plan.functions.len(), shards));
                }
                Step::Show { traced: false, .. } => shown = shown.max(QUEUE),
                Step::Show { traced: true, .. } => shown = TRACE_QUEUE,
            }
        }
        let clock = calibrate();
        let (process, own_process) = super::child::current();
        Self {
            // A queue has a place at least.
            events: Events::new(shards, shown.max(1)),
            tables,
            number: ENGINES.fetch_add(1, Relaxed),
            clock,
            begun: now(clock),
            counts: (0..shards).map(|_| CachePadded::default()).collect(),
            cost: Cost::new(),
            mask: AtomicU64::new(0),
            allowance: AtomicU64::new(0),
            left: AtomicU64::new(plan.limits.max),
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
        self.allowance.store(events, Relaxed);
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

    #[inline]
    fn shard(&self) -> usize {
        here::number() & (self.counts.len() - 1)
    }

    /// Counts a call; which shard and which function it is, and its number. `None` if it is not looked at.
    #[inline]
    fn admit(&self, ctx: &Entry<'_>) -> Option<(usize, &Planned, u64)> {
        if self.process.load(Relaxed) != self.own_process {
            return None;
        }
        let shard = self.shard();
        let counts = &self.counts[shard];
        let hit = counts.hits.fetch_add(1, Relaxed);
        // Calls are traced with all within them, or not at all.
        if !self.plan.wants.depth && self.is_left_out(hit) {
            counts.thinned.fetch_add(1, Relaxed);
            return None;
        }
        let planned = self.plan.functions.get(usize::try_from(ctx.cookie()).ok()?)?;
        Some((shard, planned, hit))
    }

    /// Whether thinning leaves this call out. Calls follow each other in patterns, so they are not just counted.
    #[inline]
    fn is_left_out(&self, hit: u64) -> bool {
        let mask = self.mask.load(Relaxed);
        mask != 0 && hit.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & mask != 0
    }

    /// The whole of a program that asks for nothing of the end.
    #[inline]
    fn entered(&self, ctx: &Entry<'_>) {
        let Some((shard, planned, hit)) = self.admit(ctx) else { return };
        let begun = self.is_timed(hit);
        let view = AtEntry { ctx, planned, depth: 0 };
        if self.plan.entry.as_ref().is_none_or(|test| view.test(test)) {
            self.act(shard, ctx.cookie(), &view, 0);
        }
        self.time(begun);
    }

    #[inline]
    fn begin(&self, ctx: &Entry<'_>) -> Option<Call> {
        let (shard, planned, hit) = self.admit(ctx)?;
        let begun = self.is_timed(hit);
        let (depth, deeper) = if self.plan.wants.depth {
            match Deeper::enter(self.number, || self.is_left_out(hit)) {
                Entered::Seen(depth, deeper) => (depth, Some(deeper)),
                left_out => {
                    self.counts[shard].thinned.fetch_add(1, Relaxed);
                    let Entered::LeftOut(deeper) = left_out else { return None };
                    return Some(Call {
                        begun: LEFT_OUT,
                        depth: 0,
                        _deeper: Some(deeper),
                        kept: None,
                    });
                }
            }
        } else {
            (0, None)
        };
        let view = AtEntry { ctx, planned, depth };
        let is_kept = self.plan.entry.as_ref().is_none_or(|test| view.test(test));
        let kept = (is_kept && (self.plan.wants.args || !self.plan.kept.is_empty())).then(|| {
            let values = self.plan.kept.iter().map(|&place| view.argument(place).keep()).collect();
            let arguments = if self.plan.wants.args { view.arguments() } else { String::new() };
            Box::new(Captured { values, arguments })
        });
        self.time(begun);
        is_kept.then(|| {
            let begun = if self.plan.wants.clock { now(self.clock) } else { 0 };
            Call { begun, depth, _deeper: deeper, kept }
        })
    }

    #[inline]
    fn end(&self, ctx: &Exit<'_>, call: &Call) {
        let ended = if self.plan.wants.clock { now(self.clock) } else { 0 };
        if call.begun == LEFT_OUT {
            return;
        }
        let Ok(place) = usize::try_from(ctx.cookie()) else { return };
        let Some(planned) = self.plan.functions.get(place) else { return };
        let shard = self.shard();
        let begun = self.is_timed(self.counts[shard].kept.load(Relaxed));
        let (kept, arguments) =
            call.kept.as_ref().map_or((&[][..], ""), |kept| (&kept.values[..], &kept.arguments));
        let outcome = if ctx.unwound() { Outcome::Panicked } else { Outcome::Returned };
        let latency = since(self.clock, call.begun, ended);
        let places = &self.plan.kept[..];
        let depth = call.depth;
        let view = AtEnd { ctx, planned, depth, latency, outcome, places, kept, arguments };
        if self.plan.end.as_ref().is_none_or(|test| view.test(test)) {
            self.act(shard, ctx.cookie(), &view, call.begun);
        }
        self.time(begun);
    }

    /// When a probe has begun, if it is one of those that are timed.
    #[inline]
    fn is_timed(&self, number: u64) -> Option<u64> {
        number.is_multiple_of(SAMPLED).then(|| now(self.clock))
    }

    #[inline]
    fn time(&self, begun: Option<u64>) {
        if let Some(begun) = begun {
            self.cost.sample(since(self.clock, begun, now(self.clock)));
        }
    }

    /// Does with a call what the program says.
    #[inline]
    fn act(&self, shard: usize, function: u64, view: &impl View, begun: u64) {
        self.counts[shard].kept.fetch_add(1, Relaxed);
        let function = u32::try_from(function).unwrap_or(u32::MAX);
        let mut tables = self.tables.iter();
        for (number, step) in self.plan.steps.iter().enumerate() {
            match step {
                Step::Aggregate { value, .. } => {
                    let Some(table) = tables.next() else { continue };
                    let number = match value {
                        None => 0,
                        Some(value) => match value.operand {
                            Operand::Latency => i64::try_from(view.latency()).unwrap_or(i64::MAX),
                            ref operand => {
                                let value = view.value(operand, &mut Default::default()).number();
                                let Some(number) = value else { continue };
                                number
                            }
                        },
                    };
                    table.add(shard, function, view, number);
                }
                Step::Show { items, .. } => {
                    if self.may_show(shard) {
                        let texts = items.iter().map(|(_, operand)| view.keep(operand)).collect();
                        let step = u32::try_from(number).unwrap_or(0);
                        self.push(shard, function, view, begun, (step, texts));
                    }
                }
            }
        }
    }

    fn push(
        &self,
        shard: usize,
        function: u32,
        view: &impl View,
        begun: u64,
        (step, texts): (u32, Box<[Kept]>),
    ) {
        let begun = if begun == 0 { now(self.clock) } else { begun };
        let event = Event {
            begun: since(self.clock, self.begun, begun),
            latency: view.latency(),
            function,
            thread: here::id(),
            depth: view.depth(),
            outcome: view.outcome(),
            step,
            texts,
        };
        self.events.push(shard, event);
    }

    /// Takes an event out of the allowance.
    fn may_show(&self, shard: usize) -> bool {
        let less = |left: u64| left.checked_sub(1);
        if self.allowance.fetch_update(Relaxed, Relaxed, less).is_err() {
            self.counts[shard].held_back.fetch_add(1, Relaxed);
            return false;
        }
        if self.left.fetch_update(Relaxed, Relaxed, less).is_err() {
            self.exhausted.store(true, Relaxed);
            return false;
        }
        true
    }
}
