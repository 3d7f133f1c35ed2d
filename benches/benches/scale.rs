//! How attaching grows: many links on one function, many links on many functions, many threads with a link each.
//!
//! What an attach or a detach touches is the rows of the lists it replaces, so the last column of the first two
//! tables is what stays level.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gtramp::{Entry, Link};
use gtramp_bench::bulk::attach;
use gtramp_bench::clock::processor_time;
use gtramp_bench::{crowd, memory::heap};

const ONE: &str = "gtramp_bench::crowd::m007::f00700";
const TEN_THOUSAND: &str = "gtramp_bench::crowd::m0[0-9][0-9]::*";

fn main() {
    crowd::prepare();
    drop(attach(crowd::all()).expect("attaches"));
    on_one_function();
    on_ten_thousand("one cookie", |_| 7);
    on_ten_thousand("cookies", |function| function.address() as u64);
    threads();
}

/// Microseconds.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
fn microseconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e3
}

fn median(mut times: Vec<i64>) -> f64 {
    times.sort_unstable();
    microseconds(times[times.len() / 2])
}

/// 1, 2, 4 .. 4,096 links on one function: one link more, and one less, each on its own.
fn on_one_function() {
    println!("{:>7} links on one function: attach, detach one more, us; ns per row", "");
    let mut links: Vec<Link> = Vec::new();
    let mut rows = 1_u32;
    while rows <= 4096 {
        links.extend((links.len()..rows as usize).map(|_| attach(ONE).expect("attaches")));
        let rounds = (20_000 / rows).clamp(5, 200);
        let (mut attaching, mut detaching) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let mut link = None;
            attaching.push(processor_time(|| link = Some(attach(ONE).expect("attaches"))));
            detaching.push(processor_time(|| drop(link)));
        }
        let (attaching, detaching) = (median(attaching), median(detaching));
        let each = |time: f64| time * 1e3 / f64::from(rows);
        println!(
            "{rows:>7}  {attaching:9.2} {detaching:9.2}   {:9.1} {:9.1}",
            each(attaching),
            each(detaching)
        );
        rows *= 2;
    }
    let all = processor_time(|| links.clear());
    println!(
        "{:>7}  all of them detached in the order of attaching: {:.1} ms",
        "",
        microseconds(all) / 1e3
    );
}

/// A hundred links on ten thousand functions each.
fn on_ten_thousand(what: &str, cookie: fn(&gtramp::Function) -> u64) {
    println!(
        "{:>7} links on 10,000 functions, {what}: attach, detach, ms; ns per row; heap, MB",
        ""
    );
    let before = heap();
    let mut links = Vec::new();
    let mut attaching = Vec::new();
    let mut held = Vec::new();
    for _ in 0..100 {
        attaching.push(processor_time(|| {
            let link = gtramp::link()
                .functions(TEN_THOUSAND)
                .cookie(cookie)
                .fentry(|_: &Entry<'_>, a: &u64| {
                    black_box(*a);
                })
                .attach();
            links.push(link.expect("attaches"));
        }));
        held.push(heap() - before);
    }
    let mut detaching = Vec::new();
    while let Some(link) = links.pop() {
        detaching.push(processor_time(|| drop(link)));
    }
    detaching.reverse();
    let after = heap() - before;
    for count in [1, 2, 5, 10, 20, 50, 100] {
        let rows = count as f64 * 10_000.0;
        let [attach, detach] = [&attaching, &detaching].map(|times| microseconds(times[count - 1]));
        println!(
            "{count:>7}  {:9.2} {:9.2}   {:9.1} {:9.1}   {:9.2}",
            attach / 1e3,
            detach / 1e3,
            attach * 1e3 / rows,
            detach * 1e3 / rows,
            held[count - 1] as f64 / 1e6
        );
    }
    println!("{:>7}  heap when all are gone: {:.2} MB", "", after as f64 / 1e6);
}

/// Threads that attach, call and detach a link of their own, all at the same time.
fn threads() {
    println!("{:>7} threads that attach, call, detach: all ms; slowest attach, detach, ms", "");
    for count in [1, 10, 100, 1000, 5000] {
        let (attach_most, detach_most) = (AtomicU64::new(0), AtomicU64::new(0));
        let start = Barrier::new(count + 1);
        let note = |most: &AtomicU64, took: Duration| {
            most.fetch_max(took.as_micros() as u64, Ordering::Relaxed);
        };
        let mut begin = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..count {
                let (start, attach_most, detach_most) = (&start, &attach_most, &detach_most);
                let builder = std::thread::Builder::new().stack_size(64 * 1024);
                let run = move || {
                    let number = 700 + thread % 100;
                    let name = format!("gtramp_bench::crowd::m007::f{number:05}");
                    start.wait();
                    let begin = Instant::now();
                    let link = attach(&name).expect("attaches");
                    note(attach_most, begin.elapsed());
                    black_box(crowd::function(number)(1, 2));
                    let begin = Instant::now();
                    drop(link);
                    note(detach_most, begin.elapsed());
                };
                builder.spawn_scoped(scope, run).expect("there is memory for a thread");
            }
            start.wait();
            begin = Instant::now();
        });
        let all = begin.elapsed();
        let milliseconds = |most: &AtomicU64| most.load(Ordering::Relaxed) as f64 / 1e3;
        println!(
            "{count:>7}  {:9.1}  {:9.1} {:9.1}",
            all.as_secs_f64() * 1e3,
            milliseconds(&attach_most),
            milliseconds(&detach_most)
        );
    }
}
