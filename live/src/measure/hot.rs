//! What an engine does in each call.

use core::num::NonZero;
use core::sync::atomic::Ordering::Relaxed;

use arrayvec::ArrayVec;
use gtramp::{Context, Entry, Exit, Polling};

use crate::language::{Kept, MOST_ARGUMENTS, Planned};
use crate::record::Outcome;

use super::engine::{Engine, ticks};
use super::here::{Deeper, Entered};
use super::shard::Shard;
use super::view::{AtEnd, AtEntry, AtPoll, View, is_in_scope};

/// One call in so many is timed, to know what the probes cost.
const SAMPLED: u64 = 256;

/// In the place of when a call began: it is not looked at.
const LEFT_OUT: NonZero<u64> = NonZero::<u64>::MAX;

/// What a call leaves for its end. A session keeps four words where the call is; what is larger, on the heap.
pub(super) struct Call {
    /// Of which no value is 0, so that no word has to say whether there is a call.
    begun: NonZero<u64>,
    deeper: Deeper,
    kept: Option<Box<Captured>>,
}

const _: () = assert!(size_of::<Option<Call>>() <= 4 * size_of::<u64>());

#[derive(Default)]
struct Captured {
    values: ArrayVec<Kept, MOST_ARGUMENTS>,
    arguments: String,
}

impl Engine {
    /// Counts a call; which shard and which function it is, and its number. `None` if it is not looked at.
    #[inline]
    fn admit(&self, ctx: &Context<'_>) -> Option<(Shard, &Planned, u64)> {
        if self.process.load(Relaxed) != self.own_process {
            return None;
        }
        let shard = Shard::here();
        let counts = &self.counts[shard.place()];
        let hit = shard.add(&counts.hits, 1);
        // Calls are traced with all within them, or not at all.
        if !self.plan.wants.depth && self.is_left_out(hit) {
            shard.add(&counts.thinned, 1);
            return None;
        }
        let planned = self.plan.functions.get(usize::try_from(ctx.cookie()).ok()?)?;
        Some((shard, planned, hit))
    }

    /// Whether what is asked at entry is so.
    #[inline(always)]
    fn is_wanted(&self, view: &impl View) -> bool {
        let plan = &self.plan;
        (plan.scope.is_empty() || is_in_scope(&plan.scope))
            && plan.entry.as_ref().is_none_or(|test| view.test(test))
    }

    /// Whether thinning leaves this call out. Calls follow each other in patterns, so they are not just counted.
    #[inline]
    fn is_left_out(&self, hit: u64) -> bool {
        let mask = self.mask.load(Relaxed);
        mask != 0 && hit.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & mask != 0
    }

    /// The whole of a program that only counts, of every call.
    #[inline]
    pub(super) fn counted(&self, ctx: &Entry<'_>) {
        if self.process.load(Relaxed) != self.own_process {
            return;
        }
        let shard = Shard::here();
        let hit = shard.add(&self.counts[shard.place()].hits, 1);
        if self.mask.load(Relaxed) != 0 || hit.is_multiple_of(SAMPLED) {
            return self.counted_seldom(ctx, shard, hit);
        }
        self.tables.iter().for_each(|table| table.count(shard, ctx.cookie()));
    }

    #[cold]
    fn counted_seldom(&self, ctx: &Entry<'_>, shard: Shard, hit: u64) {
        if self.is_left_out(hit) {
            shard.add(&self.counts[shard.place()].thinned, 1);
            return;
        }
        let begun = self.is_timed(hit);
        self.tables.iter().for_each(|table| table.count(shard, ctx.cookie()));
        self.time(begun);
    }

    /// The whole of a program that asks for nothing of the end.
    #[inline]
    pub(super) fn entered(&self, ctx: &Entry<'_>) {
        let Some((shard, planned, hit)) = self.admit(ctx) else { return };
        let begun = self.is_timed(hit);
        let view = AtEntry { ctx, planned, depth: 0 };
        if self.is_wanted(&view) {
            self.act(shard, ctx.cookie(), &view, 0);
        }
        self.time(begun);
    }

    /// The whole of a program that looks at polls.
    #[inline]
    pub(super) fn polled(&self, ctx: &Polling<'_>) {
        if !ctx.step().has_ended() {
            return;
        }
        let Some((shard, planned, hit)) = self.admit(ctx) else { return };
        let timed = self.is_timed(hit);
        let view = AtPoll { ctx, planned };
        if self.is_wanted(&view) {
            self.act(shard, ctx.cookie(), &view, self.begun_before(ctx));
        }
        self.time(timed);
    }

    /// When a poll has begun that has just ended, if that is shown.
    fn begun_before(&self, ctx: &Polling<'_>) -> u64 {
        let is_shown = self.tables.len() < self.plan.steps.len();
        if is_shown { self.clock.now().saturating_sub(ticks(self.clock, ctx.took())) } else { 0 }
    }

    #[inline]
    pub(super) fn begin(&self, ctx: &Entry<'_>) -> Option<Call> {
        let (shard, planned, hit) = self.admit(ctx)?;
        let begun = self.is_timed(hit);
        // A life is on many threads, and other calls are between its polls: it is within none, and none within it.
        let deeper = if self.plan.wants.depth && !planned.is_async {
            match Deeper::enter(self.number, || self.is_left_out(hit)) {
                Entered::Seen(deeper) => deeper,
                left_out => {
                    shard.add(&self.counts[shard.place()].thinned, 1);
                    let Entered::LeftOut(deeper) = left_out else { return None };
                    return Some(Call { begun: LEFT_OUT, deeper, kept: None });
                }
            }
        } else {
            Deeper::uncounted()
        };
        let view = AtEntry { ctx, planned, depth: deeper.depth };
        let is_kept = self.is_wanted(&view);
        let kept = (is_kept && (self.plan.wants.args || !self.plan.kept.is_empty())).then(|| {
            let values = self.plan.kept.iter().map(|&place| view.argument(place).keep()).collect();
            let arguments = self.plan.wants.args.then(|| view.arguments().into_owned());
            let arguments = arguments.unwrap_or_default();
            Box::new(Captured { values, arguments })
        });
        self.time(begun);
        is_kept.then(|| {
            let begun = if self.plan.wants.clock { self.clock.now() } else { 0 };
            let begun = NonZero::new(begun).unwrap_or(NonZero::<u64>::MIN);
            Call { begun, deeper, kept }
        })
    }

    #[inline]
    pub(super) fn end(&self, ctx: &Exit<'_>, mut call: Call) {
        let ended = if self.plan.wants.clock { self.clock.now() } else { 0 };
        if call.begun == LEFT_OUT {
            return;
        }
        let Ok(place) = usize::try_from(ctx.cookie()) else { return };
        let Some(planned) = self.plan.functions.get(place) else { return };
        let shard = Shard::here();
        let timed = self.is_timed(shard.add(&self.counts[shard.place()].ended, 1));
        let latency = ended.wrapping_sub(call.begun.get());
        let within = if self.plan.wants.self_time { call.deeper.within(latency) } else { 0 };
        let (kept, arguments) =
            call.kept.as_ref().map_or((&[][..], ""), |kept| (&kept.values[..], &kept.arguments));
        let outcome = match (ctx.unwound(), ctx.cancelled()) {
            (true, _) => Outcome::Panicked,
            (_, true) => Outcome::Cancelled,
            _ if self.plan.wants.err && ctx.is_err() => Outcome::Failed,
            _ => Outcome::Returned,
        };
        let (begun, depth, clock) = (call.begun.get(), call.deeper.depth, self.clock);
        let places = &self.plan.kept[..];
        let view = AtEnd {
            ctx,
            planned,
            depth,
            clock,
            begun,
            ended,
            within,
            outcome,
            places,
            kept,
            arguments,
        };
        if self.plan.end.as_ref().is_none_or(|test| view.test(test)) {
            self.act(shard, ctx.cookie(), &view, begun);
        }
        self.time(timed);
    }

    /// When a probe has begun, if it is one of those that are timed.
    #[inline]
    fn is_timed(&self, number: u64) -> Option<u64> {
        number.is_multiple_of(SAMPLED).then(|| self.clock.now())
    }

    #[inline]
    fn time(&self, begun: Option<u64>) {
        if let Some(begun) = begun {
            self.sample(begun);
        }
    }

    #[cold]
    fn sample(&self, begun: u64) {
        self.cost.sample(self.clock.since(begun, self.clock.now()));
    }
}
