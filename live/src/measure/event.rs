//! Single calls that are shown or traced, on their way to whoever shows them.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use std::backtrace::Backtrace;

use crossbeam_queue::ArrayQueue;

use crate::language::Kept;
use crate::record::Outcome;

/// Something that is shown of a call.
#[derive(Debug)]
pub(crate) enum Shown {
    Kept(Kept),
    /// It has no names before somebody reads it, who is not the thread that was traced.
    Stack(Backtrace),
}

/// One call.
#[derive(Debug)]
pub(crate) struct Event {
    /// Nanoseconds since its lease began.
    pub(crate) begun: u64,
    pub(crate) latency: u64,
    pub(crate) function: u32,
    pub(crate) thread: u32,
    pub(crate) depth: u32,
    pub(crate) outcome: Outcome,
    /// The step of the plan that shows it, and what that asks for.
    pub(crate) step: u32,
    /// Of a life: its number, and that of the life around it, or 0.
    pub(crate) life: Option<(u64, u64)>,
    pub(crate) texts: Box<[Shown]>,
}

/// A queue of bounded length.
#[derive(Debug)]
pub(super) struct Events {
    queue: ArrayQueue<Event>,
    lost: AtomicU64,
}

impl Events {
    pub(super) fn new(length: usize) -> Self {
        Self { queue: ArrayQueue::new(length), lost: AtomicU64::new(0) }
    }

    /// Loses it if there is no room, and counts that.
    pub(super) fn push(&self, event: Event) {
        if self.queue.push(event).is_err() {
            self.lost.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// What is there.
    pub(super) fn drain(&self) -> impl Iterator<Item = Event> {
        // Not more than it holds, so that this ends however fast it is filled.
        (0..self.queue.capacity()).map_while(|_| self.queue.pop())
    }
}
