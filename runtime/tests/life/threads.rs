//! Many threads at once.

use std::ffi::c_void;
use std::ops::ControlFlow;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use gtramp::{Entry, Exit, Link, ModRet, site, traceable};

use crate::{count, counted, counter, cycles, turn};

#[traceable]
fn counted_by_all(a: u64) -> u64 {
    a + 1
}

#[test]
fn every_call_of_many_threads_at_once_is_seen_until_the_detach() {
    let _turn = turn();
    let threads = cycles(1_000);
    let (entries, exits) = (counter(), counter());
    let both = || {
        gtramp::link()
            .functions(site!(counted_by_all))
            .fentry(move |_: &Entry| count(entries))
            .fexit(move |_: &Exit| count(exits))
            .attach()
            .expect("it takes any probe")
    };
    let link = both();
    let all = &Barrier::new(usize::try_from(threads).expect("it is small") + 1);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let thread = std::thread::Builder::new().stack_size(64 * 1024);
            let thread = thread.spawn_scoped(scope, move || {
                assert_eq!(counted_by_all(1), 2);
                // All have a record now, and keep it.
                all.wait();
                all.wait();
                assert_eq!(counted_by_all(2), 3);
                all.wait();
                // While they go on, they are attached to and detached from.
                for a in 0..100 {
                    assert_eq!(counted_by_all(a), a + 1);
                }
            });
            thread.expect("the system has threads");
        }
        all.wait();
        assert_eq!((counted(entries), counted(exits)), (threads, threads));
        link.detach();
        all.wait();
        all.wait();
        assert_eq!((counted(entries), counted(exits)), (threads, threads), "nothing runs any more");
        for _ in 0..100 {
            both().detach();
        }
    });
    // What is detached during a call is skipped at its exit.
    assert!(counted(entries) >= counted(exits) && counted(exits) >= threads);
    println!("{threads} threads at once");
}

#[traceable]
fn never_returns(a: u64) -> u64 {
    a + 1
}

/// Ends the thread, and nothing of it: no destructor runs.
fn end_thread() {
    // SAFETY: takes a number. Nobody needs the stack any more.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
}

extern "C" fn calls_it(_: *mut c_void) -> *mut c_void {
    never_returns(1);
    unreachable!("the probe has ended the thread");
}

/// Runs a probe that ends its thread.
fn end_a_thread_in_the_probe() {
    let mut thread = 0;
    let (attributes, argument) = (core::ptr::null(), core::ptr::null_mut());
    // SAFETY: the function has the right type, and does not look at its argument.
    let status = unsafe { libc::pthread_create(&raw mut thread, attributes, calls_it, argument) };
    assert_eq!(status, 0);
    // SAFETY: it was just made, and nobody else joins it.
    assert_eq!(unsafe { libc::pthread_join(thread, core::ptr::null_mut()) }, 0);
}

#[test]
#[cfg_attr(target_arch = "aarch64", ignore = "an emulator's threads do not end like this")]
fn nobody_waits_for_a_thread_that_has_ended_by_the_bare_system_call_in_a_probe() {
    // Much longer than a wait for a thread that is there.
    const PATIENCE: Duration = Duration::from_secs(60);
    let _turn = turn();
    for sleepable in [false, true] {
        for kind in 0..3 {
            for deferred in [false, true] {
                let held = Arc::new(());
                let inside = Arc::clone(&held);
                let ends = move || {
                    let _ = &inside;
                    end_thread();
                };
                let link = site!(never_returns).link().sleepable(sleepable);
                let link = match kind {
                    0 => link.fentry(move |_: &Entry| ends()),
                    1 => link.fexit(move |_: &Exit| ends()),
                    _ => link.fmod_ret(move |_: &ModRet| -> ControlFlow<u64> {
                        ends();
                        ControlFlow::Continue(())
                    }),
                };
                let link = link.attach().expect("it takes any probe");
                end_a_thread_in_the_probe();
                let (done, is_done) = channel();
                std::thread::spawn(move || {
                    if deferred {
                        link.detach_deferred();
                        // The next transaction finds it.
                        drop(site!(counted_by_all).fentry(|_: &Entry| ()));
                    } else {
                        Link::detach(link);
                    }
                    done.send(())
                });
                assert!(is_done.recv_timeout(PATIENCE).is_ok(), "it waits for ever");
                assert_eq!(Arc::strong_count(&held), 1);
                assert_eq!(never_returns(1), 2);
            }
        }
    }
}
