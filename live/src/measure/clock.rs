//! The time stamp counter where the processor and the kernel rely on it, else the system's clock.

use std::sync::OnceLock;

use quanta::Clock;
use rustix::time::{ClockId, clock_gettime};

/// What tells the time, in units of its own.
#[derive(Debug)]
pub(crate) enum Ticks {
    /// The processor's counter, which is invariant and was compared with the system's clock.
    Counter(Clock),
    /// The system's clock, in nanoseconds.
    System,
}

/// Compares the counter with the system's clock, if that was not done before: it takes some milliseconds.
pub(crate) fn calibrate() -> &'static Ticks {
    static TICKS: OnceLock<Ticks> = OnceLock::new();
    TICKS.get_or_init(|| {
        // It looks for an invariant counter, and is the system's clock as well if there is none.
        let clock = Clock::new();
        let (before, read, after) = (counter(&clock), clock.raw(), counter(&clock));
        match is_relied_on() && (before..=after).contains(&read) {
            true => Ticks::Counter(clock),
            false => Ticks::System,
        }
    })
}

/// What a clock that reads the counter reads, without the way there.
#[inline(always)]
fn counter(clock: &Clock) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        let _ = clock;
        // SAFETY: every processor of this architecture has it, and a clock was made, which has read it as well.
        unsafe { core::arch::x86_64::_rdtsc() }
    }
    #[cfg(not(target_arch = "x86_64"))]
    clock.raw()
}

/// Whether the kernel offers the counter as a clock: it stops to when it finds that it goes astray.
fn is_relied_on() -> bool {
    const OFFERED: &str = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
    if cfg!(not(target_arch = "x86_64")) {
        // The counter is the only clock that there is.
        return true;
    }
    std::fs::read_to_string(OFFERED).is_ok_and(|all| all.split_whitespace().any(|one| one == "tsc"))
}

impl Ticks {
    /// The time, in units of its own.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        match self {
            Self::Counter(clock) => counter(clock),
            Self::System => {
                let time = clock_gettime(ClockId::Monotonic);
                let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
                seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
            }
        }
    }

    /// Nanoseconds from one time to a later one.
    #[inline]
    pub(crate) fn since(&self, begun: u64, now: u64) -> u64 {
        match self {
            Self::Counter(clock) => clock.delta_as_nanos(begun, now),
            Self::System => now.saturating_sub(begun),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ticks, calibrate};
    use std::time::Instant;

    #[test]
    fn both_clocks_tell_the_same_time() {
        for ticks in [calibrate(), &Ticks::System] {
            let (outside, begun) = (Instant::now(), ticks.now());
            let inside = Instant::now();
            while inside.elapsed().as_millis() < 20 {}
            let least = inside.elapsed().as_nanos();
            let told = u128::from(ticks.since(begun, ticks.now()));
            let most = outside.elapsed().as_nanos();
            // To a thousandth, to which it was calibrated.
            assert!(
                (least - least / 1000..=most + most / 1000).contains(&told),
                "{told} {ticks:?}"
            );
        }
    }
}
