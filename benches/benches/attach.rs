//! Attaching and detaching: one function, a hundred, ten thousand, fifty thousand; in one link, and
//! a hundred one by one.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gtramp_bench::bulk::attach;
use gtramp_bench::crowd;

/// Selections of so many functions.
const SETS: [(u64, &str); 4] = [
    (1, "gtramp_bench::crowd::m007::f00700"),
    (100, "gtramp_bench::crowd::m007::*"),
    (10_000, "gtramp_bench::crowd::m0[0-9][0-9]::*"),
    (50_000, "gtramp_bench::crowd::**"),
];

fn bulk(criterion: &mut Criterion) {
    // The first attach reads the program's records and makes what the later ones find.
    drop(attach(crowd::all()).expect("attaches"));
    let mut group = criterion.benchmark_group("attach");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    for (count, functions) in SETS {
        group.throughput(Throughput::Elements(count));
        group.bench_function(BenchmarkId::new("attach", count), |bencher| {
            bencher.iter_custom(|times| split(times, functions).0);
        });
        group.bench_function(BenchmarkId::new("detach", count), |bencher| {
            bencher.iter_custom(|times| split(times, functions).1);
        });
    }
    group.throughput(Throughput::Elements(100));
    let names: Vec<_> =
        (700..800).map(|number| format!("gtramp_bench::crowd::m007::f{number:05}")).collect();
    group.bench_function("one by one/100", |bencher| {
        bencher.iter(|| {
            let links: Vec<_> = names.iter().map(|name| attach(name).expect("attaches")).collect();
            drop(links);
        });
    });
    group.finish();
}

/// How long so many times took to attach, and to detach.
fn split(times: u64, functions: &str) -> (Duration, Duration) {
    let (mut attaching, mut detaching) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..times {
        let begin = Instant::now();
        let link = attach(functions).expect("attaches");
        attaching += begin.elapsed();
        let begin = Instant::now();
        drop(link);
        detaching += begin.elapsed();
    }
    (attaching, detaching)
}

criterion_group!(benches, bulk);
criterion_main!(benches);
