//! What probes see of a future's life.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use gtramp::{Entry, Exit, ModRet, Return, fsession, site, traceable};

use crate::steps::{Boxed, Pending, in_turn, poll, run};
use crate::support::Log;

#[traceable]
async fn add(a: u64, b: u64, polls: u32) -> u64 {
    Pending(polls).await;
    a + b
}

#[traceable]
async fn label(prefix: String, [first, second]: [u64; 2]) -> String {
    Pending(1).await;
    format!("{prefix}{first}{second}")
}

#[traceable]
async fn failing(polls: u32) -> u8 {
    Pending(polls).await;
    panic!("on purpose")
}

#[traceable]
async fn outer(log: Log) -> u64 {
    let first = add(1, 2, 1).await;
    log.push("between");
    first + add(3, 4, 0).await
}

/// How a call ended, in words.
fn outcome(ctx: &Exit) -> &'static str {
    match (ctx.unwound(), ctx.cancelled(), ctx.origin_skipped()) {
        (false, false, false) => "returned",
        (true, false, false) => "unwound",
        (false, true, false) => "cancelled",
        (false, false, true) => "skipped",
        _ => "more than one",
    }
}

#[test]
fn an_entry_probe_runs_at_the_first_poll_and_an_exit_probe_at_the_end() {
    let _turn = in_turn();
    let log = Log::new();
    let (entry, exit) = (log.clone(), log.clone());
    let link = site!(add)
        .fentry(move |_: &Entry, a: &u64, b: &u64| entry.push(format!("entry {a} {b}")))
        .unwrap();
    let after = site!(add)
        .fexit(move |ctx: &Exit, a: u64, b: u64, ret: Return<u64>| {
            let polls = ctx.life().map(gtramp::LifeInfo::polls);
            exit.push(format!("exit {a} {b} {:?} after {polls:?}: {}", ret.get(), outcome(ctx)));
        })
        .unwrap();
    let mut future = Box::pin(add(1, 2, 2));
    assert!(log.take().is_empty(), "making it is not a call");
    assert_eq!(poll(&mut future), Poll::Pending);
    assert_eq!(log.take(), ["entry 1 2"]);
    assert_eq!(poll(&mut future), Poll::Pending);
    assert!(log.take().is_empty());
    assert_eq!(poll(&mut future), Poll::Ready(3));
    assert_eq!(log.take(), ["exit 1 2 Some(3) after Some(3): returned"]);
    drop(future);
    drop((link, after));
    assert_eq!(run(add(5, 6, 1)), 11);
    assert!(log.take().is_empty());
}

#[test]
fn arguments_larger_than_a_slot_and_patterns_are_seen_and_moved_into_the_body() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let link = site!(label)
        .fentry(move |_: &Entry, prefix: &String, numbers: &[u64; 2]| {
            seen.push(format!("{prefix} {numbers:?}"));
        })
        .unwrap();
    let seen = log.clone();
    let after = site!(label)
        .fexit(move |_: &Exit, ret: Return<String>| seen.push(format!("{:?}", ret.get())))
        .unwrap();
    assert_eq!(run(label("n".to_owned(), [3, 4])), "n34");
    assert_eq!(log.take(), ["n [3, 4]", "Some(\"n34\")"]);
    drop((link, after));
}

#[test]
fn a_panic_of_the_body_is_an_exit_that_unwound() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let _link = site!(failing)
        .fexit(move |ctx: &Exit, polls: u32, ret: Return<u8>| {
            seen.push(format!("{} {polls} {:?}", outcome(ctx), ret.get()));
        })
        .unwrap();
    let mut future = Box::pin(failing(1));
    assert_eq!(poll(&mut future), Poll::Pending);
    let panic = catch_unwind(AssertUnwindSafe(|| poll(&mut future))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(log.take(), ["unwound 1 None"]);
    drop(future);
    assert!(log.take().is_empty(), "it has ended already");
}

#[test]
fn a_future_that_is_dropped_is_an_exit_that_was_cancelled_with_or_without_polls() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let _link = site!(add)
        .fexit(move |ctx: &Exit, a: u64, _: u64, _: u32, ret: Return<u64>| {
            let polls = ctx.life().map(gtramp::LifeInfo::polls);
            seen.push(format!("{a} {} {polls:?} {:?}", outcome(ctx), ret.get()));
        })
        .unwrap();
    drop(add(1, 2, 3));
    assert_eq!(log.take(), ["1 cancelled Some(0) None"]);
    let mut future = Box::pin(add(2, 2, 3));
    assert!(poll(&mut future).is_pending());
    assert!(poll(&mut future).is_pending());
    drop(future);
    assert_eq!(log.take(), ["2 cancelled Some(2) None"]);
}

#[test]
fn a_result_may_be_decided_before_the_body_runs() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let _decide = site!(label)
        .fmod_ret_async(|_: &ModRet, prefix: &String| {
            if prefix == "x" {
                ControlFlow::Break("decided".to_owned())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
    let _after = site!(label)
        .fexit(move |ctx: &Exit, ret: Return<String>| {
            seen.push(format!("{} {:?}", outcome(ctx), ret.get()));
        })
        .unwrap();
    let mut future = Box::pin(label("x".to_owned(), [1, 2]));
    assert_eq!(poll(&mut future), Poll::Ready("decided".to_owned()));
    drop(future);
    assert_eq!(run(label("y".to_owned(), [1, 2])), "y12");
    assert_eq!(log.take(), ["skipped Some(\"decided\")", "returned Some(\"y12\")"]);
}

#[test]
fn a_session_keeps_its_value_in_the_future_whichever_thread_polls_it() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let _link = fsession(
        ["futures::lives::add"],
        |_: &Entry, a: &u64| Some(*a * 10),
        move |ctx: &Exit, value: u64| {
            let threads = ctx.life().map(gtramp::LifeInfo::threads);
            seen.push(format!("{value} {threads:?}"));
        },
    )
    .unwrap();
    let mut futures: Vec<Boxed<u64>> = (1..=3).map(|n| Box::pin(add(n, 0, 1)) as _).collect();
    for future in &mut futures {
        assert!(poll(future).is_pending());
    }
    for mut future in futures.into_iter().rev() {
        std::thread::spawn(move || assert!(poll(&mut future).is_ready())).join().unwrap();
    }
    assert_eq!(log.take(), ["30 Some(2)", "20 Some(2)", "10 Some(2)"]);
}

#[test]
fn a_link_that_is_detached_while_a_future_waits_does_not_see_its_end() {
    let _turn = in_turn();
    let log = Log::new();
    let (first, second) = (log.clone(), log.clone());
    let one = site!(add).fexit(move |_: &Exit| first.push("first")).unwrap();
    let two = site!(add).fexit(move |_: &Exit| second.push("second")).unwrap();
    let mut futures: Vec<_> = (0..2).map(|_| Box::pin(add(1, 1, 1))).collect();
    futures.iter_mut().for_each(|future| assert!(poll(future).is_pending()));
    drop(one);
    assert!(poll(&mut futures[0]).is_ready());
    assert_eq!(log.take(), ["second"]);
    drop(two);
    assert!(poll(&mut futures[1]).is_ready());
    assert!(log.take().is_empty());
    assert_eq!(log.holders(), 0, "what the probes had captured is gone");
}

#[test]
fn a_link_that_is_attached_while_a_future_waits_sees_the_next_ones() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let mut future = Box::pin(add(1, 1, 1));
    assert!(poll(&mut future).is_pending());
    let _link = site!(add).fexit(move |_: &Exit, a: u64| seen.push(a.to_string())).unwrap();
    assert_eq!(poll(&mut future), Poll::Ready(2));
    assert!(log.take().is_empty());
    assert_eq!(run(add(7, 1, 1)), 8);
    assert_eq!(log.take(), ["7"]);
}

#[test]
fn a_life_knows_the_one_around_it_across_awaits() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let _link = gtramp::fexit(["futures::lives::{add,outer}"], move |ctx: &Exit| {
        let life = ctx.life().unwrap();
        seen.push(format!(
            "{} {} {}",
            ctx.function().name(),
            life.id(),
            life.parent().unwrap_or(0)
        ));
    })
    .unwrap();
    assert_eq!(run(outer(log.clone())), 10);
    let seen = log.take();
    let fields: Vec<Vec<&str>> = seen.iter().map(|line| line.split(' ').collect()).collect();
    assert_eq!(
        [fields[0][0], fields[1][0], fields[2][0], fields[3][0]],
        ["add", "between", "add", "outer"]
    );
    assert_eq!([fields[0][2], fields[2][2]], [fields[3][1]; 2], "{seen:?}");
    assert_eq!(fields[3][2], "0");
}

#[test]
fn a_future_that_is_leaked_holds_no_detach_up() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let link = site!(add).fexit(move |_: &Exit| seen.push("exit")).unwrap();
    let mut future = Box::pin(add(1, 1, 1));
    assert!(poll(&mut future).is_pending());
    std::mem::forget(future);
    link.detach();
    assert_eq!(log.holders(), 0);
}

#[test]
fn a_life_after_one_that_unwound_is_not_taken_for_its_child() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let _link = gtramp::fexit(["futures::lives::{add,failing}"], move |ctx: &Exit| {
        let life = ctx.life().unwrap();
        seen.push(format!("{} polls, in {:?}", life.polls(), life.parent()));
    })
    .unwrap();
    let mut future = Box::pin(failing(1));
    assert!(poll(&mut future).is_pending());
    catch_unwind(AssertUnwindSafe(|| poll(&mut future))).unwrap_err();
    run(add(1, 1, 0));
    assert_eq!(log.take(), ["2 polls, in None", "1 polls, in None"]);
}

#[test]
#[should_panic(expected = "`async fn` resumed after completion")]
fn a_decided_future_that_is_polled_again_panics_as_any_other() {
    let _turn = in_turn();
    let _link = site!(add).fmod_ret_async(|_: &ModRet| ControlFlow::Break(1_u64)).unwrap();
    let mut future = Box::pin(add(1, 1, 1));
    assert_eq!(poll(&mut future), Poll::Ready(1));
    let _ = poll(&mut future);
}
