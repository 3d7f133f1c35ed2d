//! Records of one thread after each other, in words, in memory of fixed length. One writes, one reads; neither waits.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

use crossbeam_utils::CachePadded;
use zerocopy::FromZeros as _;

use crate::record;

/// What it does when it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// It takes nothing until something was read.
    Refuses,
    /// It forgets the oldest.
    Forgets,
}

#[derive(Debug)]
pub(super) struct Ring {
    words: Box<[AtomicU64]>,
    full: Full,
    /// Behind the last record: written by whoever writes.
    head: CachePadded<AtomicU64>,
    /// The oldest record: written by whoever reads, or if it forgets, by whoever writes.
    tail: CachePadded<AtomicU64>,
    /// Behind the last record that was read: of whoever reads alone.
    read: AtomicU64,
    /// Whether somebody writes, where several may.
    busy: AtomicBool,
}

impl Ring {
    /// Of `words` words, a power of two; `None` if memory is short. What was never written takes none.
    pub(super) fn new(words: usize, full: Full) -> Option<Self> {
        debug_assert!(words.is_power_of_two(), "places are found by a mask");
        Some(Self {
            words: <[AtomicU64]>::new_box_zeroed_with_elems(words).ok()?,
            full,
            head: CachePadded::default(),
            tail: CachePadded::default(),
            read: AtomicU64::new(0),
            busy: AtomicBool::new(false),
        })
    }

    #[inline]
    fn word(&self, at: u64) -> &AtomicU64 {
        // The mask leaves what fits.
        let place = usize::try_from(at).unwrap_or(0) & (self.words.len() - 1);
        &self.words[place]
    }

    /// Takes a record in, whose first word says how long it is. One thread at a time does. `false` if there is no
    /// room.
    #[inline]
    pub(super) fn push(&self, words: &[u64]) -> bool {
        let length = words.len() as u64;
        debug_assert_eq!(words.first().map(|first| record::length(*first)), Some(length));
        let head = self.head.load(Ordering::Relaxed);
        let mut tail = match self.full {
            // What was read there was read before it is written again: the other half is in `drain`.
            Full::Refuses => self.tail.load(Ordering::Acquire),
            Full::Forgets => self.tail.load(Ordering::Relaxed),
        };
        let room = self.words.len() as u64;
        if head + length - tail > room {
            if self.full == Full::Refuses || length > room {
                return false;
            }
            while head + length - tail > room {
                tail += record::length(self.word(tail).load(Ordering::Relaxed));
            }
            self.tail.store(tail, Ordering::Relaxed);
            // Whoever has seen a word that is written below sees that `tail` has moved: the fence in `snapshot`.
            fence(Ordering::Release);
        }
        for (at, word) in (head..).zip(words) {
            self.word(at).store(*word, Ordering::Relaxed);
        }
        // Whoever sees the head sees the words: the loads in `drain` and `snapshot`.
        self.head.store(head + length, Ordering::Release);
        true
    }

    /// As [`Ring::push`], where other threads do so at the same time. `false` also if one of them just does.
    pub(super) fn push_shared(&self, record: &[u64]) -> bool {
        // Acquires what the one before has written, and releases it to the next.
        if self.busy.swap(true, Ordering::Acquire) {
            return false;
        }
        let taken = self.push(record);
        self.busy.store(false, Ordering::Release);
        taken
    }

    /// Everything that is there, oldest first; it is not any more. One thread at a time does.
    pub(super) fn drain(&self) -> Vec<u64> {
        if self.full == Full::Forgets {
            return self.snapshot();
        }
        let tail = self.tail.load(Ordering::Relaxed);
        let head = self.head.load(Ordering::Acquire);
        let words = (tail..head).map(|at| self.word(at).load(Ordering::Relaxed)).collect();
        self.tail.store(head, Ordering::Release);
        words
    }

    /// Everything that is there, has not been read before, and has not been forgotten while it was read.
    fn snapshot(&self) -> Vec<u64> {
        let tail = self.tail.load(Ordering::Relaxed).max(self.read.load(Ordering::Relaxed));
        let head = self.head.load(Ordering::Acquire);
        self.read.store(head, Ordering::Relaxed);
        let mut words: Vec<u64> =
            (tail..head).map(|at| self.word(at).load(Ordering::Relaxed)).collect();
        // If a word was of a later record, this sees that what was there is forgotten: the fence in `push`.
        fence(Ordering::Acquire);
        let kept = self.tail.load(Ordering::Relaxed);
        let forgotten = usize::try_from(kept.saturating_sub(tail)).unwrap_or(usize::MAX);
        words.drain(..forgotten.min(words.len()));
        words
    }
}

#[cfg(test)]
mod tests {
    use super::{Full, Ring};
    use crate::record::length;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    fn record(number: u64) -> Vec<u64> {
        let length = 2 + number % 5;
        let mut record = vec![number << 12 | length; usize::try_from(length).expect("it is small")];
        record[1] = number;
        record
    }

    /// The numbers of records, each of which is whole.
    fn numbers(mut words: &[u64]) -> Vec<u64> {
        let mut numbers = Vec::new();
        while let Some(first) = words.first() {
            let (one, rest) = words.split_at(usize::try_from(length(*first)).expect("it is small"));
            assert_eq!(one, record(one[1]));
            numbers.push(one[1]);
            words = rest;
        }
        numbers
    }

    #[test]
    fn a_ring_that_refuses_loses_nothing_that_it_took() {
        let ring = Ring::new(64, Full::Refuses).expect("there is memory");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut read = Vec::new();
                while !done.load(Relaxed) {
                    read.extend(numbers(&ring.drain()));
                }
                read.extend(numbers(&ring.drain()));
                read
            });
            let taken: Vec<u64> =
                (0..20_000).filter(|number| ring.push(&record(*number))).collect();
            done.store(true, Relaxed);
            assert_eq!(reader.join().expect("it does not panic"), taken);
        });
    }

    #[test]
    fn a_ring_that_forgets_has_the_last_records_whole() {
        let ring = Ring::new(64, Full::Forgets).expect("there is memory");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    let seen = numbers(&ring.drain());
                    assert!(seen.windows(2).all(|two| two[0] + 1 == two[1]), "{seen:?}");
                }
            });
            assert!((0..20_000).all(|number| ring.push(&record(number))));
            done.store(true, Relaxed);
        });
        numbers(&ring.drain());
        assert!((20_000..20_100).all(|number| ring.push(&record(number))));
        let last = numbers(&ring.drain());
        assert_eq!(last.last(), Some(&20_099));
        assert!(last.len() > 10, "{last:?}");
        assert!(ring.drain().is_empty());
    }

    #[test]
    fn what_is_full_refuses() {
        let ring = Ring::new(8, Full::Refuses).expect("there is memory");
        assert!(ring.push(&[4, 0, 0, 0]) && ring.push(&[4, 0, 0, 0]) && !ring.push(&[1]));
        assert_eq!(ring.drain().len(), 8);
        assert!(ring.push_shared(&[1]));
    }
}
