//! Twenty thousand functions called in a random order, so that neither their code nor what belongs
//! to it is in a near cache: the bodies alone, off, and armed.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gtramp_bench::bulk::attach;
use gtramp_bench::crowd::{self, Function};

const FUNCTIONS: usize = 20_000;

fn cold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cold");
    group.throughput(Throughput::Elements(FUNCTIONS as u64));
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    let order = order();
    let plain: Vec<_> = order.iter().map(|&number| crowd::body(number)).collect();
    let entries: Vec<_> = order.iter().map(|&number| crowd::function(number)).collect();
    group.bench_function("plain", |bencher| bencher.iter(|| call(&plain)));
    group.bench_function("off", |bencher| bencher.iter(|| call(&entries)));
    let link = attach(crowd::all()).expect("attaches");
    group.bench_function("armed", |bencher| bencher.iter(|| call(&entries)));
    drop(link);
    group.finish();
}

fn call(functions: &[Function]) -> u64 {
    functions.iter().zip(0..).fold(0, |sum, (function, call)| sum ^ function(call, black_box(2)))
}

/// The functions' numbers, shuffled the same way in every run.
fn order() -> Vec<usize> {
    let mut numbers: Vec<_> = (0..FUNCTIONS).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..numbers.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let other = (state >> 33) as usize % (last + 1);
        numbers.swap(last, other);
    }
    numbers
}

criterion_group!(benches, cold);
criterion_main!(benches);
