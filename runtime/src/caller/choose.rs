//! Which caller serves which list: the one place that chooses.
//!
//! A list has an *own* caller if all its probes are of one link that does not block:
//!
//! | the list holds | its own caller |
//! |---|---|
//! | one probe | [`Own::Probe`]: the one that its row names, see [`of_probe`] |
//! | an entry and an exit probe whose types are known together | [`Own::TypedPair`] |
//! | an entry and an exit probe, no session | [`Own::Pair`] |
//! | several entry and exit probes, no session | [`Own::OneLink`] |
//!
//! Probes of a link that is asked at every call, because it is limited or counted, run as their rows say. So
//! one entry probe has [`Own::Entry`], or if its limit is a scope, what its row names; one exit probe has
//! [`Own::Exit`], and several probes have [`Own::OneLink`].
//!
//! Of a link whose functions are found in the hash table, only one probe has one. Every other list, and every
//! list beside which another link's calls are still under way, is served by the caller that all functions
//! [share](shared). So is a list whose own caller the function has too many slots for.

use crate::probe::{AnyProbe, Kind, Needs, PairCaller};

use super::abi::CallAbi;
use super::compiled;
use super::contributed::contributed_caller;
use super::generated::{SINGLES, Single, VARIANTS, Variant, position, specialised_name};
use super::shape::{Lookup, Shape};

/// What a list holds, as far as its own caller depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holds {
    /// How many probes of each kind, in the order of [`Kind`].
    pub(crate) probes: [usize; 3],
    /// Whether they are all of one link. What comes below is that link's.
    pub(crate) one_link: bool,
    pub(crate) needs: Needs,
    /// Whether its functions are found in the hash table.
    pub(crate) hashed: bool,
    /// Whether it has two probes whose types are known together.
    pub(crate) pair: bool,
    pub(crate) watched: Watched,
}

/// Whether a link is asked at every call if its probes are to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watched {
    No,
    Yes,
    /// And on a thread where no scope is in force, none of them is.
    InScope,
}

/// The own caller of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// That of its only probe.
    Probe,
    /// Compiled once for one entry probe of any type.
    Entry,
    /// Compiled once for one exit probe of any type.
    Exit,
    /// Compiled for the types of its entry and its exit probe.
    TypedPair,
    /// Compiled once for an entry and an exit probe of any types.
    Pair,
    /// Compiled once for any number of entry and exit probes.
    OneLink,
}

/// Which own caller a list has, if it has one.
pub(crate) fn own(holds: Holds) -> Option<Own> {
    let Holds { probes, one_link, needs, hashed, pair, watched } = holds;
    if !one_link || needs.has(Needs::SLEEP) {
        return None;
    }
    // A caller with room for the values of sessions is made for their types.
    let sessions = needs.has(Needs::SESSION);
    match probes {
        [0, 0, 0] => None,
        _ if watched != Watched::No => match probes {
            // What is compiled for probes' types does not ask.
            _ if hashed || sessions => None,
            [1, 0, 0] if watched == Watched::InScope => Some(Own::Probe),
            [1, 0, 0] => Some(Own::Entry),
            [0, 0, 1] => Some(Own::Exit),
            [_, 0, _] => Some(Own::OneLink),
            _ => None,
        },
        [1, 0, 0] | [0, 1, 0] | [0, 0, 1] if !sessions => Some(Own::Probe),
        // The callers for several probes find metadata through the site.
        _ if hashed => None,
        [1, 0, 1] if pair => Some(Own::TypedPair),
        [1, 0, 1] if !sessions => Some(Own::Pair),
        [_, 0, _] if !sessions => Some(Own::OneLink),
        _ => None,
    }
}

impl Own {
    /// Where it begins, for a function like this: given what the first row names, with the bits to which its
    /// probe was bound, and the caller for two types. `None` if there is none for so many slots.
    pub(crate) fn code(
        self,
        abi: CallAbi,
        probe: *const (),
        through: u32,
        pair: Option<PairCaller>,
    ) -> Option<*const ()> {
        match self {
            Self::Probe => (!probe.is_null()).then_some(probe),
            Self::TypedPair => pair.and_then(|pair| pair(abi.slots, through)),
            Self::Entry => compiled::any_entry(abi.slots),
            Self::Exit => compiled::any_exit(abi.slots),
            Self::Pair => compiled::any_pair(abi),
            Self::OneLink => compiled::one_link(abi),
        }
    }
}

/// The caller for the types of a link's probes, if these are two: the one that came with them, or that some
/// crate has contributed for them.
pub(crate) fn typed_pair(
    probes: &[Box<dyn AnyProbe>],
    came_with_them: Option<PairCaller>,
) -> Option<PairCaller> {
    let [entry, exit] = probes else { return None };
    came_with_them.or_else(|| contributed_caller(entry.probe_type(), exit.probe_type()))
}

/// The caller that all functions like this share for lists with these needs, or where the configuration left
/// it out, the plainest one that serves as much; `None` if none was generated.
pub(crate) fn shared(needs: Needs, lookup: Lookup, abi: CallAbi) -> Option<&'static Variant> {
    let shape = Shape::serving(needs, abi);
    let other = match lookup {
        Lookup::Inline => Lookup::Hash,
        Lookup::Hash => Lookup::Inline,
    };
    [lookup, other].into_iter().find_map(|lookup| {
        let wider = [(false, false), (false, true), (true, false), (true, true)];
        wider.into_iter().find_map(|(sleepable, origin)| {
            let sleepable = shape.sleepable | sleepable;
            let origin = shape.origin | origin;
            Some(&VARIANTS[position(Shape { sleepable, origin, ..shape }, lookup)?])
        })
    })
}

/// The shared caller that serves the most; `None` if none was generated.
pub(crate) fn fullest(abi: CallAbi) -> Option<&'static Variant> {
    let narrower = [Needs::SLEEP.and(Needs::ORIGIN), Needs::ORIGIN, Needs::SLEEP, Needs::NOTHING];
    narrower.into_iter().find_map(|needs| shared(needs, Lookup::Inline, abi))
}

/// The symbol name of the caller that begins here and serves functions of so many slots.
pub(crate) fn name(code: *const (), slots: usize) -> &'static str {
    let shared = VARIANTS.iter().find(|one| core::ptr::eq(one.code(), code)).map(|one| one.name);
    let single = || SINGLES.iter().find(|one| core::ptr::eq(one.code(), code)).map(|one| one.name);
    shared.or_else(single).or_else(|| specialised_name(slots)).unwrap_or("")
}

/// The caller for this probe alone, at functions like this, to which it was bound with these bits, if there is
/// one.
pub(crate) fn of_probe(
    probe: &dyn AnyProbe,
    hashed: bool,
    watched: Watched,
    abi: CallAbi,
    through: u32,
) -> Option<*const ()> {
    match (watched, hashed, probe.kind()) {
        (Watched::No, false, _) => probe.specialised(abi.slots, through),
        // What is compiled for a probe finds metadata through the site.
        (Watched::No, true, Kind::Fentry) => single(abi.slots),
        (Watched::InScope, false, Kind::Fentry) => probe.specialised_in_scope(abi.slots, through),
        _ => None,
    }
}

/// The caller for one entry probe of any type, at functions of so many slots that are found in the hash table.
pub(crate) fn single(slots: usize) -> Option<*const ()> {
    SINGLES.iter().find(|single| single.slots == slots).map(Single::code)
}

#[cfg(all(test, gtramp_stubs, not(loom)))]
mod tests {
    use super::{CallAbi, Holds, Lookup, Needs, Own, Watched};
    use super::{fullest, name, own, shared, single};

    /// Of one link that asks for nothing.
    fn holds(entries: usize, mods: usize, exits: usize) -> Holds {
        Holds {
            probes: [entries, mods, exits],
            one_link: true,
            needs: Needs::NOTHING,
            hashed: false,
            pair: false,
            watched: Watched::No,
        }
    }

    const ONE_OF_EACH_KIND: [[usize; 3]; 3] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];

    #[test]
    fn one_probe_has_its_own_caller() {
        for probes in ONE_OF_EACH_KIND {
            for hashed in [false, true] {
                let one = Holds { probes, hashed, ..holds(0, 0, 0) };
                assert_eq!(own(one), Some(Own::Probe), "{one:?}");
            }
        }
    }

    #[test]
    fn an_entry_and_an_exit_probe_have_the_caller_for_their_types_where_they_are_known_together() {
        let together = Holds { pair: true, ..holds(1, 0, 1) };
        assert_eq!(own(together), Some(Own::TypedPair));
        assert_eq!(own(Holds { needs: Needs::SESSION, ..together }), Some(Own::TypedPair));
    }

    #[test]
    fn an_entry_and_an_exit_probe_that_came_by_themselves_have_the_caller_for_any_two() {
        assert_eq!(own(holds(1, 0, 1)), Some(Own::Pair));
    }

    #[test]
    fn several_entry_and_exit_probes_of_one_link_have_the_caller_for_one_link() {
        for [entries, exits] in [[2, 0], [0, 2], [2, 1], [1, 2], [3, 3]] {
            assert_eq!(own(holds(entries, 0, exits)), Some(Own::OneLink), "{entries} {exits}");
            // The caller for two types serves two probes.
            let more = Holds { pair: true, ..holds(entries, 0, exits) };
            assert_eq!(own(more), Some(Own::OneLink), "{entries} {exits}");
        }
    }

    #[test]
    fn probes_that_are_asked_at_every_call_have_callers_that_run_them_as_their_rows_say() {
        for (watched, entry) in [(Watched::Yes, Own::Entry), (Watched::InScope, Own::Probe)] {
            let holds = |entries, exits| Holds { watched, ..holds(entries, 0, exits) };
            assert_eq!(own(holds(1, 0)), Some(entry));
            assert_eq!(own(holds(0, 1)), Some(Own::Exit));
            for [entries, exits] in [[2, 0], [0, 2], [1, 1], [2, 3]] {
                assert_eq!(own(holds(entries, exits)), Some(Own::OneLink), "{entries} {exits}");
                // The caller for their types would run them without a question.
                let together = Holds { pair: true, ..holds(entries, exits) };
                assert_eq!(own(together), Some(Own::OneLink), "{entries} {exits}");
            }
        }
    }

    #[test]
    fn what_no_own_caller_is_made_for_is_served_by_the_shared_one() {
        let with = |needs, holds| Holds { needs, ..holds };
        let hashed = |holds| Holds { hashed: true, ..holds };
        let watched = |holds| Holds { watched: Watched::Yes, pair: true, ..holds };
        let lists = [
            ("nothing", holds(0, 0, 0)),
            ("two links", Holds { one_link: false, ..holds(1, 0, 1) }),
            ("one that may block", with(Needs::SLEEP, holds(1, 0, 0))),
            ("two that may block", with(Needs::SLEEP, Holds { pair: true, ..holds(1, 0, 1) })),
            ("one that decides among others", holds(1, 1, 0)),
            ("several that decide", holds(0, 2, 0)),
            ("a session whose halves came with others", with(Needs::SESSION, holds(2, 0, 1))),
            ("a session of unknown types", with(Needs::SESSION, holds(1, 0, 1))),
            ("two found in the table", hashed(Holds { pair: true, ..holds(1, 0, 1) })),
            ("several found in the table", hashed(holds(2, 0, 0))),
            ("one asked at every call that decides", watched(holds(0, 1, 0))),
            ("one asked at every call and found in the table", watched(hashed(holds(1, 0, 0)))),
            ("a session asked at every call", watched(with(Needs::SESSION, holds(1, 0, 1)))),
        ];
        for (what, list) in lists {
            assert_eq!(own(list), None, "{what}");
        }
    }

    /// The most slots of a compiled caller: one register is for the metadata.
    const OWN_SLOTS: usize = if cfg!(target_arch = "aarch64") { 7 } else { 5 };

    #[test]
    fn own_callers_are_there_as_long_as_a_register_is_left_for_the_metadata() {
        for slots in 0..=super::super::MAX_SLOTS {
            let abi = CallAbi { slots, ret_in_slot: slots % 2 == 0 };
            let row = core::ptr::dangling();
            assert_eq!(Own::Probe.code(abi, row, 0, None), Some(row));
            assert_eq!(Own::Probe.code(abi, core::ptr::null(), 0, None), None);
            for any in [Own::Entry, Own::Exit, Own::Pair, Own::OneLink] {
                let code = any.code(abi, core::ptr::null(), 0, None);
                assert_eq!(code.is_some(), slots <= OWN_SLOTS, "{any:?} {slots}");
                assert!(
                    code.is_none_or(|code| name(code, slots) == format!("specialised_{slots}"))
                );
            }
        }
    }

    #[test]
    fn a_shared_caller_is_named_for_what_it_serves() {
        let names = [
            (Needs::NOTHING, ""),
            (Needs::ORIGIN, "_origin"),
            (Needs::SLEEP, "_sleep"),
            (Needs::SLEEP.and(Needs::ORIGIN), "_sleep_origin"),
        ];
        for slots in 0..=super::super::MAX_SLOTS {
            let abi = CallAbi { slots, ret_in_slot: true };
            for (needs, word) in names {
                for (lookup, found) in [(Lookup::Inline, ""), (Lookup::Hash, "_hash")] {
                    let caller = shared(needs, lookup, abi).expect("all are generated here");
                    let expected = format!("caller_{slots}{word}{found}");
                    assert_eq!(caller.name, expected);
                    assert_eq!(name(caller.code(), slots), expected);
                }
            }
            let fullest = fullest(abi).expect("all are generated here");
            assert_eq!(fullest.name, format!("caller_{slots}_sleep_origin"));
        }
    }

    #[test]
    fn one_entry_probe_found_in_the_table_has_a_caller_in_assembly_where_there_is_one() {
        for slots in 0..=super::super::MAX_SLOTS {
            let name = single(slots).map(|code| name(code, slots));
            let is_there = cfg!(target_arch = "x86_64") && slots <= OWN_SLOTS;
            let expected = is_there.then(|| format!("caller_{slots}_single_hash"));
            assert_eq!(name, expected.as_deref());
        }
    }
}
