//! What is known of the future that a call of an async function is.

use core::cell::Cell;
use core::num::NonZero;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use crate::scope::{Place, here};
use crate::site::{Function, Slot};

use super::listing::Listed;

std::thread_local! {
    /// The future whose probes the thread is running.
    static PROBED: Cell<*const LifeInfo> = const { Cell::new(core::ptr::null()) };
    /// The future that the thread is polling: the innermost whose life is seen.
    static POLLED: Cell<Option<NonZero<u64>>> = const { Cell::new(None) };
}

/// The life of one future of an async function, from its first poll to its end: see
/// [`Context::life`](crate::Context::life).
#[derive(Debug)]
pub struct LifeInfo {
    id: NonZero<u64>,
    parent: Option<NonZero<u64>>,
    polls: u64,
    began: Instant,
    /// Of the poll that is under way.
    poll_began: Instant,
    busy: Duration,
    longest: Duration,
    /// Where it has begun.
    place: Place,
    /// Threads that have polled it, besides that.
    more_threads: Vec<ThreadId>,
    /// Whose life it is: where the slots are that its probes are handed.
    args: Cell<*mut Slot>,
    /// The future, on the heap, with which a probe has answered; null if none has.
    answer: Cell<*mut ()>,
    /// Among those that are under way; `None` if it is not, or not for long.
    listed: Option<Listed>,
}

impl LifeInfo {
    /// Of a future that begins now.
    pub(crate) fn begin() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NonZero::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZero::<u64>::MIN);
        let now = Instant::now();
        Self {
            id,
            parent: POLLED.get(),
            polls: 0,
            began: now,
            poll_began: now,
            busy: Duration::ZERO,
            longest: Duration::ZERO,
            place: Place::here(),
            more_threads: Vec::new(),
            args: Cell::new(core::ptr::null_mut()),
            answer: Cell::new(core::ptr::null_mut()),
            listed: None,
        }
    }

    /// Lists it among the lives that are under way, until it is dropped.
    pub(crate) fn list(&mut self, function: &'static Function) {
        self.listed = Listed::new(self.id, function, self.parent, self.began);
    }

    /// Its number: no other future of the process has it.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id.get()
    }

    /// The number of the future in whose poll this one was polled first, if probes see that one's life.
    #[must_use]
    pub fn parent(&self) -> Option<u64> {
        self.parent.map(NonZero::get)
    }

    /// How many polls have ended.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.polls
    }

    /// How long it was being polled.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.busy
    }

    /// How long it waited between its polls, and since the last.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.elapsed().saturating_sub(self.busy)
    }

    /// The longest of its polls.
    #[must_use]
    pub fn longest_poll(&self) -> Duration {
        self.longest
    }

    /// The time since its first poll began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// How many threads have polled it.
    #[must_use]
    pub fn threads(&self) -> usize {
        usize::from(self.polls > 0) + self.more_threads.len()
    }

    /// A poll begins, on this thread, after probes of its own if it `is_probed`; hands back what
    /// [`LifeInfo::poll_ends`] takes.
    pub(crate) fn poll_begins(&mut self, is_probed: bool) -> Option<NonZero<u64>> {
        // The first has begun with the life, unless probes came between.
        if self.polls > 0 || is_probed {
            self.poll_began = Instant::now();
        }
        let here = here();
        if self.place.thread() != here && !self.more_threads.contains(&here) {
            self.more_threads.push(here);
        }
        if let Some(listed) = &self.listed {
            listed.poll_begins(self.poll_began);
        }
        POLLED.replace(Some(self.id))
    }

    /// It ends; how long it took.
    pub(crate) fn poll_ends(&mut self, outer: Option<NonZero<u64>>) -> Duration {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.poll_began);
        self.polls += 1;
        if let Some(listed) = &self.listed {
            listed.poll_ends(now, self.polls);
        }
        self.busy += took;
        self.longest = self.longest.max(took);
        POLLED.set(outer);
        took
    }

    /// Runs probes of the call whose slots these are; it is the call of this life.
    pub(crate) fn during<R>(&self, args: *mut Slot, run: impl FnOnce() -> R) -> R {
        self.args.set(args);
        let outer = PROBED.replace(self);
        let result = run();
        PROBED.set(outer);
        result
    }

    /// A probe answers with the future of this address, see `leak_future`, which gives what the function does.
    pub(super) fn answer(&self, future: *mut ()) {
        self.answer.set(future);
    }

    /// With what a probe has answered: see [`LifeInfo::answer`]. Whoever takes it owns it.
    pub(crate) fn take_answer(&self) -> Option<NonNull<()>> {
        NonNull::new(self.answer.replace(core::ptr::null_mut()))
    }

    /// As [`LifeInfo::during`], at the end of the call, as if that were where it has begun.
    pub(crate) fn at_end<R>(&self, args: *mut Slot, run: impl FnOnce() -> R) -> R {
        self.during(args, || self.place.during(run))
    }

    /// The life of the call whose slots these are, if it has one.
    pub(super) fn of<'l>(args: *mut Slot) -> Option<&'l Self> {
        let probed = PROBED.get();
        // SAFETY: null, or what `during` has borrowed for as long as probes run on this thread.
        let info = unsafe { probed.as_ref() }?;
        (info.args.get() == args).then_some(info)
    }
}
