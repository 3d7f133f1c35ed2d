//! The list of a function is replaced before a single instruction of a call of it, for every instruction.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, Link, site, traceable};

use crate::signals::install;
use crate::stepping::set_trap_flag;
use crate::turn;

#[traceable]
fn swapped(a: u64) -> u64 {
    a + 1
}

/// How many links there can be.
const LINKS: usize = 1 << 16;

static ASKED: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicU64 = AtomicU64::new(0);
static GONE: [AtomicBool; LINKS] = [const { AtomicBool::new(false) }; LINKS];
static RAN: AtomicU64 = AtomicU64::new(0);
static LATE: AtomicU64 = AtomicU64::new(0);

/// Held by the probes of one link.
struct Held(usize);

impl Drop for Held {
    fn drop(&mut self) {
        GONE[self.0].store(true, Ordering::SeqCst);
    }
}

fn run(cookie: u64) {
    RAN.fetch_add(1, Ordering::SeqCst);
    let gone = usize::try_from(cookie).ok().and_then(|link| GONE.get(link));
    if gone.is_none_or(|gone| gone.load(Ordering::SeqCst)) {
        LATE.fetch_add(1, Ordering::SeqCst);
    }
}

/// How many steps of a call there were, and before which the list is replaced.
static STEP: AtomicU64 = AtomicU64::new(0);
static CHOSEN: AtomicU64 = AtomicU64::new(0);

/// Waits until another thread has replaced the list, if it is this step's turn.
extern "C" fn on_step(_: libc::c_int) {
    if STEP.fetch_add(1, Ordering::SeqCst) != CHOSEN.load(Ordering::SeqCst) {
        return;
    }
    let asked = ASKED.fetch_add(1, Ordering::SeqCst) + 1;
    while DONE.load(Ordering::SeqCst) < asked {
        // SAFETY: has no preconditions.
        unsafe { libc::sched_yield() };
    }
}

fn attach(number: usize, exit: bool, lookup: Lookup) -> Link {
    let held = Held(number);
    let link = gtramp::link().functions(site!(swapped)).lookup(lookup).cookie(number as u64);
    let link = if exit {
        link.fexit(move |ctx: &Exit| {
            let _ = &held;
            run(ctx.cookie());
        })
    } else {
        link.fentry(move |ctx: &Entry| {
            let _ = &held;
            run(ctx.cookie());
        })
    };
    link.attach().expect("it takes any probe")
}

#[test]
#[cfg_attr(debug_assertions, ignore = "minutes of instructions without optimisation")]
fn a_list_that_is_replaced_before_any_instruction_of_a_call_is_never_run_when_it_is_gone() {
    let _turn = turn();
    let handler = on_step as extern "C" fn(libc::c_int) as libc::sighandler_t;
    install(libc::SIGTRAP, handler, 0);
    let mut number = 0;
    for exit in [false, true] {
        // A link of its own, or another that stays beside it.
        for (lookup, beside) in [
            (Lookup::Inline, false),
            (Lookup::Hash, false),
            (Lookup::Inline, true),
            (Lookup::Hash, true),
        ] {
            let over = AtomicBool::new(false);
            let other =
                gtramp::link().functions(site!(swapped)).lookup(lookup).fentry(|_: &Entry| ());
            let other = beside.then(|| other.attach().expect("it takes any probe"));
            let mut link = attach(number, exit, lookup);
            let mut taken = Vec::new();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    assert_eq!(swapped(1), 2);
                    for chosen in 0.. {
                        CHOSEN.store(chosen, Ordering::SeqCst);
                        STEP.store(0, Ordering::SeqCst);
                        set_trap_flag(true);
                        let result = swapped(chosen);
                        set_trap_flag(false);
                        assert_eq!(result, chosen + 1);
                        if STEP.load(Ordering::SeqCst) <= chosen {
                            break;
                        }
                    }
                    over.store(true, Ordering::SeqCst);
                });
                while !over.load(Ordering::SeqCst) {
                    if DONE.load(Ordering::SeqCst) == ASKED.load(Ordering::SeqCst) {
                        std::thread::yield_now();
                        continue;
                    }
                    number += 1;
                    let next = attach(number, exit, lookup);
                    // The list that was replaced may have been freed. No later one is to be in its place,
                    // where a call that still ran it would find what is right.
                    taken.extend((1..40).map(|cells| Vec::<u8>::with_capacity(cells * 16)));
                    // It does not wait for the call, which waits here.
                    std::mem::replace(&mut link, next).detach_deferred();
                    DONE.fetch_add(1, Ordering::SeqCst);
                }
            });
            link.detach();
            drop(other);
            number += 1;
        }
    }
    assert_eq!(LATE.load(Ordering::SeqCst), 0, "a probe ran when its link was gone");
    let (ran, replaced) = (RAN.load(Ordering::SeqCst), DONE.load(Ordering::SeqCst));
    assert!(ran > 0 && replaced > 200, "{ran} runs, {replaced} lists");
    println!("{replaced} lists were replaced, each during a call; {ran} probes ran");
}
