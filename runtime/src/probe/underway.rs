//! The lives that are under way now, as a list.

use core::fmt;
use core::time::Duration;

use crate::site::Function;

use super::listing;

/// A life that is under way: see [`lives`].
#[derive(Clone, Debug)]
pub struct LifeUnderWay {
    id: u64,
    parent: Option<u64>,
    function: &'static Function,
    age: Duration,
    polls: u64,
    thread: u32,
    is_polled: bool,
    since: Duration,
}

/// The lives that are under way now, those that began first in front: futures of async functions that have been polled
/// and have not ended. So a request that is stuck can be looked at.
///
/// Only a life that began while a link was attached to its function is listed, whatever the link's kinds; one
/// that began before is not, and a future that nobody has polled yet has no life. One that is leaked
/// (`mem::forget`) never ends, and is listed for ever. In the child of a fork those of its parent are listed as well, for
/// their futures are there, but only what the forking thread was polling is still being polled. A child that was made by
/// the bare system call, past the handlers for forks, finds that out when a link is attached or detached there.
///
/// It takes no lock and holds nobody up: lives begin, end and are polled meanwhile. What is said of one of them is of
/// one life, but may be of neighbouring moments: of one that is being polled meanwhile, the number of polls, the thread
/// and the times need not belong together.
///
/// A function without a link pays nothing for this. Each life that probes see takes and gives back a place of
/// 64 bytes, each of its polls makes four plain stores there, and no place is ever given back to the system: as
/// many stay as there were lives at one time.
///
/// ```
/// # use std::pin::pin;
/// # use std::task::{Context, Waker};
/// use gtramp::{Entry, site, traceable};
///
/// #[traceable]
/// async fn request(id: u32) {
///     std::future::pending::<()>().await;
/// }
///
/// let link = site!(request).fentry(|_: &Entry| ())?;
/// let mut future = pin!(request(7));
/// assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
/// for life in gtramp::lives() {
///     println!("{life}"); // app::request #1: 1 poll in 3.1ms, idle for 3.0ms, last on thread 4711
///     # assert_eq!((life.function().name(), life.polls()), ("request", 1));
/// }
/// # Ok::<(), gtramp::Error>(())
/// ```
#[must_use]
pub fn lives() -> Vec<LifeUnderWay> {
    let (read, now) = listing::read_all();
    let since = |then: u64| Duration::from_nanos(now.saturating_sub(then));
    let life = |read: listing::Read| LifeUnderWay {
        id: read.id,
        parent: read.parent,
        function: read.function,
        age: since(read.began),
        polls: read.polls,
        thread: read.thread,
        is_polled: read.is_polled,
        since: since(read.turned),
    };
    let mut lives: Vec<_> = read.into_iter().map(life).collect();
    lives.sort_unstable_by_key(|life| life.id);
    lives
}

impl LifeUnderWay {
    /// Its number, as [`LifeInfo::id`](crate::LifeInfo::id): greater than those of lives that began before.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The number of the life in one of whose polls it began, as [`LifeInfo::parent`](crate::LifeInfo::parent). That one
    /// may have ended.
    #[must_use]
    pub fn parent(&self) -> Option<u64> {
        self.parent
    }

    /// Whose future it is.
    #[must_use]
    pub fn function(&self) -> &'static Function {
        self.function
    }

    /// The time since its first poll began.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }

    /// How many of its polls have ended.
    #[must_use]
    pub fn polls(&self) -> u64 {
        self.polls
    }

    /// The thread that has polled it last, or is polling it, by the system's number: the one that `gettid`, `ps -L` and
    /// debuggers say.
    #[must_use]
    pub fn thread(&self) -> u32 {
        self.thread
    }

    /// Whether it is being polled.
    #[must_use]
    pub fn is_polled(&self) -> bool {
        self.is_polled
    }

    /// How long it is being polled already; `None` if it is not.
    #[must_use]
    pub fn polled_for(&self) -> Option<Duration> {
        self.is_polled.then_some(self.since)
    }

    /// The time since its last poll ended; `None` while it is being polled.
    #[must_use]
    pub fn idle_for(&self) -> Option<Duration> {
        (!self.is_polled).then_some(self.since)
    }
}

/// `server::handle #7 in #3: 12 polls in 1.2s, idle for 200.0ms, last on thread 4711`
impl fmt::Display for LifeUnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}", self.function.instance(), self.id)?;
        if let Some(parent) = self.parent {
            write!(f, " in #{parent}")?;
        }
        let plural = if self.polls == 1 { "" } else { "s" };
        write!(f, ": {} poll{plural} in {:.1?}, ", self.polls, self.age)?;
        match self.is_polled {
            true => write!(f, "being polled for {:.1?} on thread {}", self.since, self.thread),
            false => write!(f, "idle for {:.1?}, last on thread {}", self.since, self.thread),
        }
    }
}
