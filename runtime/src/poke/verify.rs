//! Do an entry and its switches hold what belongs there?

use crate::arch::{AIM, ENTRY_LEN, Patch, ROOM, SWITCH_LEN, entry_bytes, is_room_of};
use crate::arch::{switch_bytes, switch_patch};
use crate::error::Error;
use crate::site::{Function, Record, Switch};

/// What an entry should be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) armed: bool,
    /// The caller that it was shown last, or null; `None` if that is not known.
    pub(crate) aim: Option<*const ()>,
}

impl Expected {
    /// What it is before anything is attached.
    pub(crate) const NEW: Self = Self { armed: false, aim: Some(core::ptr::null()) };
}

/// How many words an entry has; the last may be part of one.
const WORDS: usize = ENTRY_LEN.div_ceil(WORD);

const WORD: usize = size_of::<u64>();

/// The bytes of an entry, in words: of an array of bytes, a volatile read is one for each.
fn bytes_at(entry: *const ()) -> [u8; ENTRY_LEN] {
    let mut bytes = [0; ENTRY_LEN];
    let mut place = entry.cast::<u64>();
    for part in bytes.chunks_mut(WORD) {
        // SAFETY: code can be read. Entries are aligned to words, so a word in which an entry ends is
        // on its last page.
        let word = unsafe { place.read_volatile() };
        part.copy_from_slice(&word.to_ne_bytes()[..part.len()]);
        place = place.wrapping_add(1);
    }
    bytes
}

/// The same bytes, as they are compared at once.
fn words(bytes: &[u8; ENTRY_LEN]) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    for (word, part) in words.iter_mut().zip(bytes.chunks(WORD)) {
        let mut whole = [0; WORD];
        whole[..part.len()].copy_from_slice(part);
        *word = u64::from_ne_bytes(whole);
    }
    words
}

/// How a site was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// As it was left.
    AsExpected,
    /// Some of its switches are armed where they were left off, or off where they were left armed. A debugger
    /// or the kernel's uprobes have put an older byte back, or a write was refused. Either state is right at any
    /// time, so this is mended by arming the site once more.
    Mixed {
        /// The first of them.
        address: usize,
    },
}

/// Checks every byte of an entry and of the switches that lead to it. Somebody else's breakpoint or hook
/// is found here.
pub(crate) fn verify(
    site: &Record,
    entry_is: Expected,
    function: &Function,
) -> Result<Found, Error> {
    verify_entry(site, entry_is, function)?;
    let mut all = Found::AsExpected;
    for switch in site.switches() {
        let found = verify_switch(switch, entry_is.armed, function)?;
        if all == Found::AsExpected {
            all = found;
        }
    }
    Ok(all)
}

fn verify_switch(switch: &Switch, armed: bool, function: &Function) -> Result<Found, Error> {
    let (code, target) = (switch.code(), switch.target());
    let mut found = [0; SWITCH_LEN];
    for (offset, byte) in found.iter_mut().enumerate() {
        let place = code.cast::<u8>().wrapping_add(offset);
        // SAFETY: code can be read, and so can a switch's byte of data.
        *byte = unsafe { place.read_volatile() };
    }
    let expected = |armed| switch_bytes(code.addr(), target.addr(), armed);
    let short = |armed| switch_bytes(code.addr(), switch.destination(), armed);
    if found == expected(armed) || found == short(armed) {
        return Ok(Found::AsExpected);
    }
    if found == expected(!armed) || found == short(!armed) {
        return Ok(Found::Mixed { address: code.addr() });
    }
    Err(modified(function, code, &found, &expected(armed)))
}

fn modified(function: &Function, place: *const (), found: &[u8], expected: &[u8]) -> Error {
    Error::Modified {
        function: function.instance().to_owned(),
        address: place.addr(),
        found: found.to_vec(),
        expected: expected.to_vec(),
    }
}

fn verify_entry(site: &Record, entry_is: Expected, function: &Function) -> Result<(), Error> {
    let entry = site.entry();
    let data = core::ptr::from_ref(site.data()).addr();
    let caller = entry_is.aim.map_or(0, <*const ()>::addr);
    let found = bytes_at(entry);
    let mut expected = entry_bytes(entry.addr(), function.slots(), data, caller);
    if entry_is.aim.is_none() {
        expected[AIM].copy_from_slice(&found[AIM]);
    }
    // One look at all that differs: where there are few words, a loop with ways out takes longer.
    if is_equal(&found, &expected) {
        return Ok(());
    }
    let room = &found[..ROOM];
    let is_room = |switch: &&Switch| {
        let target = switch.target().expose_provenance();
        // SAFETY: what lies between a switch and its stub is code that the compiler has made.
        unsafe { is_room_of(room, target, entry.expose_provenance()) }
    };
    if site.switches().iter().any(is_room) {
        expected[..ROOM].copy_from_slice(room);
    }
    if is_equal(&found, &expected) {
        return Ok(());
    }
    Err(modified(function, entry, &found, &expected))
}

/// Whether what would be written to arm or disarm a site is, everywhere, in one of these two states. Otherwise
/// it is somebody else's: a breakpoint that has come since the site was armed, say.
pub(crate) fn is_known(site: &Record) -> bool {
    site.switches().iter().all(|switch| {
        let (code, target) = (switch.code(), switch.target().addr());
        holds_one_of(code, [false, true].map(|armed| switch_patch(code.addr(), target, armed)))
    })
}

fn holds_one_of(place: *const (), known: [Patch; 2]) -> bool {
    if cfg!(gtramp_slot) {
        // A byte, whatever the patches of code are.
        // SAFETY: a switch's byte of data.
        let found = unsafe { place.cast::<u8>().read_volatile() };
        return known.iter().any(|known| known.to_le_bytes()[0] == found);
    }
    // SAFETY: code can be read, and what is written is aligned to its size.
    let found = unsafe { place.cast::<Patch>().read_volatile() };
    known.contains(&found)
}

fn is_equal(one: &[u8; ENTRY_LEN], other: &[u8; ENTRY_LEN]) -> bool {
    let differences = words(one).into_iter().zip(words(other)).map(|(one, other)| one ^ other);
    differences.fold(0, |all, difference| all | difference) == 0
}
