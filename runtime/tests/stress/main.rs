//! Threads call functions while others attach to them, switch, and detach, as fast as they can:
//! results are always right, counts are exact, and no probe runs after its end.
//!
//! `GTRAMP_STRESS_SECONDS` says for how long; without it a bounded number of calls is made.

mod canary;
mod churn;
mod targets;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use canary::{FAILURES, check};
use churn::{Done, Random, adding_probes, churn, owning_probes};
use gtramp::{Entry, Exit, Link};
use targets::{Target, adding, owning};

/// Calls made where no time is given: enough for a test, few enough for every day.
const CALLS: u64 = if cfg!(debug_assertions) { 1_000_000 } else { 10_000_000 };

/// The tests take turns: each wants the machine for itself.
static TURN: Mutex<()> = Mutex::new(());

/// What an always attached link counts, by the index that is its cookie.
struct Counts {
    entries: Vec<AtomicU64>,
    exits: Vec<AtomicU64>,
}

impl Counts {
    fn new(targets: &[Target]) -> &'static Self {
        let zeros = || targets.iter().map(|_| AtomicU64::new(0)).collect();
        Box::leak(Box::new(Self { entries: zeros(), exits: zeros() }))
    }

    /// A link that counts every call of every other target: the ones between are armed and
    /// disarmed by the churn alone.
    fn attach(&'static self, targets: &[Target]) -> Link {
        let chosen: Vec<_> = targets.iter().step_by(2).map(|target| target.function).collect();
        let cookies: Vec<(String, u64)> = targets
            .iter()
            .zip(0..)
            .map(|(target, index)| (target.function.instance().to_owned(), index))
            .collect();
        let count = |counters: &[AtomicU64], cookie: u64| {
            let index = usize::try_from(cookie).expect("an index");
            counters[index].fetch_add(1, Ordering::Relaxed);
        };
        gtramp::link()
            .functions(chosen)
            .cookies(move |function| {
                let named = |(name, _): &&(String, u64)| name == function.instance();
                cookies.iter().find(named).expect("every target has a cookie").1
            })
            .fentry(move |ctx: &Entry| count(&self.entries, ctx.cookie()))
            .fexit(move |ctx: &Exit| count(&self.exits, ctx.cookie()))
            .attach()
            .expect("every function takes a probe without arguments")
    }
}

/// Calls every target in turn, until it is over: how often each was called.
fn call(targets: &[Target], began: Instant, stop: &AtomicBool, total: &AtomicU64) -> u64 {
    const ROUNDS: u64 = 64;
    let mut rounds = 0;
    while !stop.load(Ordering::Relaxed) {
        for round in rounds..rounds + ROUNDS {
            for target in targets {
                check((target.call)(round), "a result");
            }
        }
        rounds += ROUNDS;
        let calls = ROUNDS * targets.len() as u64;
        let total = total.fetch_add(calls, Ordering::Relaxed) + calls;
        if is_over(began, total) {
            stop.store(true, Ordering::Relaxed);
        }
    }
    rounds
}

fn is_over(began: Instant, calls: u64) -> bool {
    match std::env::var("GTRAMP_STRESS_SECONDS") {
        Ok(seconds) => {
            let seconds = seconds.parse().expect("GTRAMP_STRESS_SECONDS is a number");
            began.elapsed() >= Duration::from_secs(seconds)
        }
        Err(_) => calls >= CALLS,
    }
}

fn stress(targets: &[Target], probes: churn::Probes) {
    const CALLERS: usize = 3;
    const CHURNERS: u64 = 2;
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let counts = Counts::new(targets);
    let link = counts.attach(targets);
    let (stop, total) = (AtomicBool::new(false), AtomicU64::new(0));
    let began = Instant::now();
    let (rounds, done) = std::thread::scope(|scope| {
        let callers: Vec<_> =
            (0..CALLERS).map(|_| scope.spawn(|| call(targets, began, &stop, &total))).collect();
        let churners: Vec<_> = (1..=CHURNERS)
            .map(|seed| {
                scope.spawn({
                    let stop = &stop;
                    move || churn(&mut Random(seed * 0x9E37_79B9), targets, probes, stop)
                })
            })
            .collect();
        let rounds: u64 = callers.into_iter().map(|caller| caller.join().expect("it runs")).sum();
        let done: Vec<Done> =
            churners.into_iter().map(|churner| churner.join().expect("it runs")).collect();
        (rounds, done)
    });
    assert_eq!(link.info().missed, 0);
    link.detach();
    for (entries, exits) in counts.entries.iter().zip(&counts.exits).step_by(2) {
        let counted = (entries.load(Ordering::Relaxed), exits.load(Ordering::Relaxed));
        assert_eq!(counted, (rounds, rounds), "hits of probes that stayed attached");
    }
    for keeper in done.iter().flat_map(|done| &done.deferred) {
        assert!(keeper.is_alone(), "a later detach has dropped what a deferred one left");
    }
    assert_eq!(FAILURES.load(Ordering::SeqCst), 0);
    let attached: u64 = done.iter().map(|done| done.attached).sum();
    let switched: u64 = done.iter().map(|done| done.switched).sum();
    println!(
        "{} calls of {} functions under {attached} attach/detach and {switched} \
         disable/enable cycles in {:.1} s: none lost, none wrong",
        total.load(Ordering::Relaxed),
        targets.len(),
        began.elapsed().as_secs_f64(),
    );
}

#[test]
fn calls_are_right_while_functions_on_line_and_page_edges_are_armed_and_disarmed() {
    let targets = adding();
    assert!(targets.len() > 8, "no entries on page edges among {} targets", targets.len());
    stress(&targets, adding_probes);
}

#[test]
fn arguments_and_results_in_memory_are_right_while_probes_come_and_go() {
    stress(&owning(), owning_probes);
}
