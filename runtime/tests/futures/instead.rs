//! What is awaited in the place of a body: answers that are futures, and patches.

use std::ops::ControlFlow::{self, Break, Continue};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use gtramp::{BoxFuture, Entry, Error, Exit, ModRet, Polling, fmod_ret, replace, site, traceable};

use crate::steps::{Pending, poll, run};

/// Says when it is dropped.
#[derive(Debug)]
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counted() -> (Arc<AtomicUsize>, impl Fn() -> usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let read = Arc::clone(&count);
    (count, move || read.load(Ordering::Relaxed))
}

type Log = Arc<Mutex<Vec<String>>>;

/// How a life of `path` has ended, line by line.
fn ends(path: &'static str) -> (Log, gtramp::Link) {
    let log = Log::default();
    let to = Arc::clone(&log);
    let link = gtramp::link()
        .functions(path)
        .fexit(move |ctx: &Exit| {
            let how = match (ctx.origin_skipped(), ctx.unwound(), ctx.cancelled()) {
                (true, false, false) => "skipped",
                (false, true, false) => "unwound",
                (false, false, true) => "cancelled",
                (false, false, false) => "returned",
                _ => "two at once",
            };
            let polls = ctx.life().map_or(0, |life| life.polls());
            to.lock().unwrap().push(format!("{how} after {polls}"));
        })
        .attach()
        .unwrap();
    (log, link)
}

fn taken(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

#[traceable]
async fn answered(page: u32, held: Dropped) -> u32 {
    Pending(1).await;
    drop(held);
    page
}

#[test]
fn a_future_is_awaited_in_the_calls_place_and_the_arguments_are_dropped_before_it() {
    let (log, exits) = ends("**::instead::answered");
    let (count, drops) = counted();
    let before = Arc::clone(&count);
    let link = site!(answered)
        .fmod_ret_future(move |_: &ModRet, page: &u32| {
            let (page, seen) = (*page, Arc::clone(&before));
            if page == 0 {
                return Continue(());
            }
            Break(async move {
                let dropped = seen.load(Ordering::Relaxed);
                Pending(2).await;
                page * 100 + dropped as u32
            })
        })
        .unwrap();
    assert_eq!(run(answered(0, Dropped(Arc::clone(&count)))), 0);
    assert_eq!(taken(&log), ["returned after 2"]);
    assert_eq!(drops(), 1);

    let mut future = Box::pin(answered(7, Dropped(Arc::clone(&count))));
    assert_eq!(drops(), 1);
    assert!(poll(&mut future).is_pending());
    assert_eq!(drops(), 2);
    assert!(poll(&mut future).is_pending());
    assert_eq!(taken(&log).len(), 0);
    // It is the call's, and goes on without the link.
    drop(link);
    assert_eq!(poll(&mut future), Poll::Ready(702));
    assert_eq!(taken(&log), ["skipped after 3"]);
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut future))).is_err(), "it is over");
    drop(future);
    assert_eq!(drops(), 2);
    drop(exits);
}

#[test]
fn an_answer_is_dropped_with_its_future_and_before_the_exit_probes_run() {
    #[traceable]
    async fn cancelled() -> u32 {
        1
    }
    let (log, exits) = ends("**::cancelled");
    let (count, drops) = counted();
    let link = site!(cancelled)
        .fmod_ret_future(move |_: &ModRet| {
            let held = Dropped(Arc::clone(&count));
            ControlFlow::<_>::Break(async move {
                Pending(5).await;
                drop(held);
                2
            })
        })
        .unwrap();
    let at_exit = Arc::new(AtomicUsize::new(usize::MAX));
    let (to, drops) = (Arc::clone(&at_exit), Arc::new(drops));
    let seen = Arc::clone(&drops);
    let looks = site!(cancelled).fexit(move |_: &Exit| to.store(seen(), Ordering::Relaxed));
    let mut future = Box::pin(cancelled());
    assert!(poll(&mut future).is_pending());
    assert_eq!(drops(), 0);
    drop(future);
    assert_eq!((drops(), at_exit.load(Ordering::Relaxed)), (1, 1));
    assert_eq!(taken(&log), ["cancelled after 1"]);
    // Nobody has polled it: there is no answer.
    drop(cancelled());
    assert_eq!((drops(), taken(&log)), (1, vec!["cancelled after 0".to_owned()]));
    drop((looks, link, exits));
}

#[test]
fn an_answer_or_an_argument_that_panics_unwinds_out_of_its_poll() {
    #[derive(Debug)]
    struct Explosive(bool);
    impl Drop for Explosive {
        fn drop(&mut self) {
            assert!(!self.0, "dropped");
        }
    }
    #[traceable]
    async fn unwinding(held: Explosive, after: u32) -> u32 {
        std::mem::forget(held);
        after
    }
    let (log, exits) = ends("**::unwinding");
    let (count, drops) = counted();
    let link = site!(unwinding)
        .fmod_ret_future(move |_: &ModRet, _: &Explosive, after: &u32| {
            let (after, held) = (*after, Dropped(Arc::clone(&count)));
            ControlFlow::<_>::Break(async move {
                Pending(after).await;
                let _held = held;
                assert_eq!(after, u32::MAX, "in the answer");
                0
            })
        })
        .unwrap();
    let mut future = Box::pin(unwinding(Explosive(false), 1));
    assert!(poll(&mut future).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut future))).is_err());
    assert_eq!((drops(), taken(&log)), (1, vec!["unwound after 2".to_owned()]));
    drop(future);
    let mut future = Box::pin(unwinding(Explosive(true), 1));
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut future))).is_err());
    assert_eq!((drops(), taken(&log)), (2, vec!["unwound after 1".to_owned()]));
    drop((future, link, exits));
}

#[traceable]
async fn by_attribute(text: &str) -> Result<u32, String> {
    Ok(text.len() as u32)
}

#[fmod_ret("**::by_attribute", future)]
fn fails_later(_: &ModRet, text: &str) -> ControlFlow<BoxFuture<Result<u32, String>>> {
    let text = text.to_owned();
    Break(Box::pin(async move {
        Pending(1).await;
        Err(text)
    }))
}

#[test]
fn an_attribute_makes_a_probe_that_answers_with_futures() {
    assert_eq!(run(by_attribute("four")), Ok(4));
    let link = fails_later::attach().unwrap();
    assert_eq!(run(by_attribute("four")), Err("four".to_owned()));
    drop(link);
    assert_eq!(run(by_attribute("four")), Ok(4));
}

#[traceable]
fn at_once(page: u32) -> u32 {
    page
}

#[test]
fn who_is_not_async_or_gives_something_else_refuses_such_an_answer() {
    at_once(1);
    let probe = |_: &ModRet| ControlFlow::<_>::Break(async { 1_u32 });
    let refused = site!(at_once).link().fmod_ret_future(probe).attach().unwrap_err();
    assert!(matches!(refused, Error::NotAsync { .. }), "{refused}");
    let wrong = |_: &ModRet| ControlFlow::<_>::Break(async { 1_u64 });
    let refused = site!(by_attribute).link().fmod_ret_future(wrong).attach().unwrap_err();
    assert!(refused.to_string().contains("u64"), "{refused}");
}

#[traceable]
async fn patched(page: u32, held: Dropped) -> u32 {
    Pending(1).await;
    drop(held);
    page
}

#[replace("**::instead::patched")]
async fn ten_times(page: u32, held: Dropped) -> u32 {
    Pending(2).await;
    drop(held);
    page * 10
}

#[test]
fn a_patch_runs_in_the_bodys_place_and_probes_see_it_as_the_body() {
    let (count, drops) = counted();
    let held = || Dropped(Arc::clone(&count));
    let mut before = Box::pin(patched(1, held()));
    assert!(poll(&mut before).is_pending());
    let patch = ten_times::apply().unwrap();
    let (log, exits) = ends("**::instead::patched");
    // What has begun ends in its own body.
    assert_eq!(poll(&mut before), Poll::Ready(1));
    assert_eq!(drops(), 1);
    let mut future = Box::pin(patched(7, held()));
    assert!(poll(&mut future).is_pending());
    assert_eq!(drops(), 1, "the patch has it");
    patch.revert();
    // And so does what has begun in the patch.
    assert!(poll(&mut future).is_pending());
    assert_eq!(poll(&mut future), Poll::Ready(70));
    assert_eq!((drops(), taken(&log)), (2, vec!["returned after 3".to_owned()]));
    assert_eq!(run(patched(7, held())), 7);
    drop(exits);

    // Nobody sees its life, but its polls.
    let polls = Arc::new(AtomicUsize::new(0));
    let to = Arc::clone(&polls);
    let probe = site!(patched)
        .poll(move |ctx: &Polling| {
            to.fetch_add(usize::from(ctx.step().has_ended()), Ordering::Relaxed);
        })
        .unwrap();
    let patch = ten_times::apply().unwrap();
    assert_eq!(run(patched(3, held())), 30);
    assert_eq!(polls.load(Ordering::Relaxed), 3);
    let cancelled = Box::pin(patched(3, held()));
    drop(cancelled);
    let mut cancelled = Box::pin(patched(3, held()));
    assert!(poll(&mut cancelled).is_pending());
    let before = drops();
    drop(cancelled);
    assert_eq!(drops(), before + 1);
    drop((probe, patch));
    assert_eq!(run(patched(7, held())), 7);
}

#[test]
fn the_original_is_called_by_the_patch_and_a_probe_decides_before_it() {
    #[traceable]
    async fn charge(account: &str, amount: u64) -> u64 {
        Pending(1).await;
        account.len() as u64 + amount
    }
    #[replace("**::charge")]
    async fn twice(account: &str, amount: u64) -> u64 {
        let once = site!(charge).original_async(|| charge(account, amount)).await.unwrap();
        let again = site!(charge).original_async(|| charge(account, amount)).await.unwrap();
        once + again
    }
    let call = || run(charge("ann", 4));
    assert_eq!(call(), 7);
    let patch = twice::apply().unwrap();
    assert_eq!(call(), 14);
    let entries = Arc::new(AtomicUsize::new(0));
    let to = Arc::clone(&entries);
    let seen = site!(charge).fentry(move |_: &Entry| _ = to.fetch_add(1, Ordering::Relaxed));
    assert_eq!((call(), entries.load(Ordering::Relaxed)), (14, 1), "the originals are not seen");
    let decided = site!(charge).fmod_ret_async(|_: &ModRet, _: &str, amount: &u64| match amount {
        4 => Break(1),
        _ => Continue(()),
    });
    assert_eq!((call(), run(charge("ann", 5))), (1, 16));
    drop((decided, seen, patch));
    assert_eq!(call(), 7);
    assert_eq!(run(site!(charge).original_async(|| charge("ann", 1))).unwrap(), 4);
}

#[test]
fn reverting_waits_for_futures_that_are_in_the_patch() {
    #[traceable]
    async fn waited_for() -> u32 {
        1
    }
    #[replace("**::waited_for")]
    async fn slow() -> u32 {
        Pending(1).await;
        2
    }
    #[replace("**::waited_for")]
    async fn reverts_itself() -> u32 {
        let inside = site!(waited_for).replace(slow::patch().stack(true)).unwrap();
        assert!(matches!(inside.revert_and_wait(), Err(Error::InsidePatch)));
        3
    }
    run(waited_for());
    let patch = slow::apply().unwrap();
    let mut future = Box::pin(waited_for());
    assert!(poll(&mut future).is_pending());
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| patch.revert_and_wait());
        // It is taken out at once, and waited for until the future is over, which moves to another thread.
        while run(waited_for()) == 2 {
            std::thread::yield_now();
        }
        assert!(!waiter.is_finished());
        let ended = scope.spawn(move || poll(&mut future));
        assert_eq!(ended.join().unwrap(), Poll::Ready(2));
        waiter.join().unwrap().unwrap();
    });
    let patch = reverts_itself::apply().unwrap();
    assert_eq!(run(waited_for()), 3);
    patch.revert();
    // Dropping what the patch holds is code of the patch as well.
    struct Reverts;
    impl Drop for Reverts {
        fn drop(&mut self) {
            let inside = site!(waited_for).replace(slow::patch().stack(true)).unwrap();
            assert!(matches!(inside.revert_and_wait(), Err(Error::InsidePatch)));
        }
    }
    #[replace("**::waited_for")]
    async fn drops() -> u32 {
        let _held = Reverts;
        Pending(5).await;
        4
    }
    // Nor is a call in the patch any more when its exit probes run.
    let patch = slow::apply().unwrap();
    let patch = Mutex::new(Some(patch));
    let exits = site!(waited_for).fexit(move |_: &Exit| {
        let patch = patch.lock().unwrap().take();
        patch.into_iter().for_each(|patch| patch.revert_and_wait().unwrap());
    });
    assert_eq!((run(waited_for()), run(waited_for())), (2, 1));
    drop(exits);
    let patch = drops::apply().unwrap();
    let mut future = Box::pin(waited_for());
    assert!(poll(&mut future).is_pending());
    drop(future);
    patch.revert_and_wait().unwrap();
    assert_eq!(run(waited_for()), 1);
}

#[test]
fn a_body_gives_way_to_one_of_its_own_sort() {
    #[replace("**::instead::at_once")]
    async fn later(page: u32) -> u32 {
        page
    }
    #[replace("**::by_attribute")]
    fn now(text: &str) -> Result<u32, String> {
        Err(text.to_owned())
    }
    let _ = (at_once(1), run(by_attribute("")));
    let refused = later::apply().unwrap_err().to_string();
    assert!(refused.contains("it is not async"), "{refused}");
    let refused = now::apply().unwrap_err().to_string();
    assert!(refused.contains("it is async"), "{refused}");
}

#[test]
fn each_scope_awaits_its_own_answer() {
    #[traceable]
    async fn shared() -> u32 {
        0
    }
    run(shared());
    let answers = |number: u32| {
        let scope = gtramp::Scope::new().with("test", number);
        let link = site!(shared)
            .link()
            .fmod_ret_future(move |_: &ModRet| {
                ControlFlow::<_>::Break(async move {
                    Pending(number).await;
                    number
                })
            })
            .within(&scope)
            .attach();
        (scope, link.unwrap())
    };
    std::thread::scope(|threads| {
        for number in 1..=4 {
            threads.spawn(move || {
                let (scope, _link) = answers(number);
                for _ in 0..100 {
                    assert_eq!(run(scope.instrument(shared())), number);
                    assert_eq!(run(shared()), 0);
                }
            });
        }
    });
}

#[test]
fn an_answer_whose_drop_panics_has_unwound() {
    struct ReadyAndExplosive;
    impl std::future::Future for ReadyAndExplosive {
        type Output = String;

        fn poll(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> Poll<Self::Output> {
            Poll::Ready("ready".to_owned())
        }
    }
    impl Drop for ReadyAndExplosive {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    #[traceable]
    async fn explosive() -> String {
        String::new()
    }
    let (log, exits) = ends("**::explosive");
    let link = site!(explosive)
        .fmod_ret_future(|_: &ModRet| ControlFlow::<_>::Break(ReadyAndExplosive))
        .unwrap();
    let mut future = Box::pin(explosive());
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut future))).is_err());
    assert_eq!(taken(&log), ["unwound after 1"]);
    drop((future, link, exits));
    assert_eq!(run(explosive()), "");
}
