//! What a thread holds: allocations, and values that count themselves.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

std::thread_local! {
    static ALLOCATIONS: Cell<i64> = const { Cell::new(0) };
    static COUNTED: Cell<i64> = const { Cell::new(0) };
    static FAULTS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, and how many allocations each thread has made and not freed.
pub(crate) struct CountingAllocator;

// SAFETY: the system's allocator does the work; counting touches a constant-initialised cell alone.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        ALLOCATIONS.set(ALLOCATIONS.get() - 1);
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// What the calling thread holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holdings {
    allocations: i64,
    counted: i64,
    faults: u64,
}

pub(crate) fn holdings() -> Holdings {
    Holdings { allocations: ALLOCATIONS.get(), counted: COUNTED.get(), faults: FAULTS.get() }
}

/// Notes that a counted value came to be.
pub(crate) fn born() {
    COUNTED.set(COUNTED.get() + 1);
}

/// Notes that a counted value was dropped; `sound` is false if it was none.
pub(crate) fn died(sound: bool) {
    COUNTED.set(COUNTED.get() - 1);
    if !sound {
        FAULTS.set(FAULTS.get() + 1);
    }
}
