//! Threads call functions while others attach to them, switch, and detach, as fast as they can:
//! results are always right, counts are exact, and no probe runs after its end.
//!
//! `GTRAMP_STRESS_CALLS` says how many calls are made, or `GTRAMP_STRESS_SECONDS` for how long.

mod canary;
mod churn;
mod inlined;
mod targets;

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::LocalKey;
use std::time::{Duration, Instant};

use canary::{FAILURES, check};
use churn::{Done, Random, adding_probes, churn, owning_probes};
use gtramp::{Entry, Exit, Link};
use inlined::inlined;
use targets::{Target, adding, owning};

/// Calls made where nothing else is said: enough for a test, few enough for every day.
const CALLS: u64 = if cfg!(debug_assertions) { 1_000_000 } else { 10_000_000 };

/// The most targets there are.
const TARGETS: usize = 400;

/// The tests take turns: each wants the machine for itself.
static TURN: Mutex<()> = Mutex::new(());

type Counters = [Cell<u64>; TARGETS];

std::thread_local! {
    /// What the link that stays attached has counted on this thread, by the index that is its cookie:
    /// counters that all threads wrote would cost more than the calls.
    static ENTRIES: Counters = const { [const { Cell::new(0) }; TARGETS] };
    static EXITS: Counters = const { [const { Cell::new(0) }; TARGETS] };
}

fn count(counters: &'static LocalKey<Counters>, cookie: u64) {
    let index = usize::try_from(cookie).expect("an index");
    counters.with(|counters| counters[index].set(counters[index].get() + 1));
}

/// A link that counts every call of every other target: the ones between are armed and disarmed by the
/// churn alone.
fn counting(targets: &[Target]) -> Link {
    let chosen: Vec<_> = targets.iter().step_by(2).map(|target| target.function).collect();
    let cookies: Vec<(String, u64)> = targets
        .iter()
        .zip(0..)
        .map(|(target, index)| (target.function.instance().to_owned(), index))
        .collect();
    gtramp::link()
        .functions(chosen)
        .cookie(move |function: &gtramp::Function| {
            let named = |(name, _): &&(String, u64)| name == function.instance();
            cookies.iter().find(named).expect("every target has a cookie").1
        })
        .fentry(move |ctx: &Entry| count(&ENTRIES, ctx.cookie()))
        .fexit(move |ctx: &Exit| count(&EXITS, ctx.cookie()))
        .attach()
        .expect("every function takes a probe without arguments")
}

/// When it is enough.
struct Limit {
    began: Instant,
    end: End,
    calls: AtomicU64,
    stop: AtomicBool,
}

enum End {
    After(Duration),
    Calls(u64),
}

impl Limit {
    /// As the environment says, of the calls this share.
    fn new(share: u64) -> Self {
        let number = |name: &str| {
            let given = std::env::var(name).ok()?;
            Some(given.parse().unwrap_or_else(|_| panic!("{name} is a number")))
        };
        let end = match (number("GTRAMP_STRESS_CALLS"), number("GTRAMP_STRESS_SECONDS")) {
            (Some(calls), _) => End::Calls(calls / share),
            (None, Some(seconds)) => End::After(Duration::from_secs(seconds)),
            (None, None) => End::Calls(CALLS / share),
        };
        Self { began: Instant::now(), end, calls: AtomicU64::new(0), stop: AtomicBool::new(false) }
    }

    /// Notes that so many more were made.
    fn add(&self, calls: u64) {
        let all = self.calls.fetch_add(calls, Ordering::Relaxed) + calls;
        let is_over = match self.end {
            End::After(time) => self.began.elapsed() >= time,
            End::Calls(calls) => all >= calls,
        };
        if is_over {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// Calls every target in turn, until it is over: how often it called each, and how many of these calls
/// each was seen to be entered and left.
fn call(targets: &[Target], limit: &Limit) -> (u64, Vec<(u64, u64)>) {
    const ROUNDS: u64 = 64;
    let each: u64 = targets.iter().map(|target| target.calls).sum();
    let mut rounds = 0;
    while !limit.stop.load(Ordering::Relaxed) {
        for round in rounds..rounds + ROUNDS {
            for target in targets {
                check((target.call)(round), "a result");
            }
        }
        rounds += ROUNDS;
        limit.add(ROUNDS * each);
    }
    let counted = |counters: &'static LocalKey<Counters>, index: usize| {
        counters.with(|counters| counters[index].get())
    };
    let seen = (0..targets.len()).map(|index| (counted(&ENTRIES, index), counted(&EXITS, index)));
    (rounds, seen.collect())
}

fn stress(targets: &[Target], probes: churn::Probes, share: u64) {
    const CALLERS: usize = 3;
    const CHURNERS: u64 = 2;
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let link = counting(targets);
    let limit = Limit::new(share);
    let (counted, done) = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(|| call(targets, &limit))).collect();
        let churners: Vec<_> = (1..=CHURNERS)
            .map(|seed| {
                scope.spawn({
                    let stop = &limit.stop;
                    move || churn(&mut Random(seed * 0x9E37_79B9), targets, probes, stop)
                })
            })
            .collect();
        let counted: Vec<_> =
            callers.into_iter().map(|caller| caller.join().expect("it runs")).collect();
        let done: Vec<Done> =
            churners.into_iter().map(|churner| churner.join().expect("it runs")).collect();
        (counted, done)
    });
    assert_eq!(link.info().missed, 0);
    link.detach();
    for (rounds, seen) in &counted {
        for (&seen, target) in seen.iter().zip(targets).step_by(2) {
            let calls = rounds * target.calls;
            assert_eq!(seen, (calls, calls), "hits of probes that stayed attached");
        }
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
        limit.calls.load(Ordering::Relaxed),
        targets.len(),
        limit.began.elapsed().as_secs_f64(),
    );
}

#[test]
fn calls_are_right_while_functions_on_line_and_page_edges_are_armed_and_disarmed() {
    let targets = adding();
    assert!(targets.len() > 8, "no entries on page edges among {} targets", targets.len());
    stress(&targets, adding_probes, 1);
}

#[test]
fn arguments_and_results_in_memory_are_right_while_probes_come_and_go() {
    // Each call makes texts.
    stress(&owning(), owning_probes, 10);
}

#[test]
fn every_inlined_copy_is_right_in_loops_while_all_are_armed_and_disarmed() {
    stress(&inlined(), adding_probes, 1);
}
