//! The rings of all threads: made when their threads trace for the first time.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use once_cell::race::OnceBox;

use super::ring::{Full, Ring};
use super::shard::{OWN, SHARDS, Shard};

#[derive(Debug)]
pub(super) struct Rings {
    rings: Box<[OnceBox<Ring>]>,
    words: usize,
    full: Full,
    lost: AtomicU64,
}

impl Rings {
    /// Each of so many bytes, rounded up to a power of two.
    pub(super) fn new(bytes: usize, full: Full) -> Self {
        let rings = (0..SHARDS).map(|_| OnceBox::new()).collect();
        let words = (bytes / 8).next_power_of_two();
        Self { rings, words, full, lost: AtomicU64::new(0) }
    }

    /// Takes a record in, or counts it as lost.
    #[inline]
    pub(super) fn push(&self, shard: Shard, record: &[u64]) {
        let own = if shard.is_own() { self.at(shard.place()) } else { None };
        let taken = match own {
            Some(ring) => ring.push(record),
            None => self.push_shared(record),
        };
        if !taken {
            self.lost.fetch_add(1, Relaxed);
        }
    }

    /// Of a thread that has no ring of its own: to the first that nobody else writes to just now.
    #[cold]
    fn push_shared(&self, record: &[u64]) -> bool {
        (OWN..SHARDS).any(|place| self.at(place).is_some_and(|ring| ring.push_shared(record)))
    }

    /// The ring at a place, made if it is not there yet; `None` if memory is short.
    #[inline]
    fn at(&self, place: usize) -> Option<&Ring> {
        self.rings[place].get().or_else(|| self.first(place))
    }

    #[cold]
    fn first(&self, place: usize) -> Option<&Ring> {
        let ring = Box::new(Ring::new(self.words, self.full)?);
        Some(self.rings[place].get_or_init(|| ring))
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// What is there, by ring. Those that refuse do not have it any more.
    pub(super) fn drain(&self) -> impl Iterator<Item = Vec<u64>> {
        self.rings.iter().filter_map(|ring| ring.get().map(Ring::drain))
    }
}
