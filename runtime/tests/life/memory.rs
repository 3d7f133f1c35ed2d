//! Nothing accumulates.

use std::sync::atomic::Ordering;

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, site, traceable};

use crate::{count, counted, counter, cycles, turn};

#[traceable]
fn next(a: u64) -> u64 {
    a + 1
}

/// What the process keeps in memory, in KiB.
pub(crate) fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("it has this line");
    let number = line.split_whitespace().nth(1).expect("it has a number");
    number.parse().expect("it is a number")
}

/// Growth that is the allocator's and the test harness's, in KiB.
const SLACK: u64 = 4096;

/// Runs `cycle` a tenth of `times`, then the rest: memory must not grow in the rest.
#[track_caller]
fn stays_flat(times: u64, mut cycle: impl FnMut(u64)) {
    (0..times / 10).for_each(&mut cycle);
    let before = resident();
    (times / 10..times).for_each(&mut cycle);
    let after = resident();
    assert!(after <= before + SLACK, "{before} KiB have become {after} KiB in {times} cycles");
    println!("{times} cycles: {before} KiB before, {after} KiB after");
}

#[test]
#[cfg_attr(target_arch = "aarch64", ignore = "measures the emulator")]
fn memory_stays_flat_over_attach_and_detach_cycles() {
    let _turn = turn();
    let hits = counter();
    let times = cycles(20_000);
    stays_flat(times, |cycle| {
        let link = gtramp::link()
            .functions(site!(next))
            .lookup(if cycle & 1 == 0 { Lookup::Inline } else { Lookup::Hash })
            .fentry(move |_: &Entry| count(hits))
            .fexit(move |_: &Exit| count(hits))
            .attach()
            .expect("it takes any probe");
        assert_eq!(next(cycle), cycle + 1);
        drop(link);
    });
    assert_eq!(counted(hits), 2 * times);
}

#[test]
#[cfg_attr(target_arch = "aarch64", ignore = "measures the emulator")]
fn memory_stays_flat_over_threads_that_come_and_go() {
    let _turn = turn();
    let (entries, exits) = (counter(), counter());
    let link = gtramp::link()
        .functions(site!(next))
        .fentry(move |_: &Entry| count(entries))
        .fexit(move |_: &Exit| count(exits))
        .attach()
        .expect("it takes any probe");
    let threads = cycles(10_000);
    stays_flat(threads / 4, |cycle| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || assert_eq!(next(cycle), cycle + 1));
            }
        });
    });
    assert_eq!((counted(entries), counted(exits)), (threads / 4 * 4, threads / 4 * 4));
    drop(link);
    entries.store(0, Ordering::SeqCst);
    assert_eq!((next(1), counted(entries)), (2, 0));
}
