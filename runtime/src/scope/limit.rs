//! Which calls a link is limited to.

use core::cell::Cell;
use core::num::NonZero;
use std::thread::ThreadId;

use super::Scope;
use super::handle::{exchange, is_in_force, is_innermost};

std::thread_local! {
    /// The thread's own identity, once somebody has asked; that of another while probes run at the end of what
    /// began there.
    static THREAD: Cell<Option<ThreadId>> = const { Cell::new(None) };
}

/// The calls at which the probes of a link run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Limit {
    /// All.
    #[default]
    Everywhere,
    /// Those on one thread.
    Thread(ThreadId),
    /// Those where one scope is in force, by its number.
    Scope(NonZero<u64>),
}

impl Limit {
    pub(crate) fn this_thread() -> Self {
        Self::Thread(std::thread::current().id())
    }

    pub(crate) fn within(scope: &Scope) -> Self {
        Self::Scope(scope.number())
    }

    /// As [`Limit::admits`], where that can be told without a call.
    #[inline(always)]
    pub(crate) fn admits_at_once(self) -> Option<bool> {
        match self {
            Self::Everywhere => Some(true),
            Self::Scope(number) => is_innermost(number),
            Self::Thread(thread) => THREAD.get().map(|here| here == thread),
        }
    }

    /// Whether a call on this thread is one of these.
    pub(crate) fn admits(self) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Scope(number) => is_in_force(number),
            Self::Thread(thread) => here() == thread,
        }
    }
}

/// The calling thread; while probes run at the end of what began on another, that one.
#[inline(always)]
pub(crate) fn here() -> ThreadId {
    THREAD.get().unwrap_or_else(|| {
        let here = std::thread::current().id();
        THREAD.set(Some(here));
        here
    })
}

/// Where a call has begun: what limits look at.
#[derive(Debug)]
pub(crate) struct Place {
    scope: Option<Scope>,
    thread: ThreadId,
}

impl Place {
    /// Here, now.
    pub(crate) fn here() -> Self {
        Self { scope: Scope::current(), thread: here() }
    }

    /// On which thread.
    pub(crate) fn thread(&self) -> ThreadId {
        self.thread
    }

    /// Runs probes as if they were there, so that the end of a call follows its beginning. They do not unwind.
    pub(crate) fn during<R>(&self, run: impl FnOnce() -> R) -> R {
        let thread = THREAD.replace(Some(self.thread));
        let scope = exchange(self.scope.clone());
        let result = run();
        drop(exchange(scope));
        THREAD.set(thread);
        result
    }
}
