//! Two threads in one traced function.

use std::hint::black_box;
use std::sync::Barrier;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::bulk::attach;
use crate::crowd;
use crate::measure::{calibrate, median_of_bursts};

/// Bursts of a thread in one round: some ten milliseconds, so that threads which begin together are
/// there together.
const BURSTS: usize = 2000;

/// How many times the calls of one thread two threads make in the same time, each on a processor
/// of its own: the median of so many rounds. `None` where there is only one.
///
/// Each counts the cycles of its processor: what one takes from the other by writing to the same memory
/// counts, and what the machine does besides does not.
///
/// # Errors
///
/// What attaching fails with.
pub fn measure(rounds: usize, processors: &[usize]) -> Result<Option<f64>, gtramp::Error> {
    let &[first, second, ..] = processors else { return Ok(None) };
    let link = attach(crowd::hundred())?;
    let mut ratios: Vec<f64> = (0..rounds)
        .map(|_| {
            let alone = [first, second].map(|processor| speeds(&[processor])[0]);
            speeds(&[first, second]).iter().sum::<f64>() / ((alone[0] + alone[1]) / 2.0)
        })
        .collect();
    drop(link);
    ratios.sort_by(f64::total_cmp);
    Ok(Some(ratios[rounds / 2]))
}

/// Calls per cycle of threads on these processors, which call one function at the same time.
fn speeds(processors: &[usize]) -> Vec<f64> {
    let start = Barrier::new(processors.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = processors
            .iter()
            .map(|&processor| {
                let start = &start;
                scope.spawn(move || {
                    bind(processor);
                    let calls = calibrate(run);
                    start.wait();
                    median_of_bursts(run, calls, BURSTS).0.recip()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no call panics")).collect()
    })
}

/// Calls one function of a hundred that have a probe.
fn run(calls: u64) -> u64 {
    let function = crowd::function(700);
    (0..calls).fold(0, |sum, call| sum ^ black_box(function(call, 2)))
}

fn bind(processor: usize) {
    let mut one = CpuSet::new();
    one.set(processor);
    // Where it is not allowed, the system chooses.
    let _ = sched_setaffinity(None, &one);
}
