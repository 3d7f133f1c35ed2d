//! The thread that is running, as measurements see it. It has no destructor, so it can be asked at any time of a
//! thread's life.

use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};

use rustix::thread::gettid;

/// What a thread is known by.
struct Here {
    /// Which shard it writes to, from 1; 0 before it is known.
    shard: Cell<usize>,
    id: Cell<u32>,
    name: Cell<[u8; NAME]>,
    /// How deep it is in calls of one engine, and which that is.
    depth: Cell<(u64, u32)>,
}

/// As long as Linux keeps names of threads.
const NAME: usize = 16;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static HERE: Here = const {
        Here {
            shard: Cell::new(0),
            id: Cell::new(0),
            name: Cell::new([0; NAME]),
            depth: Cell::new((0, 0)),
        }
    };
}

/// The number of this thread among those that were traced, in the order of their first call.
#[inline]
pub(super) fn number() -> usize {
    HERE.with(|here| match here.shard.get() {
        0 => first(here),
        number => number,
    })
}

#[cold]
fn first(here: &Here) -> usize {
    // Only the count matters.
    let number = THREADS.fetch_add(1, Ordering::Relaxed) + 1;
    here.shard.set(number);
    number
}

/// The system's number of this thread.
#[inline]
pub(super) fn id() -> u32 {
    HERE.with(|here| match here.id.get() {
        0 => {
            let id = gettid().as_raw_nonzero().get().unsigned_abs();
            here.id.set(id);
            id
        }
        id => id,
    })
}

/// The name of this thread, as the system keeps it: at most 15 bytes.
pub(super) fn name() -> [u8; NAME] {
    HERE.with(|here| {
        if here.name.get()[0] == 0 {
            let name = rustix::thread::name().unwrap_or_default();
            let mut kept = [0; NAME];
            for (place, byte) in kept.iter_mut().zip(name.to_bytes()) {
                *place = *byte;
            }
            here.name.set(kept);
        }
        here.name.get()
    })
}

/// One call of an engine's functions, for as long as it lasts.
#[derive(Debug)]
pub(super) struct Deeper {
    engine: u64,
}

impl Deeper {
    /// How many calls of this engine the thread is in, and this one from now on.
    pub(super) fn enter(engine: u64) -> (u32, Self) {
        HERE.with(|here| {
            let (last, depth) = here.depth.get();
            let depth = if last == engine { depth } else { 0 };
            here.depth.set((engine, depth + 1));
            (depth, Self { engine })
        })
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        HERE.with(|here| {
            let (last, depth) = here.depth.get();
            // Another engine has taken the place of one that is gone.
            if last == self.engine {
                here.depth.set((last, depth.saturating_sub(1)));
            }
        });
    }
}
