//! The list of lives that are under way.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use gtramp::{Entry, Exit, LifeUnderWay, ModRet, lives, site, traceable};

use crate::steps::{Boxed, Pending, in_turn, poll, run};
use crate::support::StopAtEnd;

#[traceable]
async fn waiting(polls: u32) -> u32 {
    Pending(polls).await;
    polls
}

#[traceable]
async fn around(polls: u32) -> u32 {
    waiting(polls).await
}

#[traceable]
async fn asking() -> Vec<LifeUnderWay> {
    here()
}

#[traceable]
async fn failing(polls: u32) {
    Pending(polls).await;
    panic!("on purpose")
}

#[traceable]
async fn deciding() -> u32 {
    1
}

/// Not among those of this file, because it stays.
mod leaking {
    #[gtramp::traceable]
    pub(super) async fn leaked() {
        std::future::pending::<()>().await;
    }
}

/// Those of this file: other tests of the program have lives as well.
fn here() -> Vec<LifeUnderWay> {
    lives().into_iter().filter(|life| life.function().module() == module_path!()).collect()
}

/// The system's number of this thread.
fn this_thread() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned()
}

fn names(lives: &[LifeUnderWay]) -> Vec<&'static str> {
    lives.iter().map(|life| life.function().name()).collect()
}

#[test]
fn a_life_is_listed_from_its_first_poll_to_its_end() {
    let _turn = in_turn();
    let _link = site!(waiting).fexit(|_: &Exit| ()).unwrap();
    let mut future = Box::pin(waiting(2));
    assert!(here().is_empty(), "it has not begun");
    for polls in 1..=2 {
        assert!(poll(&mut future).is_pending());
        let [life] = &here()[..] else { panic!("one is under way: {:?}", here()) };
        assert_eq!((life.function().name(), life.polls(), life.parent()), ("waiting", polls, None));
        assert_eq!((life.thread(), life.is_polled()), (this_thread(), false));
        assert!(life.idle_for().unwrap() <= life.age() && life.polled_for().is_none());
    }
    assert!(poll(&mut future).is_ready());
    assert!(here().is_empty(), "it has ended");
    drop(future);
}

#[test]
fn every_kind_of_link_lists_lives_and_one_that_is_gone_none() {
    let _turn = in_turn();
    let list_of_one = || {
        let mut future = Box::pin(waiting(1));
        assert!(poll(&mut future).is_pending());
        names(&here())
    };
    assert!(list_of_one().is_empty());
    let links = [
        site!(waiting).fentry(|_: &Entry| ()).unwrap(),
        site!(waiting).fmod_ret_async(|_: &ModRet| ControlFlow::<u32>::Continue(())).unwrap(),
        site!(waiting).fexit(|_: &Exit| ()).unwrap(),
    ];
    for link in links {
        assert_eq!(list_of_one(), ["waiting"], "{}", link.info());
        drop(link);
    }
    assert!(list_of_one().is_empty());
}

#[test]
fn a_life_that_began_before_the_attach_is_not_listed_and_one_that_outlives_its_link_is() {
    let _turn = in_turn();
    let (mut before, mut after) = (Box::pin(waiting(3)), Box::pin(waiting(3)));
    assert!(poll(&mut before).is_pending());
    let link = site!(waiting).fentry(|_: &Entry| ()).unwrap();
    assert!(poll(&mut before).is_pending());
    assert!(here().is_empty());
    assert!(poll(&mut after).is_pending());
    drop(link);
    assert!(poll(&mut after).is_pending());
    assert_eq!(here().iter().map(LifeUnderWay::polls).collect::<Vec<_>>(), [2]);
    drop(after);
    assert!(here().is_empty());
}

#[test]
fn lives_that_unwind_are_dropped_or_decided_are_listed_no_more() {
    let _turn = in_turn();
    let _link =
        gtramp::fexit(["futures::underway::{waiting,failing,deciding}"], |_: &Exit| ()).unwrap();
    let _decides = site!(deciding).fmod_ret_async(|_: &ModRet| ControlFlow::Break(2_u32)).unwrap();
    let (mut dropped, mut fails) = (Box::pin(waiting(9)), Box::pin(failing(1)));
    assert!(poll(&mut dropped).is_pending());
    assert!(poll(&mut fails).is_pending());
    assert_eq!(names(&here()), ["waiting", "failing"]);
    drop(dropped);
    assert_eq!(names(&here()), ["failing"]);
    catch_unwind(AssertUnwindSafe(|| poll(&mut fails))).unwrap_err();
    assert!(here().is_empty());
    assert_eq!(run(deciding()), 2);
    drop(waiting(1));
    assert!(here().is_empty());
}

#[test]
fn a_life_says_which_one_is_around_it_and_whether_it_is_being_polled() {
    let _turn = in_turn();
    let _link = gtramp::fexit(["futures::underway::*"], |_: &Exit| ()).unwrap();
    let mut future = Box::pin(around(1));
    assert!(poll(&mut future).is_pending());
    let [outer, inner] = &here()[..] else { panic!("two are under way: {:?}", here()) };
    assert_eq!(names(&[outer.clone(), inner.clone()]), ["around", "waiting"]);
    assert_eq!(inner.parent(), Some(outer.id()));
    let text = format!("waiting #{} in #{}: 1 poll in ", inner.id(), outer.id());
    assert!(inner.to_string().contains(&text), "{inner}");
    drop(future);
    let seen = run(asking());
    let [life] = &seen[..] else { panic!("it saw itself alone: {seen:?}") };
    assert_eq!((life.is_polled(), life.polls(), life.thread()), (true, 0, this_thread()));
    assert!(life.polled_for().is_some() && life.idle_for().is_none());
    assert!(life.to_string().contains("being polled for"), "{life}");
}

#[test]
fn a_life_says_which_thread_has_polled_it_last() {
    let _turn = in_turn();
    let _link = site!(waiting).fentry(|_: &Entry| ()).unwrap();
    let mut future = Box::pin(waiting(5));
    assert!(poll(&mut future).is_pending());
    let (mut future, other) = thread::spawn(move || {
        assert!(poll(&mut future).is_pending());
        (future, this_thread())
    })
    .join()
    .unwrap();
    assert_eq!(here().iter().map(LifeUnderWay::thread).collect::<Vec<_>>(), [other]);
    assert!(poll(&mut future).is_pending());
    assert_eq!(here().iter().map(LifeUnderWay::thread).collect::<Vec<_>>(), [this_thread()]);
}

#[test]
fn a_future_that_is_leaked_stays_in_the_list() {
    let _turn = in_turn();
    let is_listed = || lives().iter().filter(|life| life.function().name() == "leaked").count();
    let link = site!(leaking::leaked).fexit(|_: &Exit| ()).unwrap();
    let mut future = Box::pin(leaking::leaked());
    assert!(poll(&mut future).is_pending());
    std::mem::forget(future);
    drop(link);
    assert_eq!(is_listed(), 1);
}

/// Lives begin, move between threads, and end there, while somebody looks all the time: whoever is in the list is whole.
#[test]
fn looking_holds_nobody_up_and_never_mixes_two_lives() {
    let _turn = in_turn();
    let _link = gtramp::fentry(["futures::underway::{around,waiting}"], |_: &Entry| ()).unwrap();
    let rounds = crate::support::runs(3_000);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (to, from) = channel::<Boxed<u32>>();
        scope.spawn(move || {
            for _ in 0..rounds {
                let mut future: Boxed<u32> = Box::pin(around(2));
                assert!(poll(&mut future).is_pending());
                to.send(future).unwrap();
                run(waiting(1));
            }
        });
        scope.spawn(|| {
            let _stops = StopAtEnd(&stop);
            for (round, mut future) in from.into_iter().enumerate() {
                assert!(poll(&mut future).is_pending());
                if round % 2 == 0 {
                    assert!(poll(&mut future).is_ready());
                }
            }
        });
        let mut looks = 0;
        while !stop.load(Ordering::Relaxed) || looks == 0 {
            let lives = here();
            looks += 1;
            assert!(lives.is_sorted_by(|one, next| one.id() < next.id()));
            for life in lives {
                // Only this one is ever inside another.
                let is_inner = life.parent().is_some();
                assert!(life.parent().is_none_or(|parent| parent < life.id()), "{life}");
                assert!(!is_inner || life.function().name() == "waiting", "{life}");
                assert!(life.polls() <= 3, "{life}");
            }
        }
    });
    assert!(here().is_empty());
}
