//! The thread that is running, as measurements see it. It has no destructor, so it can be asked at any time of a
//! thread's life.

use core::cell::Cell;

use rustix::thread::gettid;

/// What a thread is known by.
struct Here {
    id: Cell<u32>,
    name: Cell<[u8; NAME]>,
    /// How deep it is in calls of engines.
    inside: [Cell<Inside>; ENGINES],
}

/// How deep a thread is in calls of one engine. It is nobody's at depth 0.
#[derive(Clone, Copy, Default)]
struct Inside {
    engine: u64,
    depth: u32,
    /// Whether these calls are left out.
    left_out: bool,
    /// How long the calls within the innermost one took, in the clock's units.
    within: u64,
}

/// As long as Linux keeps names of threads.
const NAME: usize = 16;
/// So many engines can know how deep one thread is in their calls.
const ENGINES: usize = 8;

thread_local! {
    static HERE: Here = const {
        Here {
            id: Cell::new(0),
            name: Cell::new([0; NAME]),
            inside: [const { Cell::new(Inside { engine: 0, depth: 0, left_out: false, within: 0 }) }; ENGINES],
        }
    };
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

/// One call of an engine's functions, for as long as it lasts. Small, because it is a part of what a session keeps, and
/// whole words, because what is stored in one size and loaded in another has to reach the cache in between.
#[derive(Debug)]
pub(super) struct Deeper {
    /// How long the calls before this one took, within the one around it.
    beside: u64,
    pub(super) depth: u32,
    /// Where the engine's depth is, or [`NOWHERE`].
    place: u32,
}

/// The place of a call whose depth nobody counts.
const NOWHERE: u32 = u32::MAX;

/// A call among those around it.
pub(super) enum Entered {
    Seen(Deeper),
    /// It is around others, and left out with them.
    LeftOut(Deeper),
    /// It is within one that is left out.
    Within,
}

impl Deeper {
    /// A call that is not counted.
    #[inline]
    pub(super) fn uncounted() -> Self {
        Self { beside: 0, depth: 0, place: NOWHERE }
    }

    /// Enters a call of this engine. If it is the outermost, `leave_out` decides whether it is left out, and all
    /// within it. Where too many engines want to know how deep the thread is, it is not counted.
    #[inline]
    pub(super) fn enter(engine: u64, leave_out: impl FnOnce() -> bool) -> Entered {
        HERE.with(|here| {
            let (mut free, mut own) = (None, None);
            for (place, inside) in here.inside.iter().enumerate() {
                let found = inside.get();
                if found.depth == 0 {
                    free = free.or(Some(place));
                } else if found.engine == engine {
                    own = Some(place);
                    break;
                }
            }
            let Some(at) = own.or(free) else { return Entered::Seen(Self::uncounted()) };
            let before = here.inside[at].get();
            let place = u32::try_from(at).unwrap_or(NOWHERE);
            if own.is_none() {
                let left_out = leave_out();
                here.inside[at].set(Inside { engine, depth: 1, left_out, within: 0 });
                let deeper = Self { beside: 0, depth: 0, place };
                return match left_out {
                    true => Entered::LeftOut(deeper),
                    false => Entered::Seen(deeper),
                };
            }
            if before.left_out {
                return Entered::Within;
            }
            here.inside[at].set(Inside { depth: before.depth + 1, within: 0, ..before });
            Entered::Seen(Self { beside: before.within, depth: before.depth, place })
        })
    }

    /// How long the calls within this one took, which takes so long itself; in the clock's units.
    #[inline]
    pub(super) fn within(&mut self, latency: u64) -> u64 {
        self.beside += latency;
        HERE.with(|here| here.inside.get(self.place as usize).map_or(0, |own| own.get().within))
    }
}

impl Drop for Deeper {
    #[inline]
    fn drop(&mut self) {
        if self.place == NOWHERE {
            return;
        }
        // While there are calls of an engine, no other takes its place.
        HERE.with(|here| {
            let inside = &here.inside[self.place as usize];
            let Inside { engine, depth, left_out, .. } = inside.get();
            let depth = depth.saturating_sub(1);
            inside.set(Inside { engine, depth, left_out, within: self.beside });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Deeper, Entered};

    fn seen(engine: u64) -> (u32, Deeper) {
        match Deeper::enter(engine, || false) {
            Entered::Seen(deeper) => (deeper.depth, deeper),
            _ => panic!("it is seen"),
        }
    }

    #[test]
    fn what_is_left_out_is_so_with_all_within_it() {
        let Entered::LeftOut(outer) = Deeper::enter(1, || true) else {
            panic!("it is the outermost")
        };
        assert!(matches!(Deeper::enter(1, || unreachable!()), Entered::Within));
        drop(outer);
        let (0, outer) = seen(1) else { panic!("it is the outermost") };
        let (1, inner) = seen(1) else { panic!("it is within") };
        drop((inner, outer));
    }

    #[test]
    fn engines_know_their_own_depths_alone() {
        let (depths, calls): (Vec<u32>, Vec<Deeper>) =
            [2, 3, 2, 3, 4].into_iter().map(seen).unzip();
        assert_eq!(depths, [0, 0, 1, 1, 0]);
        calls.into_iter().rev().for_each(drop);
        assert_eq!(seen(2).0, 0);
    }

    #[test]
    fn with_too_many_engines_the_last_ones_do_not_know_how_deep_calls_are() {
        let calls: Vec<Deeper> = (10..18).map(|engine| seen(engine).1).collect();
        let (depth, outer) = seen(18);
        assert_eq!((depth, seen(18).0, seen(10).0), (0, 0, 1));
        drop((outer, calls));
        let (_outer, inner) = (seen(18), seen(18));
        assert_eq!(inner.0, 1);
    }

    #[test]
    fn the_time_of_calls_within_is_that_of_the_next_ones_alone() {
        let (_, mut outer) = seen(5);
        for _ in 0..2 {
            let (_, mut call) = seen(5);
            let (_, mut leaf) = seen(5);
            assert_eq!(leaf.within(3), 0);
            drop(leaf);
            assert_eq!(call.within(10), 3);
        }
        assert_eq!(outer.within(50), 20);
    }
}
