//! One aggregate of one key, in one shard.

use core::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use histogram::{Config, Histogram};

use crate::language::Aggregate;

use super::shard::Shard;

/// So many powers of two of buckets to a power of two of values.
const GROUPING: u8 = 3;

/// Eight buckets to a power of two: a value is known to 12 %. 4 KiB.
pub(super) const PRECISION: Config = match Config::new(GROUPING, 64) {
    Ok(config) => config,
    Err(_) => unreachable!(),
};

/// What is written while calls run. Nothing hangs on the order of its parts.
#[derive(Debug)]
pub(super) struct Cell {
    count: AtomicU64,
    sum: AtomicI64,
    min: AtomicI64,
    max: AtomicI64,
    buckets: Buckets,
}

#[derive(Debug)]
enum Buckets {
    None,
    /// As the library counts them.
    Powers(Box<[AtomicU64]>),
    /// Below, each step, and from the end on.
    Steps(Box<[AtomicU64]>),
}

impl Cell {
    pub(super) fn new(function: Aggregate) -> Self {
        let buckets = match function {
            Aggregate::Hist => {
                let buckets = 0..PRECISION.total_buckets();
                Buckets::Powers(buckets.map(|_| AtomicU64::new(0)).collect())
            }
            Aggregate::Lhist { from, to, step } => {
                let steps = usize::try_from((to - from).div_ceil(step)).unwrap_or(usize::MAX);
                Buckets::Steps((0..steps + 2).map(|_| AtomicU64::new(0)).collect())
            }
            _ => Buckets::None,
        };
        Self {
            count: AtomicU64::new(0),
            sum: AtomicI64::new(0),
            min: AtomicI64::new(i64::MAX),
            max: AtomicI64::new(i64::MIN),
            buckets,
        }
    }

    /// What one takes with its row, in bytes, about.
    pub(super) fn size(function: Aggregate) -> usize {
        let buckets = match function {
            Aggregate::Hist => PRECISION.total_buckets(),
            Aggregate::Lhist { from, to, step } => {
                usize::try_from((to - from).div_ceil(step)).unwrap_or(usize::MAX) + 2
            }
            _ => 0,
        };
        size_of::<Self>() + 64 + 8 * buckets
    }

    /// Takes in a call of which nothing but the number is kept.
    #[inline]
    pub(super) fn count_one(&self, shard: Shard) {
        shard.add(&self.count, 1);
    }

    /// Takes a value in; `count()` has none.
    #[inline]
    pub(super) fn add(&self, shard: Shard, function: Aggregate, value: i64) {
        shard.add(&self.count, 1);
        if function == Aggregate::Count {
            return;
        }
        shard.add_signed(&self.sum, value);
        if value > self.max.load(Relaxed) {
            self.max.fetch_max(value, Relaxed);
        }
        if value < self.min.load(Relaxed) {
            self.min.fetch_min(value, Relaxed);
        }
        let positive = u64::try_from(value).unwrap_or(0);
        match (&self.buckets, function) {
            (Buckets::Powers(powers), _) => _ = shard.add(&powers[bucket(positive)], 1),
            (Buckets::Steps(steps), Aggregate::Lhist { from, to, step }) => {
                let place = match positive {
                    value if value < from => 0,
                    value if value >= to => steps.len() - 1,
                    value => usize::try_from((value - from) / step).unwrap_or(0) + 1,
                };
                shard.add(&steps[place], 1);
            }
            _ => {}
        }
    }
}

/// The place of a value's bucket among the library's.
#[inline]
fn bucket(value: u64) -> usize {
    const GROUPING: u32 = self::GROUPING as u32;
    let power = value.checked_ilog2().unwrap_or(0);
    // As many as a power of two has, for each power beyond the first, and the offset within.
    let place = match power.checked_sub(GROUPING) {
        None | Some(0) => value,
        Some(shift) => (u64::from(shift) << GROUPING) + (value >> shift),
    };
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// One aggregate of one key, of all shards.
#[derive(Clone, Debug, Default)]
pub(crate) struct Merged {
    pub(crate) count: u64,
    pub(crate) sum: i64,
    /// Only where there was a value.
    pub(crate) range: Option<(i64, i64)>,
    powers: Option<Histogram>,
    steps: Vec<u64>,
}

impl Merged {
    pub(super) fn take_in(&mut self, cell: &Cell) {
        self.count += cell.count.load(Relaxed);
        self.sum = self.sum.wrapping_add(cell.sum.load(Relaxed));
        let (min, max) = (cell.min.load(Relaxed), cell.max.load(Relaxed));
        if min <= max {
            let (before_min, before_max) = self.range.unwrap_or((min, max));
            self.range = Some((min.min(before_min), max.max(before_max)));
        }
        match &cell.buckets {
            Buckets::None => {}
            Buckets::Powers(powers) => {
                let buckets = powers.iter().map(|bucket| bucket.load(Relaxed)).collect();
                let more = Histogram::from_buckets(GROUPING, 64, buckets);
                let Ok(more) = more else { unreachable!("there are as many as it has") };
                match &mut self.powers {
                    Some(powers) => {
                        let added = powers.checked_add_assign(&more);
                        debug_assert!(added.is_ok(), "all are of one precision");
                    }
                    none => *none = Some(more),
                }
            }
            Buckets::Steps(steps) => {
                self.steps.resize(steps.len(), 0);
                for (sum, step) in self.steps.iter_mut().zip(steps) {
                    *sum += step.load(Relaxed);
                }
            }
        }
    }

    /// The value below which this share of values is: the end of its bucket, and no more than the largest.
    pub(crate) fn quantile(&self, share: f64) -> Option<u64> {
        let powers = self.powers.as_ref()?;
        let bucket = powers.quantile_bucket(share).ok().flatten()?;
        let largest = self.range.map_or(0, |(_, max)| u64::try_from(max).unwrap_or(0));
        Some(bucket.end().min(largest))
    }

    /// Buckets that are not empty: from, up to and including, how many.
    pub(crate) fn buckets(&self, function: Aggregate) -> Vec<(u64, u64, u64)> {
        match (function, &self.powers) {
            (Aggregate::Lhist { from, to, step }, _) => {
                let last = self.steps.len().saturating_sub(1);
                let bounds = |(place, &count): (usize, &u64)| match place {
                    0 => (0, from.saturating_sub(1), count),
                    place if place == last => (to, u64::MAX, count),
                    place => {
                        let begin = from + (place as u64 - 1) * step;
                        (begin, (begin + step).min(to) - 1, count)
                    }
                };
                let all = self.steps.iter().enumerate().map(bounds);
                all.filter(|&(_, _, count)| count > 0).collect()
            }
            (_, Some(powers)) => {
                let coarse = powers.downsample(0).ok();
                let buckets = coarse.iter().flat_map(|coarse| coarse.iter());
                let all = buckets.map(|bucket| (bucket.start(), bucket.end(), bucket.count()));
                all.filter(|&(_, _, count)| count > 0).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PRECISION, bucket};
    use histogram::Histogram;

    #[test]
    fn values_are_in_the_buckets_of_the_library() {
        let powers = (0..64).map(|power| 1_u64 << power);
        let near = powers.flat_map(|power| [power - 1, power, power + power / 3, power + 1]);
        for value in near.chain([u64::MAX]) {
            let mut one = Histogram::with_config(&PRECISION);
            one.increment(value).expect("it has buckets for all of them");
            let place = one.as_slice().iter().position(|count| *count == 1);
            assert_eq!(Some(bucket(value)), place, "{value}");
        }
    }
}
