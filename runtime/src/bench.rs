//! What the benchmarks time that no public name reaches.

use crate::grace::{Mark, Slow, current, enter_place, enter_slow, leave, wait_for_marks};
use crate::md::{Table, TableState};
use crate::sys;

/// A table like the hash callers', and a reader of it.
pub struct Lookup {
    table: &'static Table<u64>,
    mark: Mark,
}

impl core::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}

impl Lookup {
    /// A table of these keys, kept for the life of the process.
    #[must_use]
    pub fn of(keys: &[usize]) -> Self {
        static VALUE: u64 = 0;
        let table: &'static Table<u64> = Box::leak(Box::new(Table::new()));
        let mut state = TableState::new(table);
        state.reserve(keys.len(), &mut Vec::new()).expect("there is memory");
        keys.iter().for_each(|&key| state.insert(key, &VALUE));
        Self { table, mark: Mark::new(core::ptr::null_mut()) }
    }

    /// As a caller finds metadata.
    #[inline(always)]
    #[must_use]
    pub fn find(&self, key: usize) -> Option<&'static u64> {
        self.table.find(key, &self.mark)
    }
}

/// Not an address of anything.
const MARKED: *mut () = core::ptr::without_provenance_mut(8);

/// Sets and clears the calling thread's mark, as around a probe.
#[inline(always)]
pub fn enter_and_leave() {
    let (mut thread, mut mark) = (current(), current().outermost());
    if !thread.is_idle() {
        let Slow::Enter { thread: own, mark: free, .. } = enter_slow() else { return };
        (thread, mark) = (own, free);
    }
    enter_place(mark, MARKED);
    leave(thread, mark);
}

/// Waits until no thread is between the two.
pub fn synchronize() {
    sys::barrier();
    wait_for_marks(|mark| mark == MARKED);
}
