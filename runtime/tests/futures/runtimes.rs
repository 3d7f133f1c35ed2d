//! Real runtimes: futures that move between threads, end in any order, and are cancelled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use gtramp::{Entry, Exit, traceable};
use tokio::sync::Barrier;

#[traceable]
async fn handle(id: u64, barrier: Arc<Barrier>) -> u64 {
    barrier.wait().await;
    tokio::task::yield_now().await;
    id * 2
}

#[traceable]
async fn never() {
    std::future::pending::<()>().await;
}

#[derive(Default)]
struct Seen {
    begun: AtomicU64,
    returned: AtomicU64,
    cancelled: AtomicU64,
    sum: AtomicU64,
}

fn watch() -> (Arc<Seen>, gtramp::Link) {
    let seen = Arc::new(Seen::default());
    let (entry, exit) = (Arc::clone(&seen), Arc::clone(&seen));
    let link = gtramp::fsession(
        ["futures::runtimes::{handle,never}"],
        move |ctx: &Entry| {
            entry.begun.fetch_add(1, SeqCst);
            Some(ctx.arg::<u64>(0).copied().unwrap_or(0))
        },
        move |ctx: &Exit, id: u64| {
            if ctx.cancelled() {
                exit.cancelled.fetch_add(1, SeqCst);
            } else {
                exit.returned.fetch_add(1, SeqCst);
                exit.sum.fetch_add(id, SeqCst);
            }
        },
    )
    .unwrap();
    (seen, link)
}

/// Every life of so many tasks is seen once, with its own value, and so are those that are cut short.
async fn tasks() {
    const TASKS: usize = 64;
    let (seen, link) = watch();
    let barrier = Arc::new(Barrier::new(TASKS));
    let tasks: Vec<_> =
        (0..TASKS as u64).map(|id| tokio::spawn(handle(id, Arc::clone(&barrier)))).collect();
    for (id, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), id as u64 * 2);
    }
    let cancelled = tokio::time::timeout(Duration::from_millis(1), never()).await;
    assert!(cancelled.is_err());
    let (fast, slow) = (handle(100, Arc::new(Barrier::new(1))), never());
    tokio::select! {
        biased;
        () = slow => unreachable!("it is never ready"),
        result = fast => assert_eq!(result, 200),
    }
    let counts = [&seen.begun, &seen.returned, &seen.cancelled, &seen.sum];
    let counts = counts.map(|count| count.load(SeqCst));
    assert_eq!(counts, [67, 65, 2, (0..64).sum::<u64>() + 100]);
    link.detach();
    assert_eq!(handle(1, Arc::new(Barrier::new(1))).await, 2);
    assert_eq!(seen.begun.load(SeqCst), 67);
}

/// Both attach to the same functions.
static TURNS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lives_are_seen_whole_on_many_threads() {
    let _turn = TURNS.lock().await;
    tasks().await;
}

#[tokio::test]
async fn lives_are_seen_whole_on_one_thread() {
    let _turn = TURNS.lock().await;
    tasks().await;
}

#[test]
fn lives_are_seen_on_another_executor() {
    let _turn = TURNS.blocking_lock();
    let (seen, _link) = watch();
    let joined = futures::executor::block_on(async {
        let barrier = Arc::new(Barrier::new(2));
        futures::join!(handle(1, Arc::clone(&barrier)), handle(2, barrier))
    });
    assert_eq!(joined, (2, 4));
    assert_eq!([seen.begun.load(SeqCst), seen.returned.load(SeqCst)], [2, 2]);
}
