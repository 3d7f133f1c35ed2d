//! What parts of a program that are compiled separately cannot share, and a probe of a library in another's place.

use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use gtramp::{Entry, LibraryCall, ProbeLibrary, shared};

#[repr(C)]
struct Counters {
    hits: AtomicU64,
}

fn own_struct() {
    let _ = shared::<Counters>("audit", "counters");
}

fn allocates() {
    let _ = shared::<Mutex<String>>("audit", "log");
}

fn entry_for_exit(library: &ProbeLibrary) {
    let _ = gtramp::fexit("bank::**", library.entry("count").unwrap());
}

fn text_by_value(call: &LibraryCall) {
    let _ = call.arg::<&'static str>("name");
}

fn of_another_context(_: &Entry) {}

gtramp::probe_library! {
    name: "audit",
    entry: [of_another_context],
}

fn main() {}
