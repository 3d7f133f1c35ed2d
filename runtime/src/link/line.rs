//! Who has the transaction lock next.
//!
//! Threads come to their turn in the order in which they have come. A mutex lets whoever runs just then go first:
//! where thousands attach at the same time, one that sleeps is passed by all the others.
//!
//! There are two queues. Who takes something away goes before those who are to bring something, because what there
//! is then is less for all. That keeps nobody waiting for ever: what is to be taken away was brought before, and of
//! [`IN_A_ROW`] turns and one, one is of those who bring.
//!
//! Everything is in one word, so there is no moment at which a fork, or a child of the bare `clone`, could find it
//! halfway; and a child that holds the turn forgets the others with one store ([`Line::forget_others`]).

use core::time::Duration;

use crate::sync::{AtomicU32, AtomicU64, Ordering};
use crate::sys;

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// To take something away, or to fork, which is not to wait for thousands.
    Leaving = 0,
    /// Anything else.
    Coming = 1,
}

/// After so many turns of those who are leaving, it is the turn of one who is coming.
const IN_A_ROW: u32 = 8;

/// How many words there are to sleep on. Who is next is woken with those of the same word.
const WORDS: usize = 1024;

/// Nobody sleeps so long: whoever has the turn wakes the next.
const LONG: Duration = Duration::from_secs(1);

/// The threads that want the lock, and whether one has it.
#[derive(Debug)]
pub(crate) struct Line {
    standing: AtomicU64,
    /// How many turns in a row were of those who are leaving. Belongs to whoever has the turn.
    in_a_row: AtomicU32,
    /// Each counts how often somebody was to wake who sleeps on it.
    words: [AtomicU32; WORDS],
}

/// A thread's turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'l> {
    line: &'l Line,
}

/// How things stand, as one word says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    is_taken: bool,
    queues: [Queue; 2],
}

/// Those who wait for one [`Errand`]: each has a number, and is served when all before it were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Queue {
    /// The number of whoever comes next.
    next: u32,
    /// The number of whoever is served next.
    served: u32,
}

/// How many bits a number has. Numbers begin anew behind the last.
const BITS: u32 = 15;
const NUMBERS: u32 = 1 << BITS;

/// How many can wait in a queue; of all numbers, two are nobody's then, so that who was served just now is told
/// from all who wait. Further ones stand beside the line until there is room.
const MOST: u32 = NUMBERS - 2;

impl Queue {
    fn waiting(self) -> u32 {
        self.next.wrapping_sub(self.served) % NUMBERS
    }
}

fn after(number: u32) -> u32 {
    (number + 1) % NUMBERS
}

impl Standing {
    const TAKEN: u64 = 1 << 63;

    fn of(word: u64) -> Self {
        let number = |at: u32| {
            let bits = (word >> (at * BITS)) & u64::from(NUMBERS - 1);
            u32::try_from(bits).expect("so many bits")
        };
        let queue = |at: u32| Queue { next: number(at), served: number(at + 1) };
        Self { is_taken: word & Self::TAKEN != 0, queues: [queue(0), queue(2)] }
    }

    fn word(self) -> u64 {
        let [leaving, coming] = self.queues;
        let numbers = [leaving.next, leaving.served, coming.next, coming.served];
        let pack = |word: u64, number: u32| word << BITS | u64::from(number);
        let taken = if self.is_taken { Self::TAKEN } else { 0 };
        taken | numbers.into_iter().rev().fold(0, pack)
    }

    /// Whose turn it is after one that ends, if anybody waits.
    fn next(self, in_a_row: u32) -> Option<Errand> {
        let [leaving, coming] = self.queues.map(|queue| queue.waiting() > 0);
        match (leaving, coming) {
            (true, true) if in_a_row >= IN_A_ROW => Some(Errand::Coming),
            (true, _) => Some(Errand::Leaving),
            (false, true) => Some(Errand::Coming),
            (false, false) => None,
        }
    }
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self {
            standing: AtomicU64::new(0),
            in_a_row: AtomicU32::new(0),
            words: [const { AtomicU32::new(0) }; WORDS],
        }
    }

    /// Whether somebody has the turn.
    pub(crate) fn is_taken(&self) -> bool {
        self.standing().is_taken
    }

    fn standing(&self) -> Standing {
        Standing::of(self.standing.load(Ordering::Relaxed))
    }

    /// Waits for the calling thread's turn.
    pub(crate) fn wait(&self, errand: Errand) -> Turn<'_> {
        if let Some(number) = self.come(errand) {
            self.sleep(errand, number);
        }
        Turn { line: self }
    }

    /// Takes the turn if nobody has it, and a number otherwise.
    fn come(&self, errand: Errand) -> Option<u32> {
        loop {
            let mut standing = self.standing();
            let before = standing.word();
            let number = if standing.is_taken {
                let queue = &mut standing.queues[errand as usize];
                if queue.waiting() >= MOST {
                    std::thread::sleep(Duration::from_millis(1));
                    continue;
                }
                let number = queue.next;
                queue.next = after(number);
                Some(number)
            } else {
                standing.is_taken = true;
                None
            };
            // Acquire: with the release in `end`, what was done in the turn before.
            let (done, not) = (Ordering::Acquire, Ordering::Relaxed);
            if self.standing.compare_exchange(before, standing.word(), done, not).is_ok() {
                return number;
            }
        }
    }

    /// Sleeps until this number is served.
    fn sleep(&self, errand: Errand, number: u32) {
        let word = self.word(errand, number);
        loop {
            // Acquire: whoever finds that it was woken finds that it was served. If it is served after this
            // look, the word is another by the time it is slept on.
            let seen = word.load(Ordering::Acquire);
            // Acquire: as in `come`.
            let standing = Standing::of(self.standing.load(Ordering::Acquire));
            // Whoever is served last in a queue has the turn, or has had it.
            if standing.queues[errand as usize].served == after(number) {
                return;
            }
            sys::sleep_on(word, seen, LONG);
        }
    }

    fn word(&self, errand: Errand, number: u32) -> &AtomicU32 {
        // The two queues begin far from each other.
        let first = errand as usize * (WORDS / 2);
        &self.words[(first + number as usize) % WORDS]
    }

    /// Ends a turn, and gives it to whoever is next.
    fn end(&self) {
        let in_a_row = self.in_a_row.load(Ordering::Relaxed);
        loop {
            let mut standing = self.standing();
            let before = standing.word();
            let next = standing.next(in_a_row);
            let number = next.map(|errand| {
                let queue = &mut standing.queues[errand as usize];
                let number = queue.served;
                queue.served = after(number);
                number
            });
            standing.is_taken = next.is_some();
            // Relaxed, before the turn is another's.
            let leaving = if next == Some(Errand::Leaving) { in_a_row + 1 } else { 0 };
            self.in_a_row.store(leaving.min(IN_A_ROW), Ordering::Relaxed);
            // Release: what was done in this turn happens before the next.
            let (done, not) = (Ordering::Release, Ordering::Relaxed);
            if self.standing.compare_exchange(before, standing.word(), done, not).is_ok() {
                if let (Some(errand), Some(number)) = (next, number) {
                    let word = self.word(errand, number);
                    // Release: see `sleep`.
                    word.fetch_add(1, Ordering::Release);
                    sys::wake(word);
                }
                return;
            }
        }
    }

    /// In the child of a fork, whose only thread has the turn: those who waited are threads of the parent.
    pub(crate) fn forget_others(&self) {
        let nobody = [Queue { next: 0, served: 0 }; 2];
        let alone = Standing { is_taken: true, queues: nobody };
        self.standing.store(alone.word(), Ordering::Relaxed);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.line.end();
    }
}

#[cfg(test)]
mod tests;
