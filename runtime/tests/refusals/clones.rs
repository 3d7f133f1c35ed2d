//! Children that a process makes by the bare system call, so that no handler for forks runs: while another
//! thread is in a probe, and while one is in the midst of an attach.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use gtramp::{Entry, Error, Exit, site, traceable};

use crate::seccomp::{NUMBER, answer, install, jump, load, number};
use crate::support::in_a_child;

#[traceable]
fn target(a: u64) -> u64 {
    a
}

#[traceable]
fn other(a: u64) -> u64 {
    a + 1
}

/// Runs `child` in a copy of the process that has this thread alone: whether it answered yes. One that hangs
/// is killed.
fn in_clone(child: impl FnOnce() -> bool) -> bool {
    const PATIENCE: u32 = 20;
    // SAFETY: without an address for its stack the child has a copy of this one, as of everything else.
    let pid = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    assert!(pid >= 0, "clone");
    if pid == 0 {
        // SAFETY: no precondition. Its default action ends a child that hangs.
        unsafe { libc::alarm(PATIENCE) };
        let answer = catch_unwind(AssertUnwindSafe(child));
        // SAFETY: ends the child here.
        unsafe { libc::_exit(i32::from(!matches!(answer, Ok(true)))) };
    }
    let pid = libc::pid_t::try_from(pid).unwrap();
    let mut status = 0;
    // SAFETY: `status` is valid for writes.
    let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(waited, pid);
    status == 0
}

fn await_flag(flag: &AtomicBool) {
    while !flag.load(Ordering::SeqCst) {
        thread::yield_now();
    }
}

/// What a child has to be able to do.
fn attaches_and_detaches() -> bool {
    let runs = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&runs);
    let link = site!(other).fexit(move |_: &Exit| {
        seen.fetch_add(1, Ordering::SeqCst);
    });
    let link = link.unwrap();
    let once = other(1) == 2 && runs.load(Ordering::SeqCst) == 1;
    link.disable();
    link.enable().unwrap();
    let twice = other(1) == 2 && runs.load(Ordering::SeqCst) == 2;
    link.detach();
    once && twice && other(1) == 2 && Arc::strong_count(&runs) == 1
}

#[test]
fn a_child_of_a_bare_clone_does_not_wait_for_a_thread_it_does_not_have() {
    in_a_child("clones::while_a_thread_is_in_a_probe", &[]);
}

#[test]
#[ignore = "its children have the locks of its threads: run in a process of its own"]
fn while_a_thread_is_in_a_probe() {
    assert_eq!(other(1), 2);
    for sleepable in [false, true] {
        let captured = Arc::new(());
        let inside = Arc::clone(&captured);
        // No channel: a child would have its locks as well.
        let (arrived, go) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (arrives, may_go) = (Arc::clone(&arrived), Arc::clone(&go));
        let link = site!(target).link().sleepable(sleepable).fentry(move |_: &Entry, a: &u64| {
            let _ = &inside;
            if *a == 1 {
                arrives.store(true, Ordering::SeqCst);
                await_flag(&may_go);
            }
        });
        let mut link = Some(link.attach().unwrap());
        thread::scope(|scope| {
            let call = scope.spawn(|| target(1));
            await_flag(&arrived);
            // One that attaches first, and one that detaches first; and a child of such a child.
            let all_well = [true, false].map(|attaches| {
                in_clone(|| {
                    let well = (!attaches || attaches_and_detaches()) && target(2) == 2;
                    link.take().unwrap().detach();
                    well && Arc::strong_count(&captured) == 1
                        && target(3) == 3
                        && attaches_and_detaches()
                        && in_clone(attaches_and_detaches)
                })
            });
            let held = Arc::strong_count(&captured);
            go.store(true, Ordering::SeqCst);
            assert_eq!((all_well, held), ([true; 2], 2), "a child hung or went wrong");
            assert_eq!(call.join().unwrap(), 1);
        });
        drop(link);
        assert_eq!(Arc::strong_count(&captured), 1);
    }
}

static ATTACHING: AtomicBool = AtomicBool::new(false);
static GO_ON: AtomicBool = AtomicBool::new(false);

/// Keeps a thread that would change the protection of a page, and then refuses it.
extern "C" fn on_call(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    ATTACHING.store(true, Ordering::SeqCst);
    await_flag(&GO_ON);
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the kernel hands the handler the context it interrupted.
    let registers = unsafe { &mut (*context).uc_mcontext.gregs };
    registers[libc::REG_RAX as usize] = -i64::from(libc::EACCES);
}

#[test]
#[cfg_attr(gtramp_slot, ignore = "attaching changes no protection there")]
fn a_child_of_a_bare_clone_changes_nothing_if_a_thread_it_does_not_have_was_changing_it() {
    in_a_child("clones::while_a_thread_is_attaching", &[]);
}

#[test]
#[ignore = "its children have the locks of its threads: run in a process of its own"]
fn while_a_thread_is_attaching() {
    assert_eq!(other(1), 2);
    let runs = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&runs);
    let link = site!(target).fentry(move |_: &Entry| {
        seen.fetch_add(1, Ordering::SeqCst);
    });
    let mut link = Some(link.unwrap());
    // SAFETY: all zeros is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = on_call as extern "C" fn(_, _, _) as libc::sighandler_t;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: the action is valid, and nobody asks for the old one.
    let status = unsafe { libc::sigaction(libc::SIGSYS, &raw const action, core::ptr::null_mut()) };
    assert_eq!(status, 0);
    thread::scope(|scope| {
        let attaching = scope.spawn(|| {
            install(&mut [
                load(NUMBER),
                jump(libc::BPF_JEQ, number(libc::SYS_mprotect), 0, 1),
                answer(libc::SECCOMP_RET_TRAP),
                answer(libc::SECCOMP_RET_ALLOW),
            ]);
            // It finds another way.
            site!(other).fentry(|_: &Entry| ()).map(drop)
        });
        await_flag(&ATTACHING);
        let well = in_clone(|| {
            let link = link.take().unwrap();
            let refused = site!(other).fentry(|_: &Entry| ()).map(drop);
            let refused = matches!(&refused, Err(error @ Error::Unsupported { .. })
                if error.to_string().contains("bare `clone`"));
            link.disable();
            let stays = link.is_enabled() && link.info().functions.len() == 1;
            let enabled = link.enable().is_err();
            // It goes on as it was, and keeps what it has captured.
            link.detach();
            let runs_on = target(1) == 1 && runs.load(Ordering::SeqCst) == 1;
            let held = Arc::strong_count(&runs) == 2;
            refused && stays && enabled && runs_on && held && other(1) == 2
        });
        GO_ON.store(true, Ordering::SeqCst);
        assert!(well, "the child hung or went wrong");
        attaching.join().unwrap().unwrap();
    });
    drop(link);
    assert_eq!((target(1), Arc::strong_count(&runs)), (1, 1));
    assert!(attaches_and_detaches());
}
