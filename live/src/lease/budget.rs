//! Budgets: what a lease may cost. Over it, the lease is thinned out, and if that is not enough, switched off.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::measure::Total;

/// What coming to a probe and back takes, which the probe itself cannot time.
const WAY: Duration = Duration::from_nanos(15);
/// Of 1024 calls one is looked at then.
const THINNEST: u32 = 10;
/// Less than this says nothing.
const SLICE: Duration = Duration::from_millis(100);

/// How much a lease has cost, and what was done about it.
#[derive(Debug)]
pub(super) struct Budget {
    share: f64,
    last: Total,
    processor: Duration,
    power: u32,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Fine,
    /// Look at one call in `1 << power`, and say so.
    Thin {
        power: u32,
        sentence: String,
    },
    Off {
        sentence: String,
    },
}

impl Budget {
    pub(super) fn new(share: f64) -> Self {
        Self { share, last: Total::default(), processor: processor_time(), power: 0 }
    }

    pub(super) fn check(&mut self, total: Total) -> Verdict {
        self.judge(total, processor_time())
    }

    /// What to do at a moment at which the process has taken so much processor time.
    fn judge(&mut self, total: Total, processor: Duration) -> Verdict {
        let passed = processor.saturating_sub(self.processor);
        if passed < SLICE {
            return Verdict::Fine;
        }
        let hits = u32::try_from(total.hits - self.last.hits).unwrap_or(u32::MAX);
        let spent = total.spent.saturating_sub(self.last.spent) + WAY * hits;
        (self.last, self.processor) = (total, processor);
        let share = spent.as_secs_f64() / passed.as_secs_f64();
        if share <= self.share || self.share >= 1.0 {
            return Verdict::Fine;
        }
        let (took, may) = (share * 100.0, self.share * 100.0);
        let cost =
            format!("the probes took {took:.0} % of the processor time, and may take {may:.0} %");
        let way = (WAY * hits).as_secs_f64() / passed.as_secs_f64();
        if self.power >= THINNEST || way > self.share {
            let hint = "choose fewer functions, or write `budget 50%`";
            return Verdict::Off { sentence: format!("switched off: {cost}; {hint}") };
        }
        // As much thinner as it is too dear, at least by half.
        let mut over = share / self.share;
        while over > 1.0 && self.power < THINNEST {
            self.power += 1;
            over /= 2.0;
        }
        let power = self.power;
        let sentence = format!("thinned out to one call in {}: {cost}", 1 << power);
        Verdict::Thin { power, sentence }
    }
}

/// What this process has taken of all processors.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{Budget, SLICE, Total, Verdict};
    use std::time::Duration;

    fn budget() -> Budget {
        Budget { share: 0.1, last: Total::default(), processor: Duration::ZERO, power: 0 }
    }

    #[test]
    fn what_is_within_the_budget_is_left_alone() {
        let total = Total { hits: 1000, spent: SLICE / 20, ..Total::default() };
        assert_eq!(budget().judge(total, SLICE), Verdict::Fine);
    }

    #[test]
    fn what_costs_too_much_is_thinned_out_by_as_much() {
        let mut budget = budget();
        let total = Total { hits: 1000, spent: SLICE / 2, ..Total::default() };
        let verdict = budget.judge(total, SLICE);
        let Verdict::Thin { power: 3, sentence } = verdict else { panic!("{verdict:?}") };
        assert!(sentence.contains("one call in 8"), "{sentence}");
        // Nothing more was spent.
        assert_eq!(budget.judge(total, 2 * SLICE), Verdict::Fine);
    }

    #[test]
    fn what_costs_too_much_however_thin_is_switched_off() {
        let total = Total { hits: 10_000_000, ..Total::default() };
        let verdict = budget().judge(total, SLICE);
        assert!(matches!(verdict, Verdict::Off { .. }), "{verdict:?}");
    }
}
