//! The system calls of a detach that order it against other threads: a filter shows each of them to a
//! handler, which looks around and answers in the place of the kernel.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gtramp::{Entry, site, traceable};

use crate::seccomp::{NUMBER, answer, argument, install, jump, load, number};
use crate::support::in_a_child;

/// `MEMBARRIER_CMD_PRIVATE_EXPEDITED` and `.._SYNC_CORE`.
const BARRIER: u32 = 1 << 3;
const SYNC_CORE: u32 = 1 << 5;

#[traceable]
fn target(a: u64) -> u64 {
    a
}

static SWITCH: AtomicUsize = AtomicUsize::new(0);
static ARMED: AtomicU32 = AtomicU32::new(0);
static IN_PROBE: AtomicBool = AtomicBool::new(false);
static GO_ON: AtomicBool = AtomicBool::new(false);
static BARRIERS: AtomicU64 = AtomicU64::new(0);
static SYNC_CORES: AtomicU64 = AtomicU64::new(0);
/// What the first barrier found: the entry still armed, the probe no longer running.
static TOO_EARLY: AtomicBool = AtomicBool::new(false);
static TOO_LATE: AtomicBool = AtomicBool::new(false);

fn switch() -> u32 {
    let switch = std::ptr::with_exposed_provenance::<[u8; 4]>(SWITCH.load(Ordering::SeqCst));
    // SAFETY: a switch is not shorter, and can be read.
    u32::from_ne_bytes(unsafe { switch.read_volatile() })
}

extern "C" fn on_call(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the kernel hands the handler the context it interrupted.
    let registers = unsafe { &mut (*context).uc_mcontext.gregs };
    if registers[libc::REG_RDI as usize] == i64::from(BARRIER) {
        if BARRIERS.fetch_add(1, Ordering::SeqCst) == 0 {
            TOO_EARLY.store(switch() == ARMED.load(Ordering::SeqCst), Ordering::SeqCst);
            TOO_LATE.store(!IN_PROBE.load(Ordering::SeqCst), Ordering::SeqCst);
            GO_ON.store(true, Ordering::SeqCst);
        }
    } else {
        SYNC_CORES.fetch_add(1, Ordering::SeqCst);
    }
    registers[libc::REG_RAX as usize] = 0;
}

#[test]
fn a_detach_makes_the_system_calls_for_its_barriers_when_it_must() {
    in_a_child("barriers::the_calls_are_seen", &[]);
}

#[test]
#[ignore = "answers system calls of its thread: run in a process of its own"]
fn the_calls_are_seen() {
    let function = site!(target).function().expect("it is traceable");
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let link = site!(target)
        .fentry(move |_: &Entry| {
            let _ = &inside;
            IN_PROBE.store(true, Ordering::SeqCst);
            // So that a barrier that does not come fails the test instead of hanging it.
            let began = Instant::now();
            while !GO_ON.load(Ordering::SeqCst) && began.elapsed() < Duration::from_secs(10) {
                std::thread::yield_now();
            }
            IN_PROBE.store(false, Ordering::SeqCst);
        })
        .unwrap();
    SWITCH.store(function.switches().next().expect("it has one"), Ordering::SeqCst);
    ARMED.store(switch(), Ordering::SeqCst);

    // SAFETY: all zeros is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = on_call as extern "C" fn(_, _, _) as libc::sighandler_t;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: the action is valid, and nobody asks for the old one.
    let status = unsafe { libc::sigaction(libc::SIGSYS, &raw const action, core::ptr::null_mut()) };
    assert_eq!(status, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(target(1), 1));
        while !IN_PROBE.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        // Of this thread alone: it detaches.
        install(&mut [
            load(NUMBER),
            jump(libc::BPF_JEQ, number(libc::SYS_membarrier), 0, 3),
            load(argument(0)),
            jump(libc::BPF_JEQ, BARRIER, 2, 0),
            jump(libc::BPF_JEQ, SYNC_CORE, 1, 0),
            answer(libc::SECCOMP_RET_ALLOW),
            answer(libc::SECCOMP_RET_TRAP),
        ]);
        link.detach();
    });
    assert!(BARRIERS.load(Ordering::SeqCst) > 0, "no barrier");
    assert!(!TOO_LATE.load(Ordering::SeqCst), "the barrier came after the wait");
    assert_eq!(Arc::strong_count(&held), 1);
    if !cfg!(gtramp_slot) {
        assert!(!TOO_EARLY.load(Ordering::SeqCst), "the barrier came before the switch was off");
        assert!(SYNC_CORES.load(Ordering::SeqCst) > 0, "cores may go on with what they fetched");
    }
}
