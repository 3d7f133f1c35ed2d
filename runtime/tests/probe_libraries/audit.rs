//! A library of probes, which is compiled on its own. With the feature `second` it is its next version.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::SeqCst};

use gtramp::{LibraryCall, shared};

const STEP: u64 = if cfg!(feature = "second") { 10 } else { 1 };

fn count(_: &LibraryCall) {
    shared::<AtomicU64>("audit", "hits").unwrap().fetch_add(STEP, SeqCst);
}

/// Stays in the call until it is let go.
fn hold(_: &LibraryCall) {
    shared::<AtomicBool>("audit", "is inside").unwrap().store(true, SeqCst);
    let may_go = shared::<AtomicBool>("audit", "may go").unwrap();
    while !may_go.load(SeqCst) {
        std::thread::yield_now();
    }
}

/// Writes the call where the program reads it.
fn note(call: &LibraryCall) {
    let text = format!(
        "{} {} {call} {:?} {:?} {:?} {} {}",
        call.function(),
        call.cookie(),
        call.arg::<u64>("amount"),
        call.arg::<i64>("amount"),
        call.arg::<u64>("amont"),
        call.has_ended(),
        call.is_err(),
    );
    let to = shared::<[AtomicU8; 256]>("audit", "note").unwrap();
    for (to, byte) in to.iter().zip(text.bytes().chain([0])) {
        to.store(byte, SeqCst);
    }
}

fn fail(_: &LibraryCall) {
    panic!("of the library");
}

gtramp::probe_library! {
    name: "audit",
    entry: [count, hold, note, fail],
    exit: [count, note],
}
