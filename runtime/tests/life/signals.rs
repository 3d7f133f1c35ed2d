//! Signal handlers that call traced functions while traced functions run.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, site, traceable};

use crate::{count, counted, counter, cycles, turn};

#[traceable]
fn interrupted(a: u64, b: &str) -> u64 {
    a + b.len() as u64
}

#[traceable]
fn in_handler(a: u64) -> u64 {
    a + 1
}

static HANDLED: AtomicU64 = AtomicU64::new(0);
static WRONG: AtomicU64 = AtomicU64::new(0);

/// Calls a function of its own and the one it has interrupted.
extern "C" fn handler(_: libc::c_int) {
    let right = in_handler(1) == 2 && interrupted(1, "ab") == 3;
    WRONG.fetch_add(u64::from(!right), Ordering::SeqCst);
    HANDLED.fetch_add(1, Ordering::SeqCst);
}

/// Makes `handler` the handler of `signal`.
pub(crate) fn install(signal: libc::c_int, handler: libc::sighandler_t, flags: libc::c_int) {
    // SAFETY: all zeros is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    // SAFETY: the action is valid, and nobody asks for the old one.
    assert_eq!(unsafe { libc::sigaction(signal, &raw const action, core::ptr::null_mut()) }, 0);
}

/// Sends signals to a thread that calls, one as soon as the other was handled. The thread begins
/// with `begin`, which says how the handler is to be installed.
fn under_signals(signals: u64, begin: impl Fn() -> libc::c_int + Sync, body: impl Fn() + Sync) {
    HANDLED.store(0, Ordering::SeqCst);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (send, receive) = std::sync::mpsc::channel();
        let (stop, begin, body) = (&stop, &begin, &body);
        scope.spawn(move || {
            let flags = libc::SA_RESTART | begin();
            let handler = handler as extern "C" fn(libc::c_int) as libc::sighandler_t;
            install(libc::SIGUSR1, handler, flags);
            // SAFETY: no preconditions.
            send.send(unsafe { libc::pthread_self() }).expect("somebody waits for it");
            while !stop.load(Ordering::Relaxed) {
                body();
            }
        });
        let thread = receive.recv().expect("it says who it is");
        for sent in 1..=signals {
            // SAFETY: the thread runs until `stop`.
            assert_eq!(unsafe { libc::pthread_kill(thread, libc::SIGUSR1) }, 0);
            while counted(&HANDLED) < sent {
                std::thread::yield_now();
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(counted(&WRONG), 0);
}

#[test]
fn handlers_at_a_high_rate_find_every_probe_and_lose_no_hit() {
    let _turn = turn();
    let signals = cycles(1_000);
    for (lookup, sleepable) in
        [(Lookup::Inline, false), (Lookup::Hash, false), (Lookup::Inline, true)]
    {
        let (entries, exits, nested, calls) = (counter(), counter(), counter(), counter());
        let outer = gtramp::link()
            .functions(site!(interrupted))
            .lookup(lookup)
            .sleepable(sleepable)
            .fentry(move |_: &Entry| count(entries))
            .fexit(move |_: &Exit| count(exits))
            .attach()
            .expect("it takes any probe");
        let inner = gtramp::link()
            .functions(site!(in_handler))
            .lookup(lookup)
            .fentry(move |_: &Entry| count(nested))
            .attach()
            .expect("it takes any probe");
        under_signals(
            signals,
            || 0,
            || {
                count(calls);
                assert_eq!(interrupted(4, "abc"), 7);
            },
        );
        let all = counted(calls) + signals;
        let missed = outer.info().missed;
        assert_eq!((counted(entries) + missed, counted(exits) + missed), (all, all));
        assert_eq!(counted(nested) + inner.info().missed, signals);
        assert_eq!(inner.info().missed, 0, "another link's probe is no reason to miss one");
        println!(
            "{signals} signals during {} calls: {} hits missed, all counted",
            counted(calls),
            missed
        );
    }
}

#[test]
fn handlers_on_a_stack_of_their_own_find_every_probe() {
    let _turn = turn();
    let hits = counter();
    let link = site!(in_handler).fexit(move |_: &Exit| count(hits)).expect("it takes any probe");
    let on_own_stack = || {
        let stack = Box::leak(vec![0_u8; 64 * 1024].into_boxed_slice());
        let stack =
            libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: stack.len() };
        // SAFETY: the stack is leaked, and nobody asks for the old one.
        assert_eq!(unsafe { libc::sigaltstack(&raw const stack, core::ptr::null_mut()) }, 0);
        libc::SA_ONSTACK
    };
    under_signals(cycles(1_000), on_own_stack, || assert_eq!(interrupted(4, "abc"), 7));
    assert_eq!(counted(hits), cycles(1_000));
    drop(link);
}

/// Functions are patched while a signal handler calls them.
#[test]
fn handlers_call_functions_that_are_being_patched() {
    let _turn = turn();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let link = gtramp::link()
                    .functions([site!(interrupted), site!(interrupted)])
                    .fentry(|_: &Entry, a: &u64| assert!(*a > 0))
                    .fexit(|_: &Exit| ())
                    .attach()
                    .expect("it takes a number");
                let nested = site!(in_handler).fentry(|_: &Entry| ()).expect("it takes any probe");
                link.detach();
                nested.detach();
            }
        });
        under_signals(cycles(1_000), || 0, || assert_eq!(interrupted(4, "abc"), 7));
        stop.store(true, Ordering::Relaxed);
    });
}
