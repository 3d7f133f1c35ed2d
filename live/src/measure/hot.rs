//! What an engine does in each call.

use core::sync::atomic::Ordering::Relaxed;

use gtramp::{Entry, Exit};

use crate::language::{Kept, Operand, Planned, Step};

use super::clock::{now, since};
use super::engine::Engine;
use super::event::{Event, Outcome, Shown};
use super::here::{self, Deeper, Entered};
use super::view::{AtEnd, AtEntry, View};

/// One call in so many is timed, to know what the probes cost.
const SAMPLED: u64 = 256;

/// In the place of when a call began: it is not looked at.
const LEFT_OUT: u64 = u64::MAX;

/// What a call leaves for its end.
pub(super) struct Call {
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
    pub(super) fn entered(&self, ctx: &Entry<'_>) {
        let Some((shard, planned, hit)) = self.admit(ctx) else { return };
        let begun = self.is_timed(hit);
        let view = AtEntry { ctx, planned, depth: 0 };
        if self.plan.entry.as_ref().is_none_or(|test| view.test(test)) {
            self.act(shard, ctx.cookie(), &view, 0);
        }
        self.time(begun);
    }

    #[inline]
    pub(super) fn begin(&self, ctx: &Entry<'_>) -> Option<Call> {
        let (shard, planned, hit) = self.admit(ctx)?;
        let begun = self.is_timed(hit);
        // A life is on many threads, and other calls are between its polls: it is within none, and none within it.
        let (depth, deeper) = if self.plan.wants.depth && !planned.is_async {
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
    pub(super) fn end(&self, ctx: &Exit<'_>, call: &Call) {
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
        let outcome = match (ctx.unwound(), ctx.cancelled()) {
            (true, _) => Outcome::Panicked,
            (_, true) => Outcome::Cancelled,
            _ => Outcome::Returned,
        };
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
                        let texts = items.iter().map(|(_, operand)| view.show(operand)).collect();
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
        (step, texts): (u32, Box<[Shown]>),
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
        // Either may fall below 0, by as many threads as there are at a time.
        if self.allowance.fetch_sub(1, Relaxed) <= 0 {
            self.counts[shard].held_back.fetch_add(1, Relaxed);
            return false;
        }
        if self.left.fetch_sub(1, Relaxed) <= 0 {
            self.exhausted.store(true, Relaxed);
            return false;
        }
        true
    }
}
