//! Recursion: a link does not see itself; others do.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, Link, ModRet, link, site, traceable};

use crate::support::Log;

#[traceable]
fn factorial(n: u64) -> u64 {
    if n == 0 { 1 } else { n * factorial(n - 1) }
}

#[test]
fn a_function_that_calls_itself_is_seen_at_every_level() {
    let log = Log::new();
    for _ in 0..2 {
        let (entry, exit) = (log.clone(), log.clone());
        let both = site!(factorial)
            .link()
            .fentry(move |_: &Entry, n: &u64| entry.push(format!("> {n}")))
            .fexit(move |ctx: &Exit, n: u64| {
                exit.push(format!("< {n} {:?}", ctx.ret::<u64>().unwrap()))
            })
            .attach()
            .unwrap();
        assert_eq!(factorial(2), 2);
        assert_eq!(log.take(), ["> 2", "> 1", "> 0", "< 0 Some(1)", "< 1 Some(1)", "< 2 Some(2)"]);
        assert_eq!(both.info().missed, 0);
        drop(both);
        assert_eq!(factorial(3), 6);
        assert!(log.take().is_empty());
    }
}

#[traceable]
fn probed_by_several(n: u64) -> u64 {
    n + 1
}

/// Each of them runs under a mark that names it, also in a list that one caller runs from end to end.
#[test]
fn a_call_in_the_second_of_several_probes_misses_that_one_alone() {
    for _ in 0..2 {
        let hits: [Arc<AtomicU64>; 3] = Default::default();
        let links: Vec<Link> = hits
            .iter()
            .enumerate()
            .map(|(place, hit)| {
                let hit = Arc::clone(hit);
                let probe = move |_: &Entry| {
                    hit.fetch_add(1, Relaxed);
                    if place == 1 {
                        assert_eq!(probed_by_several(10), 11);
                    }
                };
                site!(probed_by_several).fentry(probe).unwrap()
            })
            .collect();
        assert_eq!(probed_by_several(1), 2);
        assert_eq!(hits.each_ref().map(|hit| hit.load(Relaxed)), [2, 1, 2]);
        let missed: Vec<_> = links.iter().map(|link| link.info().missed).collect();
        assert_eq!(missed, [0, 1, 0]);
        drop(links);
        assert_eq!(probed_by_several(1), 2);
        assert_eq!(hits.each_ref().map(|hit| hit.load(Relaxed)), [2, 1, 2]);
    }
}

#[traceable]
fn deep(n: u64) -> u64 {
    if n == 0 { 0 } else { 1 + deep(n - 1) }
}

/// Unoptimised frames are large.
fn on_a_large_stack(run: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(1 << 26);
        thread.spawn_scoped(scope, run).unwrap();
    });
}

#[test]
fn deep_recursion_loses_no_exit() {
    const DEPTH: u64 = 1000;
    for _ in 0..2 {
        let (entries, exits) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (entry, exit) = (Arc::clone(&entries), Arc::clone(&exits));
        let both = site!(deep)
            .link()
            .fentry(move |_: &Entry, n: &u64| {
                entry.fetch_add(n + 1, Relaxed);
            })
            .fexit(move |_: &Exit, n: u64| {
                exit.fetch_add(n + 1, Relaxed);
            })
            .attach()
            .unwrap();
        on_a_large_stack(|| assert_eq!(deep(DEPTH), DEPTH));
        let sum = (DEPTH + 1) * (DEPTH + 2) / 2;
        assert_eq!((entries.load(Relaxed), exits.load(Relaxed)), (sum, sum));
        drop(both);
        assert_eq!((Arc::strong_count(&entries), Arc::strong_count(&exits)), (1, 1));
        on_a_large_stack(|| assert_eq!(deep(DEPTH), DEPTH));
        assert_eq!(entries.load(Relaxed), sum);
    }
}

#[traceable]
fn probed_by_a_caller(depth: u64) -> u64 {
    depth + 1
}

/// Attaches one probe, made to call what it probes three times, and counts.
fn nested_calls_are_missed(attach: impl Fn(Arc<AtomicU64>) -> Link) {
    for _ in 0..2 {
        let runs = Arc::new(AtomicU64::new(0));
        let link = attach(Arc::clone(&runs));
        for calls in 1..=5 {
            assert_eq!(probed_by_a_caller(1), 2);
            assert_eq!(runs.load(Relaxed), calls);
            assert_eq!(link.info().missed, 3 * calls);
        }
        drop(link);
        assert_eq!(probed_by_a_caller(1), 2);
        assert_eq!(runs.load(Relaxed), 5);
    }
}

fn call_three_times(runs: &AtomicU64) {
    for depth in 0..3 {
        assert_eq!(probed_by_a_caller(depth), depth + 1, "the origin runs");
    }
    runs.fetch_add(1, Relaxed);
}

#[test]
fn a_probe_that_calls_its_function_is_not_run_again_and_each_miss_counts() {
    for sleepable in [false, true] {
        let builder = || site!(probed_by_a_caller).link().sleepable(sleepable);
        nested_calls_are_missed(|runs| {
            builder().fentry(move |_: &Entry| call_three_times(&runs)).attach().unwrap()
        });
        nested_calls_are_missed(|runs| {
            builder().fexit(move |_: &Exit| call_three_times(&runs)).attach().unwrap()
        });
        nested_calls_are_missed(|runs| {
            let decide = move |_: &ModRet| -> ControlFlow<u64> {
                call_three_times(&runs);
                ControlFlow::Continue(())
            };
            builder().fmod_ret(decide).attach().unwrap()
        });
    }
}

#[traceable]
fn seen_by_two(log: &Log) {
    log.push("origin");
}

#[traceable]
fn called_by_a_probe(log: &Log) {
    log.push("inner origin");
}

#[test]
fn a_nested_call_is_seen_by_other_links() {
    let log = Log::new();
    for _ in 0..2 {
        let outer = link()
            .functions([
                "behaviour::recursion::seen_by_two",
                "behaviour::recursion::called_by_a_probe",
            ])
            .fentry(|ctx: &Entry, log: &Log| {
                log.push(format!("outer at {}", ctx.function().name()));
                called_by_a_probe(log);
            })
            .attach()
            .unwrap();
        let inner = site!(called_by_a_probe)
            .fentry(|_: &Entry, log: &Log| {
                log.push("inner");
                // Both links are running now.
                seen_by_two(log);
            })
            .unwrap();
        seen_by_two(&log);
        assert_eq!(
            log.take(),
            ["outer at seen_by_two", "inner", "origin", "inner origin", "origin"]
        );
        assert_eq!((outer.info().missed, inner.info().missed), (2, 0));
        drop((outer, inner));
        seen_by_two(&log);
        assert_eq!(log.take(), ["origin"]);
    }
}

#[traceable]
fn link_of_two(_n: u64) {}

#[test]
fn a_nested_call_is_missed_once_whatever_number_of_probes_the_link_has() {
    for _ in 0..2 {
        let both = site!(link_of_two)
            .link()
            .fentry(|_: &Entry, n: &u64| {
                if *n == 0 {
                    link_of_two(1);
                }
            })
            .fexit(|_: &Exit| ())
            .attach()
            .unwrap();
        link_of_two(0);
        assert_eq!(both.info().missed, 1);
        drop(both);
        link_of_two(0);
    }
}

macro_rules! chain {
    ($($name:ident $next:ident $number:literal)*) => { $(
        #[traceable]
        fn $name(log: &Log) {
            log.push(stringify!($name));
        }
    )*
        fn attach_chain() -> Vec<Link> {
            vec![$(
                site!($name)
                    .fentry(|_: &Entry, log: &Log| {
                        log.push(concat!("probe ", $number));
                        $next(log);
                    })
                    .unwrap()
            ),*]
        }
    };
}

chain! {
    c0 c1 0  c1 c2 1  c2 c3 2  c3 c4 3  c4 c5 4  c5 c6 5  c6 c7 6  c7 c8 7  c8 c9 8  c9 c10 9
    c10 c11 10  c11 c12 11  c12 c13 12  c13 last 13
}

fn last(log: &Log) {
    log.push("last");
}

#[test]
fn fourteen_links_may_be_nested_in_one_another() {
    let log = Log::new();
    for _ in 0..2 {
        let links = attach_chain();
        c0(&log);
        let probes = (0..14).map(|number| format!("probe {number}"));
        let origins = (0..14).rev().map(|number| format!("c{number}"));
        let expected: Vec<_> = probes.chain(["last".to_owned()]).chain(origins).collect();
        assert_eq!(log.take(), expected);
        assert!(links.iter().all(|link| link.info().missed == 0));
        drop(links);
        c0(&log);
        assert_eq!(log.take(), ["c0"]);
    }
}

/// Calls itself in its probes: each is probed by a link of its own.
#[traceable]
fn nested<const N: u64>(n: u64) -> u64 {
    N + n
}

/// How many probes of different links one thread can run within each other.
const MARKS: usize = 14;

#[test]
fn calls_nested_in_probes_of_more_links_than_a_thread_can_run_are_counted_as_missed() {
    // 0 calls 1 in its probe, 1 calls 2, and so on; nothing calls the last.
    fn probe_of<const N: u64>(
        next: fn(u64) -> u64,
        (exit, lookup): (bool, Lookup),
        ran: &Arc<AtomicU64>,
    ) -> Link {
        let ran = Arc::clone(ran);
        let run = move |ctx: &gtramp::Context<'_>| {
            ran.fetch_add(1 << ctx.cookie(), Relaxed);
            assert!(next(1) > 0);
        };
        let link = site!(nested::<N>).link().cookie(N).lookup(lookup);
        if exit {
            link.fexit(move |ctx: &Exit| run(ctx)).attach().unwrap()
        } else {
            link.fentry(move |ctx: &Entry| run(ctx)).attach().unwrap()
        }
    }
    let calls: [fn(u64) -> u64; 18] = seq_macro::seq!(N in 0..18 { [#(nested::<N>,)*] });
    let ways = [Lookup::Inline, Lookup::Hash].map(|lookup| [(false, lookup), (true, lookup)]);
    for form in ways.into_iter().flatten() {
        let ran = Arc::new(AtomicU64::new(0));
        let links: [Link; 17] = seq_macro::seq!(N in 0..17 { [#(
            probe_of::<N>(calls[N..][1], form, &ran),
        )*] });
        for times in 1..4 {
            ran.store(0, Relaxed);
            assert_eq!(nested::<0>(5), 5);
            assert_eq!(ran.load(Relaxed), (1 << MARKS) - 1, "each of the first ran once");
            let missed: Vec<u64> = links.iter().map(|link| link.info().missed).collect();
            let expected: Vec<u64> =
                (0..links.len()).map(|link| if link == MARKS { times } else { 0 }).collect();
            assert_eq!(missed, expected);
        }
        drop(links);
        ran.store(0, Relaxed);
        assert_eq!((nested::<0>(5), ran.load(Relaxed)), (5, 0));
    }
}

#[traceable]
fn among_many(_depth: u64) {}

#[test]
fn a_call_is_missed_once_by_a_link_of_many_probes_among_many_links() {
    for others in [3_u64, 40] {
        let quiet = || {
            let link = site!(among_many).link().fentry(|_: &Entry| ()).fexit(|_: &Exit| ());
            link.attach().unwrap()
        };
        let before: Vec<_> = (0..others).map(|_| quiet()).collect();
        let nests = |depth: u64| {
            if depth > 0 {
                among_many(depth - 1);
            }
        };
        let link = site!(among_many)
            .link()
            .fentry(move |_: &Entry, depth: &u64| nests(*depth))
            .fexit(|_: &Exit| ())
            .fexit(|_: &Exit| ())
            .attach()
            .unwrap();
        let after: Vec<_> = (0..others).map(|_| quiet()).collect();
        among_many(1);
        assert_eq!(link.info().missed, 1, "{others}");
        assert!(before.iter().chain(&after).all(|link| link.info().missed == 0));
    }
}
