//! What several test programs share.
#![allow(dead_code, reason = "every test program uses another part of this")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gtramp::Function;

/// What happened, in order, seen from any thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn push(&self, line: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.into());
    }

    /// Everything since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many others hold it: probes that were not dropped yet.
    pub(crate) fn holders(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// A small generator (SplitMix64), so that a failure can be replayed.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator with the seed of the environment variable `GTRAMP_SEED`, or with any other.
    /// The seed is printed, which shows it when the test fails.
    pub(crate) fn from_environment() -> Self {
        use std::hash::{BuildHasher as _, RandomState};

        let seed = match std::env::var("GTRAMP_SEED") {
            Ok(text) => text.parse().expect("GTRAMP_SEED is a number"),
            Err(_) => RandomState::new().hash_one(0),
        };
        println!("GTRAMP_SEED={seed} replays this");
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    pub(crate) fn flip(&mut self) -> bool {
        self.next() & 1 == 1
    }
}

/// The function with this path.
#[track_caller]
pub(crate) fn function(path: &str) -> &'static Function {
    let mut found = gtramp::functions().into_iter().filter(|function| function.path() == path);
    let function = found.next().unwrap_or_else(|| panic!("no {path}"));
    assert!(found.next().is_none(), "several {path}");
    function
}

/// How many bytes of code an entry has.
pub(crate) const ENTRY: usize = match (cfg!(target_arch = "aarch64"), cfg!(gtramp_slot)) {
    (false, false) => 23,
    (false, true) => 10,
    (true, _) => 20,
};

/// How many bytes the word has through which an entry jumps that is never written. (Where it is, only
/// the x86-64 code tells.)
const WORD: usize = if cfg!(all(gtramp_slot, target_arch = "x86_64")) { 8 } else { 0 };

/// Which bytes, of the entry or of that word, are written to arm it.
pub(crate) const SWITCH: Range<usize> = match (cfg!(target_arch = "aarch64"), WORD) {
    (false, 0) => 0..1,
    (true, _) => 0..4,
    _ => ENTRY..ENTRY + WORD,
};

/// Which bytes of the entry say where its caller is, if it does.
pub(crate) const AIM: Range<usize> = match (cfg!(target_arch = "aarch64"), WORD) {
    (false, 0) => 16..20,
    _ => ENTRY..ENTRY,
};

/// The bytes of one entry, and of the word behind it if that is what arms it.
pub(crate) type EntryBytes = [u8; ENTRY + WORD];

/// The bytes of all entries of a function.
pub(crate) fn entry_bytes(function: &Function) -> Vec<EntryBytes> {
    let read = |address: usize| {
        let entry = std::ptr::with_exposed_provenance::<[u8; ENTRY]>(address);
        // SAFETY: an entry stub is this long, and code can be read.
        let code = unsafe { entry.read_volatile() };
        let mut bytes = [0; ENTRY + WORD];
        bytes[..ENTRY].copy_from_slice(&code);
        if WORD != 0 {
            // The operand of the first instruction, which loads the word; as it was when it was looked
            // at first, because a test may patch it.
            static WORDS: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());
            let offset = i32::from_le_bytes(code[3..7].try_into().expect("four bytes"));
            let word = address.wrapping_add(7).wrapping_add_signed(offset as isize);
            let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
            let word = *words.entry(address).or_insert(word);
            let word = std::ptr::with_exposed_provenance::<AtomicUsize>(word);
            // SAFETY: the word is the site's, which lives as long as the program.
            let word = unsafe { &*word }.load(Ordering::SeqCst);
            bytes[ENTRY..].copy_from_slice(&word.to_ne_bytes()[..WORD]);
        }
        bytes
    };
    function.addresses().map(read).collect()
}
