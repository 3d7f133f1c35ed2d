//! Threads that call an armed function at the same time: the same one, or each its own. What grows
//! with the threads is shared by them.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gtramp_bench::bulk::attach;
use gtramp_bench::crowd::{self, Function};

fn threads(criterion: &mut Criterion) {
    let link = attach(crowd::hundred()).expect("attaches");
    let mut group = criterion.benchmark_group("threads");
    group.sample_size(20).measurement_time(Duration::from_secs(1));
    for threads in [1, 2, 4] {
        group.throughput(Throughput::Elements(threads as u64));
        group.bench_function(BenchmarkId::new("the same function", threads), |bencher| {
            bencher.iter_custom(|calls| together(calls, threads, |_| crowd::function(700)));
        });
        group.bench_function(BenchmarkId::new("different functions", threads), |bencher| {
            bencher.iter_custom(|calls| {
                together(calls, threads, |thread| crowd::function(700 + thread * 10))
            });
        });
    }
    group.finish();
    drop(link);
}

/// How long it takes `threads` threads to make so many calls each.
fn together(calls: u64, threads: usize, function: impl Fn(usize) -> Function) -> Duration {
    let start = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let (function, start) = (function(thread), &start);
                scope.spawn(move || {
                    // The first call registers the thread.
                    black_box(function(1, 2));
                    start.wait();
                    for call in 0..calls {
                        black_box(function(call, 2));
                    }
                })
            })
            .collect();
        start.wait();
        let begin = Instant::now();
        workers.into_iter().for_each(|worker| worker.join().expect("no call panics"));
        begin.elapsed()
    })
}

criterion_group!(benches, threads);
criterion_main!(benches);
