//! Finding metadata by function address: the table of the hash callers against a standard map,
//! `papaya`, and a sorted slice; 1 to 1,000,000 entries, hit and miss.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use gtramp::__bench::Lookup;

/// Where functions could be: entries are 16 bytes long.
fn keys(count: usize) -> Vec<usize> {
    (0..count).map(|number| 0x5555_5550_0000 + number * 16).collect()
}

fn lookup(criterion: &mut Criterion) {
    for count in [1, 100, 10_000, 1_000_000] {
        let keys = keys(count);
        let table = Lookup::of(&keys);
        let map: HashMap<usize, u64> = keys.iter().map(|&key| (key, 0)).collect();
        let papaya: papaya::HashMap<usize, u64> = keys.iter().map(|&key| (key, 0)).collect();
        let mut group = criterion.benchmark_group("lookup");
        group.sample_size(20).measurement_time(Duration::from_millis(500));
        group.warm_up_time(Duration::from_millis(200));
        for (case, offset) in [("hit", 0), ("miss", 8)] {
            let asked = Asked { keys: &keys, offset };
            asked.bench(&mut group, &format!("gtramp {case}"), |key| table.find(key).is_some());
            asked.bench(&mut group, &format!("std {case}"), |key| map.contains_key(&key));
            asked.bench(&mut group, &format!("papaya {case}"), |key| {
                papaya.pin().contains_key(&key)
            });
            asked.bench(&mut group, &format!("sorted slice {case}"), |key| {
                keys.binary_search(&key).is_ok()
            });
        }
        group.finish();
    }
}

/// What is looked up.
struct Asked<'k> {
    keys: &'k [usize],
    /// Added to each: no key is there any more unless it is 0.
    offset: usize,
}

impl Asked<'_> {
    fn bench(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        find: impl Fn(usize) -> bool,
    ) {
        let mut at = 0;
        let stride = self.keys.len() * 3 / 8 + 1;
        group.bench_function(BenchmarkId::new(name, self.keys.len()), |bencher| {
            bencher.iter(|| {
                // A stride of about three eighths visits the keys out of order.
                at += stride;
                if at >= self.keys.len() {
                    at -= self.keys.len();
                }
                black_box(find(self.keys[at] + self.offset))
            });
        });
    }
}

criterion_group!(benches, lookup);
criterion_main!(benches);
