//! Which caller serves which function.

use core::fmt;

#[allow(unused_imports, reason = "a target without callers uses none of them")]
use super::{
    decided::decided,
    origin::run_origin,
    run::{Hash, Inline, run_entry},
    specialised::Specialised,
};
#[allow(unused_imports, reason = "a target without callers uses none of them")]
use crate::{
    grace::Thread,
    md::{Front, Md},
    probe::{Kind, List, Row},
    site::Slot,
};

/// How a caller finds the metadata of the function it was entered for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Lookup {
    /// Through the site, whose data points to it.
    #[default]
    Inline,
    /// In the hash table, by the function's address.
    Hash,
}

/// What a caller is made for.
///
/// Its symbol is called after it: `caller_2_sleep_origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Shape {
    /// How many slots it saves.
    pub slots: usize,
    /// Whether its probes may block.
    pub sleepable: bool,
    /// Whether it calls the origin itself, so that something can run after it or in its place.
    pub origin: bool,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sleep = if self.sleepable { "_sleep" } else { "" };
        let origin = if self.origin { "_origin" } else { "" };
        write!(f, "caller_{}{sleep}{origin}", self.slots)
    }
}

/// One precompiled caller.
#[derive(Debug)]
#[allow(dead_code, reason = "the name is for whoever reads the table, in a debugger or a test")]
pub(crate) struct Variant {
    pub(crate) shape: Shape,
    pub(crate) lookup: Lookup,
    pub(crate) name: &'static str,
    pub(crate) address: unsafe extern "C-unwind" fn(),
}

impl Variant {
    /// Where an armed entry jumps to.
    pub(crate) fn code(&self) -> *const () {
        self.address as *const ()
    }
}

/// A precompiled caller for one probe alone, of any type.
#[derive(Debug)]
pub(crate) struct Single {
    /// Of which kind the probe is.
    pub(crate) kind: Kind,
    pub(crate) lookup: Lookup,
    pub(crate) slots: usize,
    pub(crate) name: &'static str,
    pub(crate) address: unsafe extern "C-unwind" fn(),
}

impl Single {
    /// Where an armed entry jumps to.
    pub(crate) fn code(&self) -> *const () {
        self.address as *const ()
    }
}

include!(concat!(env!("OUT_DIR"), "/callers.rs"));
include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// The caller for a shape, or where the configuration left it out, the plainest one that serves
/// as much; `None` if none was generated.
pub(crate) fn select(shape: Shape, lookup: Lookup) -> Option<&'static Variant> {
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

/// The caller of so many slots that serves the most; `None` if none was generated.
pub(crate) fn fullest(slots: usize) -> Option<&'static Variant> {
    let narrower = [(true, true), (false, true), (true, false), (false, false)];
    narrower
        .into_iter()
        .find_map(|(sleepable, origin)| select(Shape { slots, sleepable, origin }, Lookup::Inline))
}

/// The caller for one probe of this kind and of any type, for functions of so many slots whose metadata are
/// found thus, if there is one in assembly. A modify-return probe's is for results that travel in a slot.
pub(crate) fn single(kind: Kind, slots: usize, lookup: Lookup) -> Option<*const ()> {
    let fits = |one: &&Single| (one.kind, one.slots, one.lookup) == (kind, slots, lookup);
    SINGLES.iter().find(fits).map(Single::code)
}

/// The name of the caller for one probe whose code begins here.
pub(crate) fn single_name(code: *const ()) -> Option<&'static str> {
    let single = SINGLES.iter().find(|single| core::ptr::eq(single.code(), code));
    single.map(|single| single.name)
}

/// The caller whose code begins here.
pub(crate) fn variant_at(code: *const ()) -> Option<&'static Variant> {
    VARIANTS.iter().find(|variant| core::ptr::eq(variant.code(), code))
}
