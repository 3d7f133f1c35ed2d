//! A signal at every single instruction of a thread's exit, while its record is being returned.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};

use gtramp::{Entry, Exit, site, traceable};

use crate::memory::resident;
use crate::signals::install;
use crate::stepping::set_trap_flag;
use crate::support::in_a_child;
use crate::{count, counted, counter};

#[traceable]
fn at_each_step(a: u64) -> u64 {
    a + 1
}

static STEPS: AtomicU64 = AtomicU64::new(0);

/// Calls a traced function before every instruction.
extern "C" fn on_step(_: libc::c_int) {
    STEPS.fetch_add(1, Ordering::SeqCst);
    assert_eq!(at_each_step(1), 2);
}

/// The runtime's own destructor runs between these two, whose keys are made before its key and after.
unsafe extern "C" fn begin_to_step(_: *mut c_void) {
    set_trap_flag(true);
}

unsafe extern "C" fn end_to_step(_: *mut c_void) {
    set_trap_flag(false);
}

fn key(destructor: unsafe extern "C" fn(*mut c_void)) -> libc::pthread_key_t {
    let mut key = 0;
    // SAFETY: `key` is valid for writes, and the destructor has the right type.
    assert_eq!(unsafe { libc::pthread_key_create(&raw mut key, Some(destructor)) }, 0);
    key
}

#[test]
fn a_handler_at_every_instruction_of_a_threads_exit_calls_traced_functions() {
    let text = in_a_child("exit_steps::a_process_whose_threads_step_through_their_exit", &[]);
    assert!(text.contains("steps of exits"), "{text}");
}

#[test]
#[ignore = "run in a process of its own by another test: the order of its keys matters"]
fn a_process_whose_threads_step_through_their_exit() {
    const THREADS: u64 = 1200;
    let begin = key(begin_to_step);
    let hits = counter();
    let link = gtramp::link()
        .functions(site!(at_each_step))
        .fentry(move |_: &Entry| count(hits))
        .fexit(move |_: &Exit| count(hits))
        .attach()
        .expect("it takes any probe");
    let end = key(end_to_step);
    let handler = on_step as extern "C" fn(libc::c_int) as libc::sighandler_t;
    install(libc::SIGTRAP, handler, 0);
    let run = || {
        let thread = std::thread::spawn(move || {
            assert_eq!(at_each_step(1), 2);
            for key in [begin, end] {
                let some = core::ptr::without_provenance_mut::<c_void>(1);
                // SAFETY: the key exists.
                assert_eq!(unsafe { libc::pthread_setspecific(key, some) }, 0);
            }
        });
        thread.join().expect("it runs");
    };
    (0..THREADS / 2).for_each(|_| run());
    let before = resident();
    (0..THREADS / 2).for_each(|_| run());
    let grown = resident().saturating_sub(before);
    let steps = STEPS.load(Ordering::SeqCst);
    assert!(steps > THREADS * 10, "{steps} steps");
    assert_eq!(counted(hits), 2 * (THREADS + steps), "none is lost");
    assert_eq!(link.info().missed, 0);
    // A record that were not returned would cost 1 KiB each time.
    assert!(grown < THREADS / 4, "{grown} KiB in {} exits", THREADS / 2);
    println!("{steps} steps of exits, {grown} KiB");
}
