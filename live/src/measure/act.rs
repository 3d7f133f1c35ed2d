//! What is done with a call that is kept.

use core::sync::atomic::Ordering::Relaxed;

use arrayvec::ArrayVec;

use crate::language::{Step, Term, Word};
use crate::record::{Head, Outcome, Texts};

use super::engine::Engine;
use super::event::{Event, Shown};
use super::here;
use super::rings::Rings;
use super::shard::Shard;
use super::view::View;

impl Engine {
    /// Does with a call what the program says.
    #[inline]
    pub(super) fn act(&self, shard: Shard, function: u64, view: &impl View, begun: u64) {
        shard.add(&self.counts[shard.place()].kept, 1);
        let function = u32::try_from(function).unwrap_or(u32::MAX);
        let mut tables = self.tables.iter();
        for (number, step) in self.plan.steps.iter().enumerate() {
            match step {
                Step::Aggregate { value, .. } => {
                    let Some(table) = tables.next() else { continue };
                    let number = match value {
                        None => 0,
                        Some(value) => match &value.operand {
                            Term::Word(Word::Latency) => {
                                i64::try_from(view.latency()).unwrap_or(i64::MAX)
                            }
                            operand => {
                                let value = view.value(operand, &mut Default::default()).number();
                                let Some(number) = value else { continue };
                                number
                            }
                        },
                    };
                    table.add(shard, function, view, number);
                }
                Step::Show { items, traced } => {
                    let step = u32::try_from(number).unwrap_or(0);
                    match &self.rings {
                        Some(rings) if *traced => {
                            self.trace(rings, shard, view, begun, function, step, items);
                        }
                        _ if self.may_show(shard, 1) => {
                            self.push(view, begun, function, step, items);
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    #[inline]
    fn trace(
        &self,
        rings: &Rings,
        shard: Shard,
        view: &impl View,
        begun: u64,
        function: u32,
        step: u32,
        items: &[(String, Term<usize>)],
    ) {
        // What is kept is not shown before somebody asks for it.
        let is_kept = self.plan.limits.keep.is_some();
        if !is_kept && !self.may_show(shard, self.batch) {
            return;
        }
        let latency = view.ticks();
        let (depth, outcome, thread) = (view.depth(), view.outcome(), here::id());
        let life = life_of(view);
        let head = Head { outcome, depth, function, begun, latency, thread, step, life };
        if items.is_empty() && life.is_none() {
            rings.push(shard, &head.plain());
        } else {
            let (mut texts, mut words) = (Texts::default(), ArrayVec::new());
            items.iter().for_each(|(_, operand)| view.write(operand, &mut texts));
            head.encode(&texts, &mut words);
            rings.push(shard, &words);
        }
        if is_kept && (outcome == Outcome::Panicked || depth == 0 && latency >= self.slow) {
            self.trigger.store(u64::from(function) + 1, Relaxed);
        }
    }

    #[cold]
    fn push(
        &self,
        view: &impl View,
        begun: u64,
        function: u32,
        step: u32,
        items: &[(String, Term<usize>)],
    ) {
        let begun = if begun == 0 { self.clock.now() } else { begun };
        let texts: Box<[Shown]> = items.iter().map(|(_, operand)| view.show(operand)).collect();
        let (latency, thread) = (view.latency(), here::id());
        let begun = self.clock.since(self.begun, begun);
        let (depth, outcome) = (view.depth(), view.outcome());
        self.events.push(Event {
            begun,
            latency,
            function,
            thread,
            depth,
            outcome,
            step,
            life: life_of(view),
            texts,
        });
    }

    /// Takes an event out of the allowance, where so many are taken at once.
    #[inline]
    fn may_show(&self, shard: Shard, batch: u64) -> bool {
        let counts = &self.counts[shard.place()];
        if batch == 1 || !shard.is_own() {
            return self.take(shard, 1);
        }
        match counts.credit.load(Relaxed).checked_sub(1) {
            Some(left) => counts.credit.store(left, Relaxed),
            None if self.take(shard, batch) => counts.credit.store(batch - 1, Relaxed),
            None => return false,
        }
        true
    }

    fn take(&self, shard: Shard, events: u64) -> bool {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        // Either may fall below 0, by as many threads as there are at a time.
        if self.allowance.fetch_sub(events, Relaxed) <= 0 {
            shard.add(&self.counts[shard.place()].held_back, 1);
            return false;
        }
        if self.left.fetch_sub(events, Relaxed) <= 0 {
            self.exhausted.store(true, Relaxed);
            return false;
        }
        true
    }
}

/// The number of a call that is a life, and that of the life around it.
#[inline]
fn life_of(view: &impl View) -> Option<(u64, u64)> {
    view.life().map(|life| (life.id(), life.parent().unwrap_or(0)))
}
