//! The leases of this process.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::protocol;

/// So many may there be at once.
pub(crate) const MOST: usize = 64;

/// What others know of a lease.
#[derive(Debug)]
struct Entry {
    lease: protocol::Lease,
    ends: Instant,
    functions: Vec<&'static gtramp::Function>,
    stop: Arc<Stop>,
}

/// Who has ended a lease from outside.
#[derive(Debug, Default)]
pub(crate) struct Stop(Mutex<Option<String>>);

impl Stop {
    pub(super) fn reason(&self) -> Option<String> {
        lock(&self.0).clone()
    }
}

static LEASES: Mutex<BTreeMap<u64, Entry>> = Mutex::new(BTreeMap::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lease's place among the others, for as long as it lasts.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) id: u64,
    pub(super) stop: Arc<Stop>,
}

impl Place {
    /// Enters it; `None` if there are too many.
    pub(super) fn take(
        mut lease: protocol::Lease,
        ends: Instant,
        functions: Vec<&'static gtramp::Function>,
    ) -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut leases = lock(&LEASES);
        if leases.len() >= MOST {
            return None;
        }
        let id = NEXT.fetch_add(1, Relaxed);
        lease.id = id;
        let stop = Arc::<Stop>::default();
        leases.insert(id, Entry { lease, ends, functions, stop: Arc::clone(&stop) });
        Some(Self { id, stop })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&LEASES).remove(&self.id);
    }
}

/// All of them, oldest first.
pub(crate) fn all() -> Vec<protocol::Lease> {
    let now = Instant::now();
    let leases = lock(&LEASES);
    let lease = |entry: &Entry| protocol::Lease {
        seconds: entry.ends.saturating_duration_since(now).as_secs_f64(),
        ..entry.lease.clone()
    };
    leases.values().map(lease).collect()
}

/// The leases of each function, by its address.
pub(crate) fn by_function() -> BTreeMap<*const gtramp::Function, Vec<u64>> {
    let mut leases: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for (id, entry) in &*lock(&LEASES) {
        for function in &entry.functions {
            leases.entry(core::ptr::from_ref(*function)).or_default().push(*id);
        }
    }
    leases
}

/// Asks one lease to end, or all; how many there were. Each ends within a fraction of a second.
pub(crate) fn off(lease: Option<u64>, why: &str) -> usize {
    let leases = lock(&LEASES);
    let mut ended = 0;
    for (_, entry) in leases.iter().filter(|(id, _)| lease.is_none_or(|lease| lease == **id)) {
        lock(&entry.stop.0).get_or_insert_with(|| why.to_owned());
        ended += 1;
    }
    ended
}
