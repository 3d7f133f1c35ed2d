//! The callers that were generated, as the crate `gtramp-codegen` writes them: naked stubs, the
//! instances of compiled callers, and the tables of both.

#[allow(unused_imports, reason = "a target without callers uses none of them")]
use super::{
    origin::run_origin,
    patched::run_patched,
    run::{Hash, Inline, run_entry},
    shape::{Lookup, Shape},
    specialised::Specialised,
};
#[allow(unused_imports, reason = "a target without callers uses none of them")]
use crate::{
    grace::Thread,
    md::{Front, Md},
    probe::{List, Row},
    site::Slot,
};

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

/// A precompiled caller for one entry probe alone, of any type, whose functions are found in the hash table.
#[derive(Debug)]
pub(crate) struct Single {
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
