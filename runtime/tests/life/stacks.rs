//! Stacks of all sizes, and calls that change stacks and threads in their middle.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use corosensei::{Coroutine, CoroutineResult, Yielder};
use gtramp::{Entry, Exit, Link, Return, site, traceable};

use crate::{count, counted, counter, turn};

#[traceable]
fn shallow(a: u64) -> u64 {
    a + 1
}

#[traceable]
fn deep(left: u64, at_bottom: &dyn Fn()) -> u64 {
    if left == 0 {
        at_bottom();
        0
    } else {
        1 + deep(left - 1, at_bottom)
    }
}

fn both(hits: &'static AtomicU64, function: &'static gtramp::Function) -> Link {
    gtramp::link()
        .functions(function)
        .fentry(move |_: &Entry| count(hits))
        .fexit(move |_: &Exit| count(hits))
        .attach()
        .expect("it takes any probe")
}

#[test]
fn probes_run_on_the_smallest_stack_a_thread_can_have() {
    let _turn = turn();
    let hits = counter();
    let link = both(hits, site!(shallow).function().expect("it is traceable"));
    let thread = std::thread::Builder::new().stack_size(libc::PTHREAD_STACK_MIN);
    let thread = thread.spawn(|| shallow(1)).expect("a thread");
    assert_eq!(thread.join().expect("it has room"), 2);
    assert_eq!(counted(hits), 2);
    drop(link);
}

/// Deeper than one thread has pins; a call takes 4 kB of stack in a debug build.
const DEPTH: u64 = 300;

#[test]
fn recursion_deeper_than_the_pins_runs_every_exit_probe() {
    let _turn = turn();
    let (entries, exits) = (counter(), counter());
    let canary = Arc::new(());
    let inside = Arc::clone(&canary);
    let link = gtramp::link()
        .functions("life::stacks::deep")
        .fentry(move |_: &Entry| count(entries))
        .fexit(move |_: &Exit, ret: Return<u64>| {
            let _ = &inside;
            assert_eq!(ret.get(), Some(&counted(exits)));
            count(exits);
        })
        .attach()
        .expect("the types are the function's");
    let churn = || {
        // What is replaced now is held back by the calls above, whichever list it is.
        for _ in 0..20 {
            drop(gtramp::fexit("life::stacks::deep", |_: &Exit| ()).expect("any probe"));
        }
    };
    assert_eq!(deep(DEPTH, &churn), DEPTH);
    assert_eq!((counted(entries), counted(exits)), (DEPTH + 1, DEPTH + 1));
    assert!(link.info().panic.is_none(), "{}", link.info());
    link.detach();
    assert_eq!(Arc::strong_count(&canary), 1);
    assert_eq!(deep(DEPTH, &|| ()), DEPTH);
    assert_eq!(counted(exits), DEPTH + 1);
}

#[test]
fn a_link_detached_at_the_bottom_of_a_recursion_is_gone_before_its_calls_return() {
    let _turn = turn();
    let exits = counter();
    let canary = Arc::new(());
    let inside = Arc::clone(&canary);
    let link = gtramp::fexit("life::stacks::deep", move |_: &Exit| {
        let _ = &inside;
        count(exits);
    });
    let link = Cell::new(Some(link.expect("it takes any probe")));
    let depth = deep(DEPTH, &|| {
        link.take().expect("the bottom is reached once").detach();
        assert_eq!(Arc::strong_count(&canary), 1, "what the probe held is dropped");
    });
    assert_eq!((depth, counted(exits)), (DEPTH, 0));
}

#[traceable]
fn suspends(yielder: &Yielder<u64, u64>, a: u64) -> u64 {
    let b = yielder.suspend(a);
    assert_ne!(b, 13, "unlucky");
    a + b
}

/// Coroutines in the middle of a traced call.
fn suspended(a: u64) -> Coroutine<u64, u64, u64> {
    let mut coroutine = Coroutine::new(move |yielder: &Yielder<u64, u64>, _| suspends(yielder, a));
    assert!(matches!(coroutine.resume(0), CoroutineResult::Yield(got) if got == a));
    coroutine
}

#[track_caller]
fn finish(mut coroutine: Coroutine<u64, u64, u64>, with: u64) -> u64 {
    match coroutine.resume(with) {
        CoroutineResult::Return(result) => result,
        CoroutineResult::Yield(_) => panic!("it suspends once"),
    }
}

#[test]
fn calls_in_coroutines_end_in_any_order() {
    let _turn = turn();
    let hits = counter();
    let link = both(hits, site_of_suspends());
    let coroutines: Vec<_> = (0..200).map(suspended).collect();
    assert_eq!(counted(hits), 200);
    let (even, odd): (Vec<_>, Vec<_>) =
        coroutines.into_iter().zip(0_u64..).partition(|(_, index)| index % 2 == 0);
    for (coroutine, index) in odd.into_iter().chain(even.into_iter().rev()) {
        assert_eq!(finish(coroutine, 1000), index + 1000);
    }
    assert_eq!(counted(hits), 400);
    drop(link);
}

fn site_of_suspends() -> &'static gtramp::Function {
    let all = gtramp::functions();
    all.iter().find(|function| function.name() == "suspends").expect("it is traceable")
}

/// A coroutine that goes to another thread.
struct Moved(Coroutine<u64, u64, u64>);

// SAFETY: what it holds across its suspension is not bound to the thread: a number, a reference
// to its own stack, and a call in progress, which is what this is about.
unsafe impl Send for Moved {}

impl Moved {
    fn finish(self, with: u64) -> u64 {
        finish(self.0, with)
    }
}

#[test]
fn a_call_ends_on_another_thread_than_it_began_on() {
    let _turn = turn();
    let hits = counter();
    let link = both(hits, site_of_suspends());
    for round in 0..50 {
        // The thread on which the calls began is gone, or still there and calling.
        let (send, receive) = std::sync::mpsc::channel();
        let first = std::thread::spawn(move || {
            for a in 0..4 {
                send.send(Moved(suspended(a))).expect("somebody receives");
            }
            if round % 2 == 0 {
                (0..100).for_each(|a| assert_eq!(shallow(a), a + 1));
            }
        });
        let moved: Vec<Moved> = receive.iter().collect();
        if round % 2 == 1 {
            first.join().expect("it runs");
        }
        let other = std::thread::spawn(|| {
            let own = suspended(7);
            let results: Vec<u64> = moved.into_iter().map(|moved| moved.finish(10)).collect();
            (results, finish(own, 1))
        });
        assert_eq!(other.join().expect("it runs"), (vec![10, 11, 12, 13], 8));
    }
    assert_eq!(counted(hits), 50 * 5 * 2);
    assert!(link.info().panic.is_none() && link.info().missed == 0, "{}", link.info());
    drop(link);
}

#[test]
fn a_link_is_detached_while_its_calls_are_between_threads() {
    let _turn = turn();
    let (hits, exits) = (counter(), counter());
    let link = both(hits, site_of_suspends());
    let kept = gtramp::fexit("life::stacks::suspends", move |_: &Exit| count(exits));
    let kept = kept.expect("it takes any probe");
    let moved = std::thread::spawn(|| Moved(suspended(3))).join().expect("it runs");
    link.detach();
    let before = counted(hits);
    // Other lists come and go, and reuse what memory there is.
    for _ in 0..100 {
        drop(both(counter(), site_of_suspends()));
    }
    let result = std::thread::spawn(|| moved.finish(4)).join().expect("it runs");
    assert_eq!((result, counted(hits), counted(exits)), (7, before, 1));
    assert_eq!(kept.info().missed, 0);
}

#[test]
fn a_panic_in_a_call_that_has_changed_threads_runs_its_exit_probes() {
    let _turn = turn();
    let unwound = counter();
    let link = gtramp::fexit("life::stacks::suspends", move |ctx: &Exit| {
        if ctx.unwound() {
            count(unwound);
        }
    });
    let link = link.expect("it takes any probe");
    let moved = std::thread::spawn(|| Moved(suspended(3))).join().expect("it runs");
    assert!(std::thread::spawn(|| moved.finish(13)).join().is_err());
    assert_eq!(counted(unwound), 1);
    drop(link);
}
