//! The time stamp counter where it can be relied on, else the system's clock.

use std::sync::OnceLock;

use quanta::Clock;

static CLOCK: OnceLock<Clock> = OnceLock::new();

/// Compares the counter with the system's clock, if that was not done before: it takes some milliseconds.
pub(crate) fn calibrate() -> &'static Clock {
    CLOCK.get_or_init(Clock::new)
}

/// The counter, in units of its own.
#[inline]
pub(crate) fn now(clock: &Clock) -> u64 {
    clock.raw()
}

/// Nanoseconds from one count to a later one.
#[inline]
pub(crate) fn since(clock: &Clock, begun: u64, now: u64) -> u64 {
    clock.delta_as_nanos(begun, now)
}
