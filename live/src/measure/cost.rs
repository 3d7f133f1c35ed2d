//! What the probes cost, by those that were timed.

use core::time::Duration;

use histogram::AtomicHistogram;

use super::cell::PRECISION;

/// How long probes took that were timed, in nanoseconds.
pub(super) struct Cost(AtomicHistogram);

impl Cost {
    pub(super) fn new() -> Self {
        Self(AtomicHistogram::with_config(&PRECISION))
    }

    pub(super) fn sample(&self, nanoseconds: u64) {
        let fits = self.0.increment(nanoseconds);
        debug_assert!(fits.is_ok(), "it has buckets for all of them");
    }

    /// What so many probes cost.
    ///
    /// A thread that lost the processor in the midst of its probe has not spent the time that passed: what took
    /// much longer than nine of ten did is left out.
    pub(super) fn of(&self, probes: u64) -> Duration {
        let timed = self.0.load();
        let Ok(Some(most)) = timed.quantile_bucket(0.9) else { return Duration::ZERO };
        let longest = most.end().saturating_mul(4);
        let (mut count, mut sum) = (0_u128, 0_u128);
        for bucket in timed.iter().filter(|bucket| bucket.end() <= longest) {
            let middle = u128::from(bucket.start()).midpoint(bucket.end().into());
            count += u128::from(bucket.count());
            sum += middle * u128::from(bucket.count());
        }
        let nanoseconds = sum * u128::from(probes) / count.max(1);
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::Cost;
    use core::time::Duration;

    #[test]
    fn a_thread_that_lost_the_processor_does_not_make_probes_dear() {
        let cost = Cost::new();
        (0..99).for_each(|_| cost.sample(100));
        cost.sample(4_000_000);
        let all = cost.of(1000);
        assert!((90_000..110_000).contains(&all.as_nanos()), "{all:?}");
    }

    #[test]
    fn without_a_sample_nothing_was_spent() {
        assert_eq!(Cost::new().of(1000), Duration::ZERO);
    }
}
