//! The switches: one in every copy of a traceable function, and a record of each in the section
//! `gtramp_switches`.

use core::ops::Range;
use std::sync::OnceLock;

use crate::arch;
use crate::sys::{OutOfMemory, reserve};

use super::record::{Offset, Record, records, section};

/// One switch, as the code around it recorded it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Switch {
    /// What is written to arm it: the switch itself, or in a build with `slot` entries a byte of data.
    code: Offset,
    /// Where an armed switch leads: to code beside it that enters the stub.
    target: Offset,
    /// The entry stub of its function.
    entry: Offset,
}

impl Switch {
    /// What is written to arm it.
    pub(crate) fn code(&self) -> *const () {
        self.code.target()
    }

    /// Where in the program's code it is: in a build with `slot` entries, where it leads from there.
    pub(crate) fn place(&self) -> usize {
        if cfg!(gtramp_slot) { self.target().addr() } else { self.code().addr() }
    }

    /// Where it leads when it is armed.
    pub(crate) fn target(&self) -> *const () {
        self.target.target()
    }

    /// Where a thread comes to that follows an armed switch: [`Switch::target`], or if there is nothing but
    /// jumps on the way, the stub.
    pub(crate) fn destination(&self) -> usize {
        if cfg!(gtramp_slot) {
            return self.target().addr();
        }
        // SAFETY: what lies between a switch and its stub is code that the compiler has made.
        unsafe {
            arch::destination(self.target().expose_provenance(), self.entry().expose_provenance())
        }
    }

    /// The entry stub of its function.
    pub(crate) fn entry(&self) -> *const () {
        self.entry.target()
    }
}

/// Every switch of the program, those of one site beside each other.
struct Index {
    switches: Vec<&'static Switch>,
    /// For each record of a site: where its switches begin. One more at the end.
    starts: Vec<u32>,
}

static INDEX: OnceLock<Index> = OnceLock::new();

impl Index {
    #[cold]
    fn make() -> Result<&'static Self, OutOfMemory> {
        // Another thread may make it as well; one of them is kept.
        let made = Self::new(records(), section(arch::switches()))?;
        Ok(INDEX.get_or_init(|| made))
    }

    fn new(records: &'static [Record], switches: &'static [Switch]) -> Result<Self, OutOfMemory> {
        let mut order: Vec<(*const (), usize)> = Vec::new();
        reserve(&mut order, records.len())?;
        order.extend(records.iter().enumerate().map(|(number, record)| (record.entry(), number)));
        order.sort_unstable();
        let mut numbered: Vec<(usize, &'static Switch)> = Vec::new();
        reserve(&mut numbered, switches.len())?;
        for switch in switches {
            let found = order.binary_search_by_key(&switch.entry(), |&(entry, _)| entry);
            // A switch keeps its stub, and a stub its record.
            debug_assert!(found.is_ok(), "a switch whose site has no record");
            numbered.extend(found.ok().map(|at| (order[at].1, switch)));
        }
        numbered.sort_unstable_by_key(|&(number, switch)| (number, switch.code()));
        let mut starts = Vec::new();
        reserve(&mut starts, records.len() + 1)?;
        for number in 0..=records.len() {
            let start = numbered.partition_point(|&(of, _)| of < number);
            starts.push(u32::try_from(start).expect("fewer than 2^32 switches"));
        }
        let mut switches = Vec::new();
        reserve(&mut switches, numbered.len())?;
        switches.extend(numbered.iter().map(|&(_, switch)| switch));
        Ok(Self { switches, starts })
    }

    fn range(&self, number: usize) -> Range<usize> {
        self.starts[number] as usize..self.starts[number + 1] as usize
    }
}

/// Finds the switches of all sites, if that was not done before.
pub(crate) fn find_switches() -> Result<(), OutOfMemory> {
    match INDEX.get() {
        Some(_) => Ok(()),
        None => Index::make().map(drop),
    }
}

impl Record {
    /// The switches that lead to this stub: one for each copy of the function.
    #[inline]
    pub(crate) fn switches(&self) -> &'static [&'static Switch] {
        let made = INDEX.get();
        let index = made.unwrap_or_else(|| Index::make().unwrap_or_else(|refused| refused.abort()));
        &index.switches[index.range(self.number())]
    }
}
