//! Two threads in one traced function.

use std::hint::black_box;
use std::sync::Barrier;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::bulk::attach;
use crate::clock::thread_time;
use crate::crowd;

/// Calls of a thread in one round.
const CALLS: u64 = 2_000_000;

/// How many times the calls of one thread two threads make in the same time, each on a processor
/// of its own: the median of so many rounds. `None` where there is only one.
///
/// Time is the threads' processor time: what one takes from the other by writing to the same
/// memory counts, and what the machine does besides does not.
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

/// Calls per nanosecond of threads on these processors, which call one function at the same time.
fn speeds(processors: &[usize]) -> Vec<f64> {
    let start = Barrier::new(processors.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = processors
            .iter()
            .map(|&processor| {
                let start = &start;
                scope.spawn(move || {
                    bind(processor);
                    let function = crowd::entry(700);
                    // The first call registers the thread.
                    black_box(function(1, 2));
                    start.wait();
                    let begin = thread_time();
                    for call in 0..CALLS {
                        black_box(function(call, 2));
                    }
                    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
                    let speed = CALLS as f64 / (thread_time() - begin) as f64;
                    speed
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no call panics")).collect()
    })
}

fn bind(processor: usize) {
    let mut one = CpuSet::new();
    one.set(processor);
    // Where it is not allowed, the system chooses.
    let _ = sched_setaffinity(None, &one);
}
