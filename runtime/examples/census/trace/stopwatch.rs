//! How long calls took, first on a thread's own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use super::board;

/// Two digits are exact, up to an hour.
const LONGEST: Duration = Duration::from_secs(3600);

/// The times of every thread that has ended.
static TIMES: Mutex<Times> = Mutex::new(Times::new());

thread_local!(static MINE: RefCell<Mine> = const { RefCell::new(Mine(Times::new())) });

/// The times of calls, by function.
type Times = BTreeMap<u16, Histogram<u64>>;

/// One thread's times.
struct Mine(Times);

/// A call of the function took so long.
pub(crate) fn record(function: u16, time: Duration) {
    MINE.with_borrow_mut(|Mine(times)| {
        let times = times.entry(function).or_insert_with(histogram);
        times.saturating_record(time.as_nanos() as u64);
    });
}

/// Adds this thread's times to those of all. A thread that ends does it by itself.
pub(crate) fn flush() {
    MINE.with_borrow_mut(Mine::flush);
}

/// The times seen so far by threads that have flushed theirs, by path.
pub(crate) fn times() -> BTreeMap<&'static str, Histogram<u64>> {
    let times = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    let by_path = |(&function, times): (&u16, &Histogram<u64>)| {
        (board::paths()[function as usize], times.clone())
    };
    times.iter().map(by_path).collect()
}

impl Mine {
    fn flush(&mut self) {
        let mut all = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
        for (function, times) in std::mem::take(&mut self.0) {
            let sum = all.entry(function).or_insert_with(histogram);
            sum.add(times).expect("both have the same bounds");
        }
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        self.flush();
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 2)
        .expect("the bounds are fixed and valid")
}
