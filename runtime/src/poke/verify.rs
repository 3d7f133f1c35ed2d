//! Does an entry hold what belongs there?

use crate::arch::{AIM, ENTRY_LEN, entry_bytes};
use crate::error::Error;
use crate::site::{Function, Record};

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

/// Checks every byte of an entry. Somebody else's breakpoint or hook is found here.
pub(crate) fn verify(site: &Record, entry_is: Expected, function: &Function) -> Result<(), Error> {
    let entry = site.entry();
    let data = core::ptr::from_ref(site.data()).addr();
    let (slots, body) = (function.slots(), site.body().addr());
    let caller = entry_is.aim.map_or(0, <*const ()>::addr);
    let mut expected = entry_bytes(entry.addr(), slots, body, data, entry_is.armed, caller);
    let found = bytes_at(entry);
    if entry_is.aim.is_none() {
        expected[AIM].copy_from_slice(&found[AIM]);
    }
    // One look at all that differs: where there are few words, a loop with ways out takes longer.
    let differences =
        words(&found).into_iter().zip(words(&expected)).map(|(one, other)| one ^ other);
    if differences.fold(0, |all, difference| all | difference) == 0 {
        return Ok(());
    }
    Err(Error::Modified {
        function: function.instance().to_owned(),
        address: entry.addr(),
        found: found.to_vec(),
        expected: expected.to_vec(),
    })
}
