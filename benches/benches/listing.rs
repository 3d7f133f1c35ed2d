//! Listing, selecting and refusing many functions: how long it takes the first time in a process, and what is
//! wrong with a selection.
//!
//! With `GTRAMP_BENCH_FUNCTIONS=200000` in the environment of the build it is about so many functions.

use std::time::{Duration, Instant};

use gtramp::{Entry, Error};
use gtramp_bench::bulk::attach;
use gtramp_bench::crowd;

/// How long something took, in milliseconds, and what it gave.
fn timed<R>(what: &str, run: impl FnOnce() -> R) -> R {
    let begin = Instant::now();
    let result = run();
    show(what, begin.elapsed());
    result
}

fn show(what: &str, took: Duration) {
    println!("{what:32} {:9.2} ms", took.as_secs_f64() * 1e3);
}

fn main() {
    let all = crowd::all();
    // The crowd makes its names when they are first asked for, which the compiler does for others.
    crowd::prepare();
    println!("{} functions", crowd::FUNCTIONS);
    let listed = timed("first listing", || gtramp::functions().len());
    assert!(listed >= crowd::FUNCTIONS);
    timed("later listing", gtramp::functions);
    let wrong = |_: &Entry<'_>, _: &str| ();
    let error = timed("all refused", || gtramp::fentry(all, wrong)).expect_err("they take numbers");
    let text = timed("its text", || error.to_string());
    println!("{:32} {:9}", "its bytes", text.len());
    drop(timed("skipped", || {
        gtramp::link().functions(all).fentry(wrong).skip_invalid(true).attach()
    }));
    let none = timed("no match", || gtramp::fentry("gtramp_bench::crowd::m007::f007x0", wrong));
    assert!(matches!(none, Err(Error::NoMatch { .. })));
    for round in ["first", "second", "third"] {
        let link = timed(&format!("{round} attach"), || attach(all)).expect("attaches");
        timed("detach", || drop(link));
    }
}
