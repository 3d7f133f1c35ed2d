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
    /// How deep it is in calls of one engine, which that is, and whether they are left out.
    depth: Cell<(u64, u32, bool)>,
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
            depth: Cell::new((0, 0, false)),
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

/// A call among those around it.
pub(super) enum Entered {
    /// It is so deep.
    Seen(u32, Deeper),
    /// It is around others, and left out with them.
    LeftOut(Deeper),
    /// It is within one that is left out.
    Within,
}

impl Deeper {
    /// Enters a call of this engine. If it is the outermost, `leave_out` decides whether it is left out, and all
    /// within it.
    pub(super) fn enter(engine: u64, leave_out: impl FnOnce() -> bool) -> Entered {
        HERE.with(|here| {
            let (last, depth, left_out) = here.depth.get();
            match (last == engine, depth) {
                (true, 1..) if left_out => Entered::Within,
                (true, depth @ 1..) => {
                    here.depth.set((engine, depth + 1, false));
                    Entered::Seen(depth, Self { engine })
                }
                _ => {
                    let left_out = leave_out();
                    here.depth.set((engine, 1, left_out));
                    match left_out {
                        true => Entered::LeftOut(Self { engine }),
                        false => Entered::Seen(0, Self { engine }),
                    }
                }
            }
        })
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        HERE.with(|here| {
            let (last, depth, left_out) = here.depth.get();
            // Another engine may have taken the place of one that is gone.
            if last == self.engine {
                here.depth.set((last, depth.saturating_sub(1), left_out));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Deeper, Entered};

    #[test]
    fn what_is_left_out_is_so_with_all_within_it() {
        let Entered::LeftOut(outer) = Deeper::enter(1, || true) else {
            panic!("it is the outermost")
        };
        assert!(matches!(Deeper::enter(1, || unreachable!()), Entered::Within));
        drop(outer);
        let Entered::Seen(0, outer) = Deeper::enter(1, || false) else { panic!("it is seen") };
        let Entered::Seen(1, inner) = Deeper::enter(1, || unreachable!()) else {
            panic!("it is within")
        };
        drop((inner, outer));
    }

    #[test]
    fn calls_of_an_engine_that_is_gone_do_not_count() {
        let Entered::Seen(0, old) = Deeper::enter(2, || false) else { panic!("it is seen") };
        let Entered::Seen(0, new) = Deeper::enter(3, || false) else { panic!("it is another's") };
        drop(old);
        let Entered::Seen(1, inner) = Deeper::enter(3, || false) else { panic!("it is within") };
        drop((inner, new));
    }
}
