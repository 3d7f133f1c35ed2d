//! Links that are limited to a scope or a thread.

use std::ops::ControlFlow;
use std::sync::{Arc, Barrier};

use gtramp::{Entry, Exit, ModRet, Scope, fsession, link, site, traceable};

use crate::steps::{Pending, in_turn, poll, run};
use crate::support::Log;

#[traceable]
fn rate(base: u64) -> u64 {
    base + 1
}

#[traceable]
async fn wait(polls: u32) -> u64 {
    Pending(polls).await;
    rate(0)
}

#[test]
fn threads_that_override_one_function_each_see_their_own_answer_and_others_the_original() {
    let _turn = in_turn();
    let all_attached = Arc::new(Barrier::new(9));
    let overriding = (0..8_u64).map(|answer| {
        let all_attached = Arc::clone(&all_attached);
        std::thread::spawn(move || {
            let scope = Scope::new().with("test", answer);
            let builder = link().functions(site!(rate));
            let builder =
                if answer % 2 == 0 { builder.within(&scope) } else { builder.on_this_thread() };
            let link = builder
                .fmod_ret(move |_: &ModRet| ControlFlow::Break(answer * 100))
                .attach()
                .unwrap();
            let _entered = scope.enter();
            all_attached.wait();
            let seen: Vec<u64> = (0..50).map(rate).collect();
            all_attached.wait();
            drop(link);
            (answer, seen)
        })
    });
    let overriding: Vec<_> = overriding.collect();
    all_attached.wait();
    let seen: Vec<u64> = (0..50).map(rate).collect();
    all_attached.wait();
    assert_eq!(seen, (1..51).collect::<Vec<_>>(), "it overrides nothing");
    for thread in overriding {
        let (answer, seen) = thread.join().unwrap();
        assert_eq!(seen, [answer * 100; 50]);
    }
}

#[test]
fn a_call_outside_of_the_scope_is_no_miss_and_one_in_an_inner_scope_is_inside() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let scope = Scope::new().with("req", "7f3");
    let link = site!(rate)
        .link()
        .within(&scope)
        .fentry(move |_: &Entry, base: &u64| seen.push(base.to_string()))
        .attach()
        .unwrap();
    assert_eq!(link.info().functions[0].caller, "specialised_1");
    rate(1);
    scope.wrap(|| rate(2))();
    let inner = scope.child();
    let entered = inner.enter();
    rate(3);
    drop(entered);
    let other = Scope::new().enter();
    rate(4);
    drop(other);
    assert_eq!(log.take(), ["2", "3"]);
    assert_eq!(link.info().missed, 0);
}

#[test]
fn a_scope_travels_with_its_future_and_to_threads_it_is_handed_to() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let scope = Scope::new().with("req", 1);
    let _link = link()
        .functions("futures::scopes::{rate,wait}")
        .within(&scope)
        .fexit(move |ctx: &Exit| {
            let scope = Scope::current();
            let req =
                scope.as_ref().and_then(|scope| scope.get("req")).unwrap_or("none").to_owned();
            seen.push(format!("{} {req}", ctx.function().name()));
        })
        .attach()
        .unwrap();
    let mut inside = Box::pin(scope.instrument(wait(1)));
    assert!(poll(&mut inside).is_pending());
    assert_eq!(run(wait(1)), 1);
    assert!(log.take().is_empty(), "another future is outside");
    std::thread::spawn(move || assert!(poll(&mut inside).is_ready())).join().unwrap();
    assert_eq!(log.take(), ["rate 1", "wait 1"]);
    std::thread::spawn(scope.wrap(|| rate(0))).join().unwrap();
    assert_eq!(log.take(), ["rate 1"]);
}

#[test]
fn the_end_of_a_call_follows_its_beginning() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let scope = Scope::new();
    let _link = site!(wait)
        .link()
        .within(&scope)
        .fsession(
            |_: &Entry, polls: &u32| Some(*polls),
            move |ctx: &Exit, polls: u32| seen.push(format!("{polls} {}", ctx.cancelled())),
        )
        .attach()
        .unwrap();
    let entered = scope.enter();
    let (mut begun, mut dropped) = (Box::pin(wait(1)), Box::pin(wait(2)));
    assert!(poll(&mut begun).is_pending());
    assert!(poll(&mut dropped).is_pending());
    drop(entered);
    assert!(poll(&mut begun).is_ready(), "outside of the scope");
    drop(dropped);
    assert_eq!(log.take(), ["1 false", "2 true"]);

    let seen = log.clone();
    let here = link()
        .functions(site!(wait))
        .on_this_thread()
        .fexit(move |_: &Exit, polls: u32| seen.push(format!("here {polls}")))
        .attach()
        .unwrap();
    let mut begun = Box::pin(wait(3));
    assert!(poll(&mut begun).is_pending());
    std::thread::spawn(move || {
        while poll(&mut begun).is_pending() {}
        assert_eq!(run(wait(4)), 1);
    })
    .join()
    .unwrap();
    assert_eq!(log.take(), ["here 3"]);
    drop(here);
}

#[test]
fn sessions_of_a_scope_and_of_everywhere_go_side_by_side() {
    let _turn = in_turn();
    let log = Log::new();
    let (inside, everywhere) = (log.clone(), log.clone());
    let scope = Scope::new();
    let _inside = link()
        .functions(site!(rate))
        .within(&scope)
        .fsession(
            |_: &Entry, base: &u64| Some(*base),
            move |_: &Exit, base: u64| inside.push(format!("inside {base}")),
        )
        .attach()
        .unwrap();
    let _everywhere = fsession(
        ["futures::scopes::rate"],
        |_: &Entry, base: &u64| Some(*base),
        move |_: &Exit, base: u64| everywhere.push(format!("everywhere {base}")),
    )
    .unwrap();
    rate(1);
    scope.wrap(|| rate(2))();
    assert_eq!(log.take(), ["everywhere 1", "everywhere 2", "inside 2"]);
}

#[test]
fn a_limited_link_keeps_its_limit_when_its_probes_are_exchanged() {
    let _turn = in_turn();
    let scope = Scope::new();
    let link = site!(rate)
        .link()
        .within(&scope)
        .fmod_ret(|_: &ModRet| ControlFlow::Break(1_000_u64))
        .attach()
        .unwrap();
    assert_eq!((rate(1), scope.wrap(|| rate(1))()), (2, 1_000));
    link.update(gtramp::Probes::new().fmod_ret(|_: &ModRet| ControlFlow::Break(2_000_u64)))
        .unwrap();
    assert_eq!((rate(1), scope.wrap(|| rate(1))()), (2, 2_000));
}
