//! How long calls take: a start time is kept at entry and used at exit, on a stack of the thread's
//! own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::board::{self, Tag};

/// Two digits are exact, up to an hour.
const LONGEST: Duration = Duration::from_secs(3600);

/// The times of every thread that has ended.
static TIMES: Mutex<Times> = Mutex::new(Times::new());

thread_local!(static MINE: RefCell<Stopwatch> = const { RefCell::new(Stopwatch::new()) });

/// The times of calls, by function.
type Times = BTreeMap<u16, Histogram<u64>>;

/// One thread's stopwatch.
struct Stopwatch {
    /// Calls that have begun and not ended.
    running: Vec<(Tag, Instant)>,
    times: Times,
}

/// A call begins.
pub(crate) fn start(tag: Tag) {
    MINE.with_borrow_mut(|mine| {
        // What an earlier attachment saw begin, nobody will see end.
        if mine.running.last().is_some_and(|(last, _)| last.attachment != tag.attachment) {
            mine.running.clear();
        }
        mine.running.push((tag, Instant::now()));
    });
}

/// A call ends. Calls end in the opposite order in which they begin, panics included; but while its
/// link is being detached, a call inside this one may have ended unseen.
pub(crate) fn stop(tag: Tag) {
    let now = Instant::now();
    MINE.with_borrow_mut(|mine| {
        while let Some((begun, start)) = mine.running.pop() {
            if begun == tag {
                mine.record(tag.function, now - start);
                break;
            }
        }
    });
}

/// Adds this thread's times to those of all. A thread that ends does it by itself.
pub(crate) fn flush() {
    MINE.with_borrow_mut(Stopwatch::flush);
}

/// The times seen so far by threads that have flushed theirs, by path.
pub(crate) fn times() -> BTreeMap<&'static str, Histogram<u64>> {
    let times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    let by_path = |(&function, times): (&u16, &Histogram<u64>)| {
        (board::paths()[function as usize], times.clone())
    };
    times.iter().map(by_path).collect()
}

impl Stopwatch {
    const fn new() -> Self {
        Self { running: Vec::new(), times: Times::new() }
    }

    fn record(&mut self, function: u16, time: Duration) {
        let times = self.times.entry(function).or_insert_with(histogram);
        times.saturating_record(time.as_nanos() as u64);
    }

    fn flush(&mut self) {
        let mut all = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
        for (function, times) in std::mem::take(&mut self.times) {
            let sum = all.entry(function).or_insert_with(histogram);
            sum.add(times).expect("both have the same bounds");
        }
    }
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        self.flush();
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 2)
        .expect("the bounds are fixed and valid")
}
