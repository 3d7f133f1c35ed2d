//! Where a thread counts. A thread that has a place of its own writes there alone, by plain loads and stores; others
//! share places and add atomically.

use core::cell::Cell;
use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// So many threads have places of their own at a time.
pub(super) const OWN: usize = 64;
/// Places that the others share.
const SHARED: usize = 8;
/// All of them.
pub(super) const SHARDS: usize = OWN + SHARED;

/// Not known yet.
const UNKNOWN: usize = usize::MAX;

/// Which places are somebody's own, by their bits.
static TAKEN: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Has no destructor, so that it can be asked at any time of a thread's life.
    static PLACE: Cell<usize> = const { Cell::new(UNKNOWN) };
    static OWNER: Owner = const { Owner(Cell::new(UNKNOWN)) };
}

/// Gives a place back at the end of its thread.
struct Owner(Cell<usize>);

impl Drop for Owner {
    fn drop(&mut self) {
        let place = self.0.get();
        if place == UNKNOWN {
            // There was none left for this thread.
            return;
        }
        PLACE.set(OWN);
        // Releases what was written there to the next owner, who acquires it in `take`.
        TAKEN.fetch_and(!(1 << place), Ordering::Release);
    }
}

/// The place of one thread, among [`SHARDS`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Shard(usize);

impl Shard {
    /// That of this thread.
    #[inline]
    pub(super) fn here() -> Self {
        match PLACE.get() {
            UNKNOWN => Self(take()),
            place => Self(place),
        }
    }

    /// Its number.
    #[inline]
    pub(super) fn place(self) -> usize {
        self.0
    }

    /// Whether no other thread writes there.
    #[inline]
    pub(super) fn is_own(self) -> bool {
        self.0 < OWN
    }

    /// Adds to a counter of this place; what it was before.
    #[inline]
    pub(super) fn add(self, counter: &AtomicU64, more: u64) -> u64 {
        if self.is_own() {
            let before = counter.load(Ordering::Relaxed);
            counter.store(before.wrapping_add(more), Ordering::Relaxed);
            return before;
        }
        counter.fetch_add(more, Ordering::Relaxed)
    }

    /// As [`Shard::add`].
    #[inline]
    pub(super) fn add_signed(self, counter: &AtomicI64, more: i64) {
        if self.is_own() {
            let before = counter.load(Ordering::Relaxed);
            counter.store(before.wrapping_add(more), Ordering::Relaxed);
        } else {
            counter.fetch_add(more, Ordering::Relaxed);
        }
    }
}

/// A place for this thread: its own if there is one, and if the thread can still say when it ends.
#[cold]
fn take() -> usize {
    // Until it is known, so that a call within this one has a place as well.
    PLACE.set(OWN);
    let place = OWNER.try_with(|owner| {
        let taken = TAKEN.fetch_update(Ordering::Acquire, Ordering::Relaxed, |taken| {
            (taken != u64::MAX).then(|| taken | (taken + 1))
        });
        let place = taken.map(|taken| taken.trailing_ones() as usize).ok()?;
        owner.0.set(place);
        Some(place)
    });
    let place = match place {
        Ok(Some(place)) => place,
        _ => OWN + usize::try_from(super::here::id()).unwrap_or(0) % SHARED,
    };
    PLACE.set(place);
    place
}

#[cfg(test)]
mod tests {
    use super::Shard;
    use std::sync::Barrier;

    #[test]
    fn threads_that_live_at_once_have_places_of_their_own_and_give_them_back() {
        // More threads than places, but not at once.
        for _ in 0..50 {
            let both = Barrier::new(2);
            let place = || {
                let place = Shard::here();
                both.wait();
                assert_eq!(place.place(), Shard::here().place());
                place
            };
            let places = std::thread::scope(|scope| {
                let threads = [scope.spawn(place), scope.spawn(place)];
                threads.map(|thread| thread.join().expect("it does not panic"))
            });
            assert!(places.iter().all(|place| place.is_own()), "{places:?}");
            assert_ne!(places[0].place(), places[1].place());
        }
    }
}
