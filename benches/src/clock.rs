//! What time is measured with: the processor's time stamp counter for what is short, the processor time of
//! the thread for what is long, and the length of a cycle.
//!
//! Reading the processor time of a thread is a call of the system, and after one of these a loop of a few
//! jumps can be half as slow again for as long as it goes on: the branch predictor has settled otherwise.
//! Reading the counter leaves it alone. Whether the thread had the processor meanwhile is looked at once
//! for many readings: see [`undisturbed`].

use core::arch::asm;
use core::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::row::Run;

/// The processor time of the calling thread, in nanoseconds.
#[must_use]
pub fn thread_time() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// The shortest time between two readings of a clock with nothing between them.
fn reading(clock: fn() -> i64) -> i64 {
    let readings = (0..1000).map(|_| {
        let begin = clock();
        clock() - begin
    });
    readings.min().unwrap_or(0)
}

/// What the calling thread does between two readings of its processor time, in nanoseconds.
///
/// A reading is a call of the system. What it takes itself is not in the result.
pub fn processor_time(work: impl FnOnce()) -> i64 {
    static READING: LazyLock<i64> = LazyLock::new(|| reading(thread_time));
    let reading = *READING;
    let begin = thread_time();
    work();
    thread_time() - begin - reading
}

/// How long a burst of calls is to be, in nanoseconds: long beside what a reading takes, and short beside
/// how often something else wants the processor.
pub const BURST: f64 = if cfg!(target_arch = "x86_64") { 5e3 } else { 60e3 };

/// What [`ticks`] counts, now. What came before has been done.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn ticks() -> i64 {
    use core::arch::x86_64::{_mm_lfence, _rdtsc};
    // SAFETY: every processor of this architecture has the instruction.
    unsafe { _mm_lfence() };
    // SAFETY: as above; systems allow it to programs.
    let ticks = unsafe { _rdtsc() };
    ticks.cast_signed()
}

/// The thread's processor time: counters that programs may read tick too seldom here.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn ticks() -> i64 {
    thread_time()
}

/// How many nanoseconds a tick of [`time`] takes.
#[must_use]
pub fn tick() -> f64 {
    static TICK: LazyLock<f64> = LazyLock::new(|| {
        let (begin, first) = (Instant::now(), ticks());
        let mut took = Duration::ZERO;
        while took < Duration::from_millis(20) {
            took = begin.elapsed();
        }
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let (took, ticks) = (took.as_nanos() as f64, (ticks() - first) as f64);
        took / ticks
    });
    if cfg!(target_arch = "x86_64") { *TICK } else { 1.0 }
}

/// Ticks per call.
#[inline(always)]
#[must_use]
pub fn time(run: Run, calls: u64) -> f64 {
    static READING: LazyLock<i64> = LazyLock::new(|| reading(ticks));
    let reading = *READING;
    let begin = ticks();
    black_box(run(black_box(calls)));
    let took = ticks() - begin - reading;
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let (took, calls) = (took as f64, calls as f64);
    took / calls
}

/// How many ticks a cycle takes now: each round of a loop that waits for the last.
#[must_use]
pub fn cycle() -> f64 {
    fn count(rounds: u64) -> u64 {
        let mut sum = 0u64;
        for _ in 0..rounds {
            sum = sum.wrapping_add(1);
            // SAFETY: no instruction at all.
            unsafe { asm!("/* {0} */", inout(reg) sum, options(nostack, preserves_flags)) };
        }
        sum
    }
    (0..3).map(|_| time(count, 1 << 12)).fold(f64::INFINITY, f64::min)
}

/// Does some work again, at most a few times, until the thread has had its processor meanwhile: until the
/// time that went by is the processor time that it got.
pub fn undisturbed<T>(mut work: impl FnMut() -> T) -> T {
    for _ in 0..3 {
        let begin = Instant::now();
        let mut done = None;
        let got = processor_time(|| done = Some(work()));
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let (got, passed) = (got as f64, begin.elapsed().as_nanos() as f64);
        if let Some(done) = done
            && got > passed * 0.95
        {
            return done;
        }
    }
    work()
}
