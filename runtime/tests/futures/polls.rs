//! Probes around each poll.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use gtramp::{
    Entry, Error, Exit, Kind, Link, ModRet, PollStep, Polling, Probes, Scope, site, traceable,
};

use crate::steps::{Boxed, Pending, in_turn, poll, run};
use crate::support::Log;

#[traceable]
async fn add(a: u64, b: u64, polls: u32) -> u64 {
    Pending(polls).await;
    a + b
}

#[traceable]
async fn outer(polls: u32) -> u64 {
    add(1, 2, polls).await
}

#[traceable]
async fn failing(polls: u32) {
    Pending(polls).await;
    panic!("on purpose")
}

/// Detaches what is in there while it is polled.
#[traceable]
async fn detaching(link: &Mutex<Option<Link>>) {
    drop(link.lock().unwrap().take());
}

#[traceable]
fn plain(a: u64) -> u64 {
    a
}

/// What a probe sees, in words.
fn words(ctx: &Polling) -> String {
    let number = ctx.number().map_or("?".to_owned(), |number| number.to_string());
    format!("{} {number} {:?}", ctx.function().name(), ctx.step())
}

fn logs(log: &Log) -> impl Fn(&Polling) + Send + Sync + 'static {
    let log = log.clone();
    move |ctx: &Polling| log.push(words(ctx))
}

#[test]
fn a_poll_probe_runs_before_and_after_each_poll_between_entry_and_exit() {
    let _turn = in_turn();
    for _ in 0..2 {
        let log = Log::new();
        let (entry, exit) = (log.clone(), log.clone());
        let link = site!(add)
            .link()
            .fexit(move |_: &Exit| exit.push("exit"))
            .poll(logs(&log))
            .fentry(move |_: &Entry| entry.push("entry"))
            .attach()
            .unwrap();
        assert_eq!(link.info().kinds, [Kind::Fexit, Kind::Poll, Kind::Fentry]);
        assert_eq!(run(add(1, 2, 1)), 3);
        assert_eq!(
            log.take(),
            ["entry", "add 1 Begins", "add 1 Pending", "add 2 Begins", "add 2 Ready", "exit"]
        );
        drop(link);
        assert_eq!(run(add(1, 2, 1)), 3);
        assert!(log.take().is_empty());
        assert_eq!(log.holders(), 0);
    }
}

#[test]
fn a_poll_says_how_long_it_took_and_of_which_life_it_is() {
    let _turn = in_turn();
    #[derive(Default)]
    struct Sums {
        took: AtomicU64,
        life: AtomicU64,
    }
    static SUMS: Sums = Sums { took: AtomicU64::new(0), life: AtomicU64::new(0) };
    let link = site!(add)
        .link()
        .poll(|ctx: &Polling| {
            let life = ctx.life().expect("it has begun under the link");
            let ended = if ctx.step().has_ended() {
                ctx.number().unwrap()
            } else {
                ctx.number().unwrap() - 1
            };
            assert_eq!(life.polls(), ended);
            assert!(ctx.step().has_ended() || ctx.took() == Duration::ZERO);
            SUMS.took.fetch_add(u64::try_from(ctx.took().as_nanos()).unwrap(), SeqCst);
            SUMS.life.store(life.id(), SeqCst);
        })
        .fexit(|ctx: &Exit| {
            let life = ctx.life().unwrap();
            assert_eq!(life.id(), SUMS.life.load(SeqCst));
            assert_eq!(life.busy().as_nanos(), SUMS.took.load(SeqCst).into());
        })
        .attach()
        .unwrap();
    assert_eq!(run(add(1, 2, 5)), 3);
    assert_eq!(link.info().panic, None);
    assert_ne!(SUMS.life.load(SeqCst), 0);
}

#[test]
fn of_a_life_that_began_before_the_attach_the_polls_are_seen_and_not_the_life() {
    let _turn = in_turn();
    let log = Log::new();
    let mut future = Box::pin(add(1, 2, 3));
    assert!(poll(&mut future).is_pending());
    let exit = log.clone();
    let seen = log.clone();
    let link = site!(add)
        .link()
        .poll(move |ctx: &Polling| {
            let life = ctx.life().map(gtramp::LifeInfo::id);
            seen.push(format!("{} {life:?} {}", words(ctx), ctx.call()));
        })
        .fexit(move |_: &Exit| exit.push("exit"))
        .attach()
        .unwrap();
    assert!(poll(&mut future).is_pending());
    let text = |step| format!("add ? {step} None add(a=_, b=_, polls=_)");
    assert_eq!(log.take(), [text("Begins"), text("Pending")]);
    drop(link);
    assert!(poll(&mut future).is_pending());
    assert!(log.take().is_empty());
    let link = site!(add).poll(logs(&log)).unwrap();
    assert_eq!(poll(&mut future), Poll::Ready(3));
    assert_eq!(log.take(), ["add ? Begins", "add ? Ready"]);
    drop(link);
}

#[test]
fn a_link_that_comes_during_a_life_which_another_sees_sees_the_life_as_well() {
    let _turn = in_turn();
    let log = Log::new();
    let other = site!(add).fentry(|_: &Entry| ()).unwrap();
    let mut future = Box::pin(add(1, 2, 3));
    assert!(poll(&mut future).is_pending());
    let link = site!(add).poll(logs(&log)).unwrap();
    assert!(poll(&mut future).is_pending());
    assert_eq!(log.take(), ["add 2 Begins", "add 2 Pending"]);
    // The life stays, though its link is gone.
    drop(other);
    assert!(poll(&mut future).is_pending());
    assert_eq!(log.take(), ["add 3 Begins", "add 3 Pending"]);
    drop(link);
    assert!(poll(&mut future).is_ready());
    assert!(log.take().is_empty());
}

#[test]
fn a_poll_through_which_a_panic_passes_has_unwound() {
    let _turn = in_turn();
    let log = Log::new();
    // Of a life that began before, and of one that is seen whole.
    let mut before: Boxed<()> = Box::pin(failing(1));
    assert!(poll(&mut before).is_pending());
    let exit = log.clone();
    let _link = site!(failing)
        .link()
        .poll(logs(&log))
        .fexit(move |ctx: &Exit| exit.push(format!("exit {}", ctx.unwound())))
        .attach()
        .unwrap();
    let panics = |future: &mut Boxed<()>| catch_unwind(AssertUnwindSafe(|| poll(future))).is_err();
    assert!(panics(&mut before));
    assert_eq!(log.take(), ["failing ? Begins", "failing ? Unwound"]);
    assert!(panics(&mut (Box::pin(failing(0)) as Boxed<()>)));
    assert_eq!(log.take(), ["failing 1 Begins", "failing 1 Unwound", "exit true"]);
    // Nothing is left of it on this thread.
    assert_eq!(run(add(1, 1, 0)), 2);
    assert!(panics(&mut (Box::pin(failing(0)) as Boxed<()>)));
    assert_eq!(log.take(), ["failing 1 Begins", "failing 1 Unwound", "exit true"]);
}

#[test]
fn polls_nest_as_futures_do_and_probes_around_one_poll_as_calls_do() {
    let _turn = in_turn();
    let log = Log::new();
    let (one, two) = (log.clone(), log.clone());
    let first = gtramp::poll(["futures::polls::{add,outer}"], move |ctx: &Polling| {
        one.push(format!("first {}", words(ctx)));
    })
    .unwrap();
    let second = site!(add)
        .link()
        .order(-1)
        .poll(move |ctx: &Polling| two.push(format!("second {}", words(ctx))))
        .attach()
        .unwrap();
    assert_eq!(run(outer(0)), 3);
    assert_eq!(
        log.take(),
        [
            "first outer 1 Begins",
            "second add 1 Begins",
            "first add 1 Begins",
            "first add 1 Ready",
            "second add 1 Ready",
            "first outer 1 Ready"
        ]
    );
    drop((first, second));
}

#[test]
fn functions_that_are_not_async_refuse_it_and_patterns_leave_them_out() {
    let _turn = in_turn();
    let nothing = |_: &Polling| ();
    assert_eq!(plain(1), 1);
    let error = site!(plain).poll(nothing).unwrap_err();
    assert!(matches!(error, Error::NotAsync { .. }), "{error}");
    assert!(error.to_string().starts_with("`futures::polls::plain` is not async"), "{error}");
    let error = site!(plain).link().fentry(|_: &Entry| ()).poll(nothing).attach().unwrap_err();
    assert!(matches!(error, Error::NotAsync { .. }), "{error}");
    let link = gtramp::poll(["futures::polls::*"], nothing).unwrap();
    let info = link.info();
    let names: Vec<_> = info.functions.iter().map(|linked| linked.function.name()).collect();
    assert_eq!(names, ["add", "detaching", "failing", "outer"]);
    assert!(info.refused.is_empty());
}

#[gtramp::poll("crate::polls::add")]
fn counting(ctx: &Polling) {
    COUNTED.fetch_add(ctx.cookie(), SeqCst);
}

static COUNTED: AtomicU64 = AtomicU64::new(0);

#[test]
fn a_function_with_the_attribute_is_a_probe() {
    let _turn = in_turn();
    let link = counting::link().cookie(10).attach().unwrap();
    run(add(1, 2, 1));
    assert_eq!(COUNTED.swap(0, SeqCst), 4 * 10);
    drop(link);
    let link = gtramp::link().functions(site!(add)).poll(counting).cookie(1).attach().unwrap();
    run(add(1, 2, 0));
    assert_eq!(COUNTED.swap(0, SeqCst), 2);
    link.update(Probes::new().poll(|_: &Polling| ())).unwrap();
    run(add(1, 2, 0));
    assert_eq!(COUNTED.load(SeqCst), 0);
    let error = link.update(Probes::new().fentry(|_: &Entry| ())).unwrap_err();
    assert!(matches!(error, Error::OtherKinds { .. }), "{error}");
    assert_eq!(counting::attach().unwrap().info().kinds, [Kind::Poll]);
}

#[test]
fn a_link_that_is_detached_while_a_poll_is_under_way_does_not_see_its_end() {
    let _turn = in_turn();
    let log = Log::new();
    let kept = Mutex::new(None);
    *kept.lock().unwrap() = Some(site!(detaching).poll(logs(&log)).unwrap());
    run(detaching(&kept));
    assert_eq!(log.take(), ["detaching 1 Begins"]);
    assert_eq!(log.holders(), 0);
}

#[test]
fn a_link_that_is_disabled_sees_no_polls_and_sees_them_again() {
    let _turn = in_turn();
    let log = Log::new();
    let link = site!(add).poll(logs(&log)).unwrap();
    let mut future = Box::pin(add(1, 2, 2));
    assert!(poll(&mut future).is_pending());
    link.disable();
    assert!(poll(&mut future).is_pending());
    link.enable().unwrap();
    assert!(poll(&mut future).is_ready());
    assert_eq!(log.take(), ["add 1 Begins", "add 1 Pending", "add 3 Begins", "add 3 Ready"]);
}

#[test]
fn a_poll_inside_a_probe_of_the_same_link_is_missed_once() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let link = gtramp::link()
        .functions(site!(add))
        .poll(move |ctx: &Polling| {
            seen.push(words(ctx));
            if ctx.step() == PollStep::Begins && ctx.number() == Some(1) {
                assert_eq!(run(add(7, 7, 1)), 14);
            }
        })
        .attach()
        .unwrap();
    assert_eq!(run(add(1, 2, 0)), 3);
    assert_eq!(log.take(), ["add 1 Begins", "add 1 Ready"]);
    assert_eq!(link.info().missed, 2, "two polls");
    assert_eq!(link.info().panic, None);
}

#[traceable]
fn nested<const AT: usize>() {}

/// As many as a thread has marks.
const NESTED: [fn(); 14] = [
    nested::<0>,
    nested::<1>,
    nested::<2>,
    nested::<3>,
    nested::<4>,
    nested::<5>,
    nested::<6>,
    nested::<7>,
    nested::<8>,
    nested::<9>,
    nested::<10>,
    nested::<11>,
    nested::<12>,
    nested::<13>,
];

#[test]
fn of_a_thread_without_a_free_mark_lives_and_polls_are_missed_once_each() {
    let _turn = in_turn();
    let ran = Log::new();
    let links = (0..NESTED.len()).map(|at| {
        let is_this = move |function: &gtramp::Function| {
            function.instance().ends_with(&format!("nested<{at}>"))
        };
        let log = ran.clone();
        let probe = move |_: &Entry| match NESTED.get(at + 1) {
            Some(next) => next(),
            None => log.push(format!("{:?}", poll(&mut Box::pin(add(1, 2, 0))))),
        };
        gtramp::fentry(gtramp::Selector::matching(is_this), probe).unwrap()
    });
    let links: Vec<_> = links.collect();
    let entry = site!(add).fentry(|_: &Entry| ()).unwrap();
    let polls = site!(add).poll(|_: &Polling| ()).unwrap();
    let both = site!(add).link().fentry(|_: &Entry| ()).poll(|_: &Polling| ()).attach().unwrap();
    NESTED[0]();
    assert_eq!(ran.take(), ["Ready(3)"]);
    let missed = [&entry, &polls, &both].map(|link| link.info().missed);
    assert_eq!(missed, [1, 1, 2]);
    drop(links);
    assert_eq!(run(add(1, 2, 0)), 3);
    let missed = [&entry, &polls, &both].map(|link| link.info().missed);
    assert_eq!(missed, [1, 1, 2]);
}

#[test]
fn a_probe_that_panics_is_switched_off_and_the_future_goes_on() {
    let _turn = in_turn();
    for at in [PollStep::Begins, PollStep::Pending] {
        let link =
            site!(add).poll(move |ctx: &Polling| assert_ne!(ctx.step(), at, "on purpose")).unwrap();
        assert_eq!(run(add(1, 2, 1)), 3);
        assert!(link.info().panic.is_some_and(|text| text.contains("on purpose")));
    }
}

#[test]
fn a_future_whose_result_is_decided_and_one_that_is_dropped_have_no_polls() {
    let _turn = in_turn();
    let log = Log::new();
    let _link = site!(add).poll(logs(&log)).unwrap();
    drop(add(1, 2, 3));
    let mut dropped = Box::pin(add(1, 2, 3));
    assert!(poll(&mut dropped).is_pending());
    assert_eq!(log.take(), ["add 1 Begins", "add 1 Pending"]);
    drop(dropped);
    let _decides = site!(add).fmod_ret_async(|_: &ModRet| ControlFlow::Break(9_u64)).unwrap();
    assert_eq!(run(add(1, 2, 3)), 9);
    assert!(log.take().is_empty());
}

#[test]
fn a_limit_is_that_of_the_poll() {
    let _turn = in_turn();
    let log = Log::new();
    let scope = Scope::new();
    let link = site!(add).link().within(&scope).poll(logs(&log)).attach().unwrap();
    let mut future = Box::pin(add(1, 2, 3));
    assert!(poll(&mut future).is_pending());
    assert!(log.take().is_empty());
    scope.wrap(|| assert!(poll(&mut future).is_pending()))();
    assert_eq!(log.take(), ["add 2 Begins", "add 2 Pending"]);
    drop(link);
    let _here = site!(add).link().on_this_thread().poll(logs(&log)).attach().unwrap();
    let mut future = thread::spawn(move || {
        assert!(poll(&mut future).is_pending());
        future
    })
    .join()
    .unwrap();
    assert!(log.take().is_empty());
    assert!(poll(&mut future).is_ready());
    assert_eq!(log.take(), ["add 4 Begins", "add 4 Ready"]);
}

#[test]
fn a_probe_that_may_block_and_one_that_is_counted_run_as_any_other() {
    let _turn = in_turn();
    let log = Log::new();
    let link = site!(add).link().sleepable(true).stats(true).poll(logs(&log)).attach().unwrap();
    run(add(1, 2, 1));
    assert_eq!(log.take().len(), 4);
    assert_eq!(link.info().stats.unwrap().hits, 4);
}

/// Links come and go while futures are polled on other threads.
#[test]
fn every_beginning_has_its_end_unless_the_link_is_gone() {
    let _turn = in_turn();
    static OPEN: AtomicU64 = AtomicU64::new(0);
    static CLOSED: AtomicU64 = AtomicU64::new(0);
    std::thread_local! {
        /// How many began and how many ended on this thread.
        static HERE: Cell<[u32; 2]> = const { Cell::new([0; 2]) };
    }
    let rounds = crate::support::runs(2_000);
    thread::scope(|scope| {
        let polling: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || {
                    for _ in 0..rounds {
                        assert_eq!(run(outer(2)), 3);
                    }
                })
            })
            .collect();
        let mut cycles = 0;
        while cycles < 20 || polling.iter().any(|thread| !thread.is_finished()) {
            let link = gtramp::poll(["futures::polls::{add,outer}"], |ctx: &Polling| {
                let of = if ctx.step().has_ended() { &CLOSED } else { &OPEN };
                of.fetch_add(1, SeqCst);
                let mut here = HERE.get();
                here[usize::from(ctx.step().has_ended())] += 1;
                HERE.set(here);
            })
            .unwrap();
            HERE.set([0; 2]);
            assert_eq!(run(add(1, 2, 1)), 3);
            assert_eq!(HERE.get(), [2, 2]);
            drop(link);
            cycles += 1;
        }
    });
    let (open, closed) = (OPEN.load(SeqCst), CLOSED.load(SeqCst));
    assert!(closed > 0 && closed <= open, "{closed} of {open}");
}
