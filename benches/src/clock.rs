//! The processor time of a thread, and how long a cycle takes.

use core::arch::asm;
use std::sync::LazyLock;

use rustix::time::{ClockId, clock_gettime};

use crate::row::Run;

/// The processor time of the calling thread, in nanoseconds.
#[must_use]
pub fn thread_time() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// What the calling thread does between two readings of its processor time, in nanoseconds.
///
/// A reading is a call of the system. What it takes itself is not in the result.
pub fn processor_time(work: impl FnOnce()) -> i64 {
    /// The shortest time between two readings with nothing between them.
    static READING: LazyLock<i64> = LazyLock::new(|| {
        let readings = (0..1000).map(|_| {
            let begin = thread_time();
            thread_time() - begin
        });
        readings.min().unwrap_or(0)
    });
    let reading = *READING;
    let begin = thread_time();
    work();
    thread_time() - begin - reading
}

/// Nanoseconds of processor time per call.
#[must_use]
pub fn time(run: Run, calls: u64) -> f64 {
    let took = processor_time(|| {
        core::hint::black_box(run(core::hint::black_box(calls)));
    });
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let (took, calls) = (took as f64, calls as f64);
    took / calls
}

/// How long a cycle takes now, in nanoseconds: what each round of a loop does that waits for the last.
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
    (0..2).map(|_| time(count, 1 << 14)).fold(f64::INFINITY, f64::min)
}
