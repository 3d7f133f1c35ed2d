//! Barriers that are refused after functions were attached to, as a program does that restricts itself when
//! it is under way. A filter is its thread's own, so other threads see how it goes.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use gtramp::{Entry, Error, Exit, Function, site, traceable};

use crate::seccomp::{NUMBER, answer, bits, install, jump, load, number};
use crate::support::{entry_bytes, in_a_child};

#[traceable]
fn target(a: u64) -> u64 {
    a
}

#[traceable]
fn other(a: u64) -> u64 {
    a + 1
}

#[traceable]
fn fresh(a: u64) -> u64 {
    a + 2
}

/// On how many processors the thread may run.
fn processors() -> libc::c_int {
    // SAFETY: all zeros is a valid set.
    let mut set: libc::cpu_set_t = unsafe { core::mem::zeroed() };
    // SAFETY: the set is valid for writes of its size.
    let status = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &raw mut set) };
    assert_eq!(status, 0);
    // SAFETY: counts what is in a set.
    unsafe { libc::CPU_COUNT(&set) }
}

/// Refuses the calling thread every barrier, and if said so, to choose its processors.
fn refuse_barriers(affinity_too: bool) {
    let denied = answer(libc::SECCOMP_RET_ERRNO | bits(libc::EPERM));
    let also = if affinity_too { libc::SYS_sched_setaffinity } else { libc::SYS_membarrier };
    install(&mut [
        load(NUMBER),
        jump(libc::BPF_JEQ, number(libc::SYS_membarrier), 2, 0),
        jump(libc::BPF_JEQ, number(also), 1, 0),
        answer(libc::SECCOMP_RET_ALLOW),
        denied,
    ]);
}

struct Canary(Arc<AtomicBool>);

impl Drop for Canary {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_process_that_forbids_itself_barriers_detaches_and_disables_and_attaches_no_more() {
    in_a_child("without_barriers::they_are_refused", &[]);
}

#[test]
fn so_does_one_that_may_not_choose_its_processors_either() {
    in_a_child("without_barriers::they_and_the_choice_of_processors_are_refused", &[]);
}

#[test]
#[ignore = "refuses calls of its thread: run in a process of its own"]
fn they_are_refused() {
    refused(false);
}

#[test]
#[ignore = "refuses calls of its thread: run in a process of its own"]
fn they_and_the_choice_of_processors_are_refused() {
    refused(true);
}

fn refused(affinity_too: bool) {
    let dropped = Arc::new(AtomicBool::new(false));
    let finished = Arc::new(AtomicBool::new(false));
    let runs = Arc::new(AtomicU64::new(0));
    let ((arrive, arrived), (go, may_go)) = (channel(), channel());
    let (canary, is_dropped) = (Canary(Arc::clone(&dropped)), Arc::clone(&dropped));
    let (ends, counts, may_go) = (Arc::clone(&finished), Arc::clone(&runs), Mutex::new(may_go));
    let waiting = site!(target).fentry(move |_: &Entry, a: &u64| {
        let _ = &canary;
        if *a != 1 {
            counts.fetch_add(1, Ordering::SeqCst);
            return;
        }
        arrive.send(()).unwrap();
        may_go.lock().unwrap().recv().unwrap();
        assert!(!is_dropped.load(Ordering::SeqCst), "dropped while it runs");
        ends.store(true, Ordering::SeqCst);
    });
    let waiting = waiting.unwrap();
    let switched = site!(other).fexit(|_: &Exit| ()).unwrap();
    let functions: [&'static Function; 3] =
        [site!(target).function(), site!(other).function(), site!(fresh).function()]
            .map(|function| function.unwrap());
    assert_eq!((other(1), fresh(1)), (2, 3));
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(target(1), 1));
        arrived.recv().unwrap();
        let restricted = scope.spawn(|| {
            let before = processors();
            refuse_barriers(affinity_too);
            waiting.detach();
            assert!(finished.load(Ordering::SeqCst), "it was running");
            assert!(dropped.load(Ordering::SeqCst));
            switched.disable();

            let bytes = || functions.map(entry_bytes);
            let unchanged = bytes();
            let refusal = |result: Result<(), Error>| {
                let Err(error @ Error::Unsupported { .. }) = result else {
                    panic!("{result:?}");
                };
                assert!(error.to_string().contains("barriers between threads"), "{error}");
            };
            for function in functions {
                refusal(gtramp::fentry(function, |_: &Entry| ()).map(drop));
            }
            refusal(switched.enable());
            assert!(!switched.is_enabled());
            assert_eq!(bytes(), unchanged);
            // In the midst of another panic as well.
            let outer = catch_unwind(AssertUnwindSafe(|| {
                let _switched = switched;
                panic_any(7_u8);
            }));
            assert_eq!(outer.unwrap_err().downcast_ref(), Some(&7_u8));
            assert_eq!(processors(), before);
        });
        // Until no call that begins now runs the probe.
        loop {
            let before = runs.load(Ordering::SeqCst);
            assert_eq!(target(2), 2);
            if runs.load(Ordering::SeqCst) == before {
                break;
            }
            thread::yield_now();
        }
        assert!(!dropped.load(Ordering::SeqCst), "its probe is running");
        go.send(()).unwrap();
        restricted.join().unwrap();
    });
    // Threads without the filter go on as ever.
    let seen = Arc::clone(&runs);
    let link = site!(target).fentry(move |_: &Entry| {
        seen.fetch_add(1, Ordering::SeqCst);
    });
    let before = runs.load(Ordering::SeqCst);
    assert_eq!((target(3), runs.load(Ordering::SeqCst)), (3, before + 1));
    drop(link);
}
