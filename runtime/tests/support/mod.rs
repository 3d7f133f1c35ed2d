//! What several test programs share.
#![allow(dead_code, reason = "every test program uses another part of this")]

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
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

/// Lets threads that look at this end when it is dropped, whatever happens.
pub(crate) struct StopAtEnd<'s>(pub(crate) &'s AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// How often something is tried: `GTRAMP_RUNS` allows less, where every instruction is translated.
pub(crate) fn runs(default: usize) -> usize {
    let given = std::env::var("GTRAMP_RUNS").ok();
    given.map_or(default, |given| given.parse().expect("GTRAMP_RUNS is a number")).min(default)
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

/// Runs an ignored test in a process of its own, with these variables in its environment; what it printed.
#[track_caller]
pub(crate) fn in_a_child(test: &str, environment: &[(&str, &str)]) -> String {
    let this = std::env::current_exe().expect("a test has a file");
    let mut child = std::process::Command::new(this);
    child.args(["--exact", "--ignored", "--nocapture", "--test-threads=1", test]);
    let child = child.envs(environment.iter().copied()).output().expect("it starts");
    let out = String::from_utf8_lossy(&child.stdout).into_owned();
    let errors = String::from_utf8_lossy(&child.stderr);
    assert!(
        child.status.success() && out.contains("1 passed"),
        "{}\n{out}\n{errors}",
        child.status
    );
    out
}

/// The function with this path.
#[track_caller]
pub(crate) fn function(path: &str) -> &'static Function {
    let mut found = gtramp::functions().iter().filter(|function| function.path() == path);
    let function = found.next().unwrap_or_else(|| panic!("no {path}"));
    assert!(found.next().is_none(), "several {path}");
    function
}

/// How many bytes of code an entry has.
pub(crate) const ENTRY: usize = match (cfg!(target_arch = "aarch64"), cfg!(gtramp_slot)) {
    (false, false) => 27,
    (false, true) => 10,
    (true, _) => 16,
};

/// Which bytes of the entry say where its caller is, if it does.
pub(crate) const AIM: Range<usize> = match (cfg!(target_arch = "aarch64"), cfg!(gtramp_slot)) {
    (false, false) => 20..24,
    _ => ENTRY..ENTRY,
};

/// How many bytes a switch has.
pub(crate) const SWITCH: usize = match (cfg!(target_arch = "aarch64"), cfg!(gtramp_slot)) {
    (false, false) => 5,
    (true, false) => 4,
    (_, true) => 1,
};

/// The bytes of one entry, or of one switch and zeros.
pub(crate) type EntryBytes = [u8; ENTRY];

/// The bytes of all entries of a function, and behind them those of its switches.
///
/// When a function is armed for the first time, the way from its switches to its entries is shortened, and stays
/// so. That is done before the first look.
pub(crate) fn entry_bytes(function: &Function) -> Vec<EntryBytes> {
    static SHORTENED: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let mut shortened = SHORTENED.lock().unwrap_or_else(PoisonError::into_inner);
    if !shortened.contains(&function.address()) {
        shortened.push(function.address());
        let address = function.address();
        let this = move |other: &Function| other.address() == address;
        // Where it is refused, nothing is shortened by another attach either.
        drop(gtramp::fentry(gtramp::Selector::matching(this), |_: &gtramp::Entry| ()));
    }
    drop(shortened);
    let entries = function.addresses().map(|address| {
        let entry = std::ptr::with_exposed_provenance::<EntryBytes>(address);
        // SAFETY: an entry stub is this long, and code can be read.
        unsafe { entry.read_volatile() }
    });
    let switches = switch_bytes(function).into_iter().map(|switch| {
        let mut bytes = [0; ENTRY];
        bytes[..SWITCH].copy_from_slice(&switch);
        bytes
    });
    entries.chain(switches).collect()
}

/// The bytes of all switches of a function.
pub(crate) fn switch_bytes(function: &Function) -> Vec<[u8; SWITCH]> {
    let read = |address: usize| {
        let switch = std::ptr::with_exposed_provenance::<[u8; SWITCH]>(address);
        // SAFETY: a switch is this long, and code can be read, as can its byte of data.
        unsafe { switch.read_volatile() }
    };
    function.switches().map(read).collect()
}
