//! What a link counts, at each of its functions and at all.
//!
//! Probes count while they run, so nothing here takes a lock or allocates but [`Tally::add`], and nothing is taken
//! away before the tally goes: functions that a link has had keep what was counted there.

use core::time::Duration;

use crate::site::Function;
use crate::sync::{AtomicPtr, AtomicU64, Mutex, Ordering};
use crate::sys::{OutOfMemory, reserve};

/// The counts of a link at one function, or at all.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Calls that it did not see.
    pub(crate) missed: AtomicU64,
    /// Runs of its probes, and how long they took, in nanoseconds, while statistics were on.
    pub(crate) hits: AtomicU64,
    pub(crate) nanos: AtomicU64,
}

impl Counts {
    fn count_missed(&self) {
        self.missed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_run(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.hits.fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// The counts of some functions, which came to the link together.
struct Piece {
    /// Sorted by address.
    functions: Vec<&'static Function>,
    counts: Vec<Counts>,
    /// Those that came before, or null.
    earlier: *mut Piece,
}

/// The counts of a link. Its probes share it with those that were exchanged for them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) total: Counts,
    /// The first panic of a probe of the link. Locked under the transaction lock alone, so that
    /// no fork finds it locked.
    pub(super) panic: Mutex<Option<String>>,
    latest: AtomicPtr<Piece>,
}

impl Tally {
    /// Makes room for the counts of those of these functions that have none yet.
    ///
    /// Under the transaction lock, or before anybody else knows of it.
    pub(crate) fn add(
        &self,
        functions: impl Iterator<Item = &'static Function> + Clone,
    ) -> Result<(), OutOfMemory> {
        let news = functions.filter(|function| self.at(function).is_none());
        let (mut functions, mut counts) = (Vec::new(), Vec::new());
        let room = news.clone().count();
        if room == 0 {
            return Ok(());
        }
        reserve(&mut functions, room)?;
        reserve(&mut counts, room)?;
        functions.extend(news);
        functions.sort_unstable_by_key(|function| core::ptr::from_ref(*function));
        counts.resize_with(room, Counts::default);
        let earlier = self.latest.load(Ordering::Relaxed);
        let piece = Box::into_raw(Box::new(Piece { functions, counts, earlier }));
        // Release: whoever finds it finds what is in it.
        self.latest.store(piece, Ordering::Release);
        Ok(())
    }

    fn pieces(&self) -> impl Iterator<Item = &Piece> {
        // SAFETY: null, or a piece that `add` has made, which stays for as long as the tally.
        let latest = unsafe { self.latest.load(Ordering::Acquire).as_ref() };
        // SAFETY: as above.
        core::iter::successors(latest, |piece| unsafe { piece.earlier.as_ref() })
    }

    /// The counts at a function that the link has, or has had.
    pub(crate) fn at(&self, function: &Function) -> Option<&Counts> {
        let key = core::ptr::from_ref(function);
        self.pieces().find_map(|piece| {
            let at = piece.functions.binary_search_by_key(&key, |one| core::ptr::from_ref(*one));
            Some(&piece.counts[at.ok()?])
        })
    }

    /// Counts a call that the link did not see, because a probe of it was running on the thread, or too many
    /// probes were.
    #[cold]
    pub(crate) fn count_missed(&self, function: &Function) {
        self.total.count_missed();
        self.at(function).into_iter().for_each(Counts::count_missed);
    }

    pub(super) fn count_run(&self, function: &Function, took: Duration) {
        self.total.count_run(took);
        self.at(function).into_iter().for_each(|counts| counts.count_run(took));
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let mut next = core::mem::replace(self.latest.get_mut(), core::ptr::null_mut());
        while !next.is_null() {
            // SAFETY: `add` has made it, and nobody else has the tally any more.
            next = unsafe { Box::from_raw(next) }.earlier;
        }
    }
}

// SAFETY: the pieces are shared and read-only but for their atomics.
unsafe impl Send for Piece {}
// SAFETY: as above.
unsafe impl Sync for Piece {}
