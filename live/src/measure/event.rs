//! Events: single calls that are shown or traced.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use std::backtrace::Backtrace;

use crossbeam_queue::ArrayQueue;

use crate::language::Kept;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was looked at when it began.
    Entered,
    Returned,
    Failed,
    Panicked,
    /// The future of an async function was dropped before its end.
    Cancelled,
}

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
    pub(crate) texts: Box<[Shown]>,
}

/// Events on their way to whoever shows them: one queue for each shard, of bounded length.
#[derive(Debug)]
pub(super) struct Events {
    queues: Box<[ArrayQueue<Event>]>,
    lost: AtomicU64,
}

impl Events {
    pub(super) fn new(shards: usize, length: usize) -> Self {
        let queues = (0..shards).map(|_| ArrayQueue::new(length)).collect();
        Self { queues, lost: AtomicU64::new(0) }
    }

    /// Loses it if there is no room, and counts that.
    pub(super) fn push(&self, shard: usize, event: Event) {
        if self.queues[shard].push(event).is_err() {
            self.lost.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// What is there, in the order in which the calls ended: those within others before them.
    pub(super) fn drain(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for queue in &self.queues {
            // Not more than it holds, so that this ends however fast it is filled.
            events.extend((0..queue.capacity()).map_while(|_| queue.pop()));
        }
        events.sort_by_key(|event| (event.begun + event.latency, core::cmp::Reverse(event.depth)));
        events
    }
}
