//! Async functions: a call is the life of a future, from its first poll to its end; its polls; which lives are under
//! way; and other futures in the place of their bodies.
//!
//! Run by `cargo run --example futures`.

use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use gtramp::{Entry, Exit, ModRet, PollStep, Polling, replace, site, traceable};

#[traceable]
async fn fetch(page: u32) -> usize {
    let mut waits = page;
    // Is ready when it has been polled so many times more.
    poll_fn(|_| {
        waits = waits.saturating_sub(1);
        if waits == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    page as usize * 100
}

#[replace("futures::fetch")]
async fn cached(page: u32) -> usize {
    site!(fetch).original_async(|| fetch(page)).await.map_or(0, |size| size + 1)
}

/// Polls a future so many times at most; a real program has a runtime for that.
fn poll_times<F: Future>(future: F, times: u32) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
    }
    None // and it is dropped
}

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn log(line: String) {
    println!("{line}");
    LOG.lock().expect("nothing panics under it").push(line);
}

fn main() -> Result<(), gtramp::Error> {
    let link = gtramp::link()
        .functions("futures::fetch")
        .fentry(|ctx: &Entry| log(format!("> {}", ctx.call())))
        .fexit(|ctx: &Exit| {
            let polls = ctx.life().map_or(0, |life| life.polls());
            let end = if ctx.cancelled() { "cancelled" } else { "ended" };
            log(format!("< page {:?} {end} after {polls} polls", ctx.arg::<u32>("page").ok()));
        })
        .attach()?;
    assert_eq!(poll_times(fetch(2), 10), Some(200));
    assert_eq!(poll_times(fetch(7), 3), None);

    // Around each poll, also of a future that began before.
    let polls = gtramp::poll("futures::fetch", |ctx: &Polling| match ctx.step() {
        PollStep::Begins => log(format!("  poll {:?} begins", ctx.number())),
        step => {
            println!("  took {:?}", ctx.took());
            log(format!("  poll {:?} is {step:?}", ctx.number()));
        }
    })?;
    assert_eq!(poll_times(fetch(2), 10), Some(200));
    drop(polls);

    // Which are under way, and how far are they?
    let mut waiting = Box::pin(fetch(5));
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    for life in gtramp::lives() {
        println!("  {life}"); // futures::fetch #3: 1 poll in 1.2µs, idle for 300.0ns, last on thread 4711
        assert_eq!((life.function().name(), life.polls()), ("fetch", 1));
    }
    drop(waiting);
    assert!(gtramp::lives().is_empty());
    // In the place of the body: a future with which a probe answers, and a patch.
    let answer = site!(fetch).fmod_ret_future(|_: &ModRet, page: &u32| match *page {
        9 => ControlFlow::Break(poll_fn(|_| Poll::Ready(0))),
        _ => ControlFlow::Continue(()),
    })?;
    assert_eq!(poll_times(fetch(9), 1), Some(0));
    drop(answer);
    let patch = cached::apply()?;
    assert_eq!(poll_times(fetch(1), 10), Some(101));
    patch.revert();
    drop(link);
    assert_eq!(
        *LOG.lock().expect("nothing panics under it"),
        [
            "> fetch(page=2)",
            "< page Some(2) ended after 2 polls",
            "> fetch(page=7)",
            "< page Some(7) cancelled after 3 polls",
            "> fetch(page=2)",
            "  poll Some(1) begins",
            "  poll Some(1) is Pending",
            "  poll Some(2) begins",
            "  poll Some(2) is Ready",
            "< page Some(2) ended after 2 polls",
            "> fetch(page=5)",
            "< page Some(5) cancelled after 1 polls",
            "> fetch(page=9)",
            "< page Some(9) ended after 1 polls",
            "> fetch(page=1)",
            "< page Some(1) ended after 1 polls",
        ]
    );
    Ok(())
}
