//! What the probes of one link share, and every row that runs one of them can reach.

use core::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use crate::scope::Limit;
use crate::sync::{AtomicBool, AtomicI32, AtomicU64, Ordering, lock};

use super::needs::Needs;
use super::tally::Tally;

/// The part of a link that its probes touch while they run, and that its rows point to.
pub(crate) struct LinkState {
    /// Tells its probes from those of other links, and from those that were exchanged for them: see
    /// [`next_number`](super::next_number).
    pub(crate) number: u64,
    /// What the user said of its probes' place among those of other links. Changed by transactions.
    pub(crate) order: AtomicI32,
    /// What decides among equal ones: when it was attached.
    pub(crate) since: u64,
    /// At which calls its probes run.
    pub(crate) limit: Limit,
    /// What its probes ask of a caller beside calling the origin.
    pub(crate) needs: Needs,
    /// Whether its functions are to be found through the hash table.
    pub(crate) hashed: bool,
    /// The caller for its probes, if they are one entry and one exit probe whose types are known
    /// together.
    pub(crate) pair: Option<PairCaller>,
    /// Takes its rows out of every list. Called with the message when one of its probes has
    /// panicked.
    suspend: Suspend,
    /// What it counts.
    pub(crate) tally: Arc<Tally>,
    /// Whether its probes are in the statistics. Changed by transactions.
    pub(crate) counted: AtomicBool,
    /// How often its probes were put into its functions' lists. Changed by transactions.
    pub(crate) installs: AtomicU64,
}

/// Switches a link off, given the message of a panic.
type Suspend = Box<dyn Fn(String) + Send + Sync>;

/// The caller for two probes, given the function's slots and what the entry probe's binding says.
pub(crate) type PairCaller = fn(usize, u32) -> Option<*const ()>;

impl LinkState {
    pub(crate) fn new(
        number: u64,
        (order, since): (i32, u64),
        tally: Arc<Tally>,
        limit: Limit,
        needs: Needs,
        hashed: bool,
        pair: Option<PairCaller>,
        suspend: Suspend,
    ) -> Self {
        Self {
            number,
            order: AtomicI32::new(order),
            since,
            tally,
            limit,
            needs,
            hashed,
            pair,
            suspend,
            counted: AtomicBool::new(false),
            installs: AtomicU64::new(0),
        }
    }

    /// Whether its probes ask it at every call whether they are to run, or count that they do. Callers that were made
    /// for its probes' types do not.
    pub(crate) fn is_watched(&self) -> bool {
        self.limit != Limit::Everywhere || self.counted.load(Ordering::Relaxed)
    }

    /// Its probes' place among those of other links. Under the transaction lock.
    pub(crate) fn rank(&self) -> (i32, u64) {
        (self.order.load(Ordering::Relaxed), self.since)
    }

    /// Keeps the message of a panic, unless there was one before. Under the transaction lock.
    pub(crate) fn note_panic(&self, message: String) {
        lock(&self.tally.panic).get_or_insert(message);
    }

    /// Under the transaction lock: the message of the first panic, if a probe ever panicked.
    pub(crate) fn panic_message(&self) -> Option<String> {
        lock(&self.tally.panic).clone()
    }

    /// Switches the link off after a probe of it panicked.
    #[cold]
    pub(crate) fn poison(&self, payload: Payload) {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic with a payload that is not text".to_owned());
        (self.suspend)(message);
        discard(payload);
    }
}

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Drops what is a user's. If that panics, the panic ends here and is handed back.
pub(crate) fn drop_caught<T>(users: T) -> Result<(), Payload> {
    catch_unwind(AssertUnwindSafe(|| drop(users)))
}

/// Drops what a panic carries, which may panic in turn.
pub(crate) fn discard(payload: Payload) {
    if let Err(second) = drop_caught(payload) {
        core::mem::forget(second);
    }
}

/// The first panic of these drops, all of which are done whatever the others do.
pub(crate) fn first_panic(
    dropped: impl Iterator<Item = Result<(), Payload>>,
) -> Result<(), Payload> {
    let mut first = Ok(());
    for dropped in dropped {
        match (dropped, &first) {
            (Ok(()), _) => {}
            (Err(payload), Ok(())) => first = Err(payload),
            (Err(payload), Err(_)) => discard(payload),
        }
    }
    first
}

/// Lets the panic of a drop go on, in another drop: unless the thread is panicking already.
pub(crate) fn go_on(dropped: Result<(), Payload>) {
    match dropped {
        Ok(()) => {}
        Err(payload) if std::thread::panicking() => discard(payload),
        Err(payload) => resume_unwind(payload),
    }
}

/// Runs a probe. A panic of the probe stays here and switches its link off.
///
/// # Safety
///
/// `link` is alive, and stays so while the probe runs.
#[inline(always)]
pub(super) unsafe fn guarded<R>(link: *const LinkState, probe: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(probe)) {
        Ok(result) => Some(result),
        Err(payload) => {
            // SAFETY: the caller's promise.
            unsafe { &*link }.poison(payload);
            None
        }
    }
}
