//! The paying side: waiting for marks, and asking what is held.

#[cfg(not(loom))]
use std::time::Duration;

use crate::sync::{AtomicPtr, Ordering};
#[cfg(not(loom))]
use crate::sys;

use super::record::Thread;
use super::thread::{own, threads};

/// Whether the calling thread is running a probe.
pub(crate) fn in_probe() -> bool {
    own().is_some_and(|own| own.running().next().is_some())
}

/// Waits until no thread carries a mark that is `busy`.
///
/// The caller has unpublished what the marks name and run [`crate::sys::barrier`], so a mark
/// that appears from now on names something else, and the wait for each thread is bounded by
/// the one run of a probe it is in. The calling thread runs no probe: it would wait for itself.
pub(crate) fn wait_for_marks(busy: impl Fn(*mut ()) -> bool) {
    wait_for_marks_of(threads(), busy);
}

/// [`wait_for_marks`], of these threads.
pub(super) fn wait_for_marks_of(
    threads: impl Iterator<Item = &'static Thread>,
    busy: impl Fn(*mut ()) -> bool,
) {
    for thread in threads {
        for mark in thread.marks() {
            let is_busy = || {
                // Acquire, with the release of whoever clears the mark: what the probe did
                // happens before what follows the wait.
                let mark = mark.load(Ordering::Acquire);
                !thread.is_free(mark) && busy(mark)
            };
            let mut pause = Pause::new();
            while is_busy() {
                pause.once(thread, &is_busy);
            }
        }
    }
}

/// Waits a little: at first for a probe of nanoseconds, later for one that sleeps.
///
/// A probe that may block wakes whoever sleeps until it has ended. Others do not look for anybody, so this
/// looks after them, the less often the longer it waits; and whether the thread is still there.
struct Pause {
    #[cfg(not(loom))]
    round: u32,
    #[cfg(not(loom))]
    rest: Duration,
}

/// The model checker has no clock.
#[cfg(loom)]
impl Pause {
    fn new() -> Self {
        Self {}
    }

    fn once(&mut self, _: &Thread, _: &impl Fn() -> bool) {
        loom::thread::yield_now();
    }
}

#[cfg(not(loom))]
impl Pause {
    const SHORTEST: Duration = Duration::from_micros(50);
    const LONGEST: Duration = Duration::from_millis(25);

    fn new() -> Self {
        Self { round: 0, rest: Self::SHORTEST }
    }

    fn once(&mut self, thread: &Thread, is_busy: &impl Fn() -> bool) {
        self.round += 1;
        match self.round {
            0..64 => core::hint::spin_loop(),
            64..128 => std::thread::yield_now(),
            _ => {
                thread.abandon_if_gone();
                thread.await_marks();
                // Whoever lets the mark go after this sees that it is awaited.
                sys::barrier();
                if is_busy() {
                    thread.rest(self.rest);
                    self.rest = Self::LONGEST.min(self.rest + self.rest / 4);
                }
            }
        }
    }
}

/// Gives up what threads have marked that are no more.
#[cfg(not(loom))]
pub(crate) fn abandon_marks_of_the_gone() {
    for thread in threads() {
        if thread.running().next().is_some() {
            thread.abandon_if_gone();
        }
    }
}

/// No list and no metadata lie below.
const LEAST_ADDRESS: usize = 64;

/// What threads have marked now, sorted.
#[derive(Debug, Default)]
pub(crate) struct Marked(Vec<*mut ()>);

impl Marked {
    /// Whether there is a mark in `range`.
    pub(crate) fn any_in(&self, range: &core::ops::Range<usize>) -> bool {
        has_in(&self.0, range)
    }

    /// Whether there may be a mark that has an address.
    pub(crate) fn any_address(&self) -> bool {
        // Marks that name nothing are smaller than any address.
        self.0.last().is_some_and(|mark| mark.addr() >= LEAST_ADDRESS)
    }

    /// Whether there is this mark.
    pub(crate) fn has(&self, mark: *mut ()) -> bool {
        self.0.binary_search(&mark).is_ok()
    }

    /// Whether there is such a mark.
    pub(crate) fn any(&self, such: impl Fn(*mut ()) -> bool) -> bool {
        self.0.iter().any(|&mark| such(mark))
    }
}

/// What threads hold now: what they have marked, and what they will come back to.
#[derive(Debug, Default)]
pub(crate) struct Held {
    marked: Marked,
    /// Their pins, sorted.
    pins: Vec<*mut ()>,
    /// A thread is deeper in calls than there is memory for what it holds.
    everything: bool,
}

impl Held {
    /// Whether a thread holds something in `range`, which begins at a list's address.
    pub(crate) fn any_in(&self, range: core::ops::Range<usize>) -> bool {
        self.everything || self.marked.any_in(&range) || has_in(&self.pins, &range)
    }

    /// Whether a thread has this mark.
    pub(crate) fn has_mark(&self, mark: *mut ()) -> bool {
        self.marked.has(mark)
    }
}

fn has_in(sorted: &[*mut ()], range: &core::ops::Range<usize>) -> bool {
    let at = sorted.partition_point(|held| held.addr() < range.start);
    sorted.get(at).is_some_and(|held| held.addr() < range.end)
}

/// Asks every thread what it has marked: an eighth of what there is to look at for [`held`].
pub(crate) fn marked() -> Marked {
    marked_by(threads())
}

fn marked_by(threads: impl Iterator<Item = &'static Thread>) -> Marked {
    let mut marked = Vec::new();
    for thread in threads {
        // Acquire: as in `wait_for_marks`.
        marked.extend(thread.marked(Ordering::Acquire));
    }
    marked.sort_unstable();
    Marked(marked)
}

/// Asks every thread what it holds.
#[cfg(not(loom))]
pub(crate) fn held() -> Held {
    held_by(threads)
}

/// What these threads hold.
pub(super) fn held_by<I: Iterator<Item = &'static Thread>>(threads: impl Fn() -> I) -> Held {
    let mut held = Held { marked: marked_by(threads()), ..Held::default() };
    for thread in threads() {
        held.everything |= thread.is_deep();
        let load =
            |cell: &AtomicPtr<()>| Some(cell.load(Ordering::Acquire)).filter(|it| !it.is_null());
        for pin in thread.pins().filter_map(load) {
            // Calls of one function follow each other.
            if held.pins.last() != Some(&pin) {
                held.pins.push(pin);
            }
        }
    }
    held.pins.sort_unstable();
    held
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::Duration;

    use super::{Pause, held_by, wait_for_marks_of};
    use crate::grace::{Thread, leave, leave_and_wake};

    #[test]
    fn who_waits_for_a_probe_that_may_block_is_woken_when_it_ends() {
        // Nobody has the patience to sleep so long.
        const HOUR: Duration = Duration::from_secs(3600);
        let thread: &'static Thread = Box::leak(Box::new(Thread::new(core::ptr::null_mut())));
        let mark = thread.outermost();
        for _ in 0..100 {
            mark.store(core::ptr::without_provenance_mut(64), super::Ordering::Release);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let is_busy = || mark.load(super::Ordering::Acquire) != thread.free();
                    let mut pause = Pause { round: 1000, rest: HOUR };
                    while is_busy() {
                        pause.once(thread, &is_busy);
                    }
                });
                while !thread.is_awaited() {
                    std::thread::yield_now();
                }
                leave_and_wake(thread, mark);
            });
            assert!(!thread.is_awaited());
        }
    }

    #[test]
    fn the_longer_a_wait_is_the_less_often_it_looks() {
        let thread: &'static Thread = Box::leak(Box::new(Thread::new(core::ptr::null_mut())));
        let mut pause = Pause::new();
        // So many that are short, and then two hundredths of a second.
        for _ in 0..128 + 40 {
            pause.once(thread, &|| true);
        }
        assert_eq!(pause.rest, Pause::LONGEST);
    }

    #[test]
    fn a_thread_that_runs_nothing_is_not_asked_about() {
        let thread: &'static Thread = Box::leak(Box::new(Thread::new(core::ptr::null_mut())));
        // As a record is before its first probe, and after it.
        for _ in 0..2 {
            wait_for_marks_of([thread].into_iter(), |mark| panic!("{mark:?}"));
            assert!(!held_by(|| [thread].into_iter()).any_in(1..usize::MAX));
            leave(thread, thread.outermost());
        }
        assert!(thread.is_idle());
    }
}
