//! Calls at the end of a thread and of the process.

use std::cell::RefCell;
use std::ffi::c_void;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use gtramp::{Entry, Exit, Link, site, traceable};

use crate::support::in_a_child;
use crate::{count, counted, counter};

#[traceable]
fn late(a: u64) -> u64 {
    a + 1
}

#[traceable]
fn latest(a: u64) -> u64 {
    a + 1
}

fn both(hits: &'static AtomicU64, function: &'static gtramp::Function) -> Link {
    gtramp::link()
        .functions(function)
        .fentry(move |_: &Entry| count(hits))
        .fexit(move |_: &Exit| count(hits))
        .attach()
        .expect("it takes any probe")
}

struct CallsWhenDropped;

impl Drop for CallsWhenDropped {
    fn drop(&mut self) {
        assert_eq!(late(1), 2);
    }
}

std::thread_local! {
    static LOCAL: RefCell<Option<CallsWhenDropped>> = const { RefCell::new(None) };
}

#[test]
fn thread_locals_that_are_dropped_call_traced_functions() {
    let hits = counter();
    let link = both(hits, site!(late).function().expect("it is traceable"));
    for probed_before in [false, true] {
        let before = counted(hits);
        let thread = std::thread::spawn(move || {
            LOCAL.set(Some(CallsWhenDropped));
            if probed_before {
                late(1);
            }
        });
        thread.join().expect("it runs");
        assert_eq!(counted(hits), before + if probed_before { 4 } else { 2 });
    }
    drop(link);
}

/// A key whose destructor runs after the Rust thread-locals are gone, and arms itself again: the
/// later rounds come after the runtime's own.
#[test]
fn destructors_of_thread_specific_keys_call_traced_functions_in_every_round() {
    const ROUNDS: usize = 3;
    static KEY: OnceLock<libc::pthread_key_t> = OnceLock::new();
    static CALLS: AtomicU64 = AtomicU64::new(0);

    unsafe extern "C" fn at_exit(left: *mut c_void) {
        assert_eq!(latest(1), 2);
        CALLS.fetch_add(1, Ordering::SeqCst);
        let left = core::ptr::without_provenance_mut::<c_void>(left.addr() - 1);
        // SAFETY: the key exists; null disarms it.
        unsafe { libc::pthread_setspecific(KEY.get().copied().expect("it exists"), left) };
    }

    let key = *KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: `key` is valid for writes, and the destructor has the right type.
        assert_eq!(unsafe { libc::pthread_key_create(&raw mut key, Some(at_exit)) }, 0);
        key
    });
    let hits = counter();
    let link = both(hits, site!(latest).function().expect("it is traceable"));
    for _ in 0..100 {
        let thread = std::thread::spawn(move || {
            let rounds = core::ptr::without_provenance_mut::<c_void>(ROUNDS);
            // SAFETY: the key exists.
            assert_eq!(unsafe { libc::pthread_setspecific(key, rounds) }, 0);
        });
        thread.join().expect("it runs");
    }
    let calls = CALLS.load(Ordering::SeqCst);
    assert!(calls >= 100);
    assert_eq!(counted(hits), 2 * calls);
    drop(link);
}

#[test]
#[cfg_attr(target_arch = "aarch64", ignore = "starts itself, which needs the emulator again")]
fn atexit_handlers_call_traced_functions() {
    let text = in_a_child("exits::a_process_with_an_atexit_handler", &[]);
    assert!(text.contains("atexit: 2 hits"), "{text}");
}

#[test]
#[ignore = "run in a process of its own by another test"]
fn a_process_with_an_atexit_handler() {
    static HITS: OnceLock<&'static AtomicU64> = OnceLock::new();

    extern "C" fn at_exit() {
        assert_eq!(late(1), 2);
        println!("atexit: {} hits", counted(HITS.get().expect("it is set")));
    }

    let hits = HITS.get_or_init(counter);
    both(hits, site!(late).function().expect("it is traceable")).leak();
    // SAFETY: the handler is a function of this program.
    assert_eq!(unsafe { libc::atexit(at_exit) }, 0);
}
