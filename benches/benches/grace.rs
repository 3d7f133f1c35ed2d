//! Grace periods: what a probe's mark costs, and waiting for all of them while threads set and
//! clear theirs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gtramp::__bench::{enter_and_leave, synchronize};

fn grace(criterion: &mut Criterion) {
    // The first attach prepares what a barrier needs.
    drop(gtramp_bench::bulk::attach(gtramp_bench::crowd::hundred()).expect("attaches"));
    let mut group = criterion.benchmark_group("grace");
    group.sample_size(20).measurement_time(Duration::from_secs(1));
    group.bench_function("enter and leave", |bencher| bencher.iter(enter_and_leave));
    for readers in [0, 1, 2, 4, 8] {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..readers {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        enter_and_leave();
                    }
                });
            }
            group.bench_function(BenchmarkId::new("synchronize, readers", readers), |bencher| {
                bencher.iter(synchronize);
            });
            done.store(true, Ordering::Relaxed);
        });
    }
    group.finish();
}

criterion_group!(benches, grace);
criterion_main!(benches);
