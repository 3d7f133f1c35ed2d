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
    /// Whether it keeps something to be told when somebody asks.
    keeps: bool,
    stop: Arc<Stop>,
}

/// What others want of a lease.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    /// That it ends: why.
    end: Mutex<Option<String>>,
    /// That what it keeps is told: why.
    dump: Mutex<Option<String>>,
}

impl Stop {
    pub(super) fn reason(&self) -> Option<String> {
        lock(&self.end).clone()
    }

    /// Why what is kept is to be told, once.
    pub(super) fn dump(&self) -> Option<String> {
        lock(&self.dump).take()
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
        keeps: bool,
    ) -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut leases = lock(&LEASES);
        if leases.len() >= MOST {
            return None;
        }
        let id = NEXT.fetch_add(1, Relaxed);
        lease.id = id;
        let stop = Arc::<Stop>::default();
        leases.insert(id, Entry { lease, ends, functions, keeps, stop: Arc::clone(&stop) });
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
        lock(&entry.stop.end).get_or_insert_with(|| why.to_owned());
        ended += 1;
    }
    ended
}

/// Asks one lease to tell what it keeps, or all that keep something; how many there were.
pub(crate) fn dump(lease: Option<u64>, why: &str) -> usize {
    let leases = lock(&LEASES);
    let keeping = leases.iter().filter(|(_, entry)| entry.keeps);
    let mut asked = 0;
    for (_, entry) in keeping.filter(|(id, _)| lease.is_none_or(|lease| lease == **id)) {
        lock(&entry.stop.dump).get_or_insert_with(|| why.to_owned());
        asked += 1;
    }
    asked
}
