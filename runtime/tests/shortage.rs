//! Memory that runs out while a link is attached to many functions: whatever is refused, attaching fails with
//! `OutOfMemory` and changes nothing, and the process lives on.

#![cfg(gtramp_stubs)]

#[path = "support/mod.rs"]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use gtramp::{Entry, Error, Link, traceable};
use seq_macro::seq;

use support::{EntryBytes, entry_bytes, in_a_child};

/// So many bytes are asked for because there are many functions: two for each.
const MUCH: usize = 2 * FUNCTIONS as usize;

/// How many pieces of memory that size the thread is granted before one is refused.
#[derive(Clone, Copy)]
enum Rule {
    All,
    After(usize),
    /// Whatever the system grants; what is small does not come from there.
    System,
}

std::thread_local! {
    static RULE: Cell<Rule> = const { Cell::new(Rule::All) };
}

struct Short;

/// Memory for what is small.
struct Small(UnsafeCell<[u8; 16 << 20]>);

// SAFETY: each piece of it is given out once.
unsafe impl Sync for Small {}

static SMALL: Small = Small(UnsafeCell::new([0; 16 << 20]));
static SMALL_END: AtomicUsize = AtomicUsize::new(0);

fn small(layout: Layout) -> *mut u8 {
    let size = layout.size() + layout.align();
    let start = SMALL_END.fetch_add(size, Ordering::Relaxed);
    assert!(start + size <= 16 << 20, "there is enough");
    let place = SMALL.0.get().cast::<u8>().wrapping_add(start);
    place.wrapping_add(place.align_offset(layout.align()))
}

fn is_small(place: *mut u8) -> bool {
    let start = SMALL.0.get().addr();
    (start..start + (16 << 20)).contains(&place.addr())
}

// SAFETY: as the system's, but for what it refuses and for what is small, which is never used again.
unsafe impl GlobalAlloc for Short {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match RULE.get() {
            Rule::System if layout.size() < MUCH => return small(layout),
            Rule::After(0) if layout.size() >= MUCH => return null_mut(),
            Rule::After(left) if layout.size() >= MUCH => RULE.set(Rule::After(left - 1)),
            _ => {}
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        if !is_small(place) {
            // SAFETY: the caller's promise, and the system's memory.
            unsafe { System.dealloc(place, layout) };
        }
    }
}

#[global_allocator]
static SHORT: Short = Short;

/// Runs it while memory is as short as the rule says.
fn under<R>(rule: Rule, run: impl FnOnce() -> R) -> R {
    RULE.set(rule);
    let result = run();
    RULE.set(Rule::All);
    result
}

const FUNCTIONS: u64 = 512;

#[traceable]
#[inline(never)]
fn one_of_many<const N: usize>(x: u64) -> u64 {
    x + N as u64
}

fn call_all() -> u64 {
    let mut sum = 0;
    seq!(N in 0..512 {
        sum += one_of_many::<N>(1);
    });
    sum
}

const SUM: u64 = FUNCTIONS + FUNCTIONS * (FUNCTIONS - 1) / 2;

std::thread_local! {
    static SEEN: Cell<u64> = const { Cell::new(0) };
}

fn probe(_: &Entry) {
    SEEN.set(SEEN.get() + 1);
}

/// How many calls were seen.
fn seen() -> u64 {
    assert_eq!(call_all(), SUM);
    SEEN.replace(0)
}

/// Tries under a rule; whether it worked. What is attached already sees `others` calls.
#[track_caller]
fn works(rule: Rule, others: u64, attach: impl FnOnce() -> Result<Link, Error>) -> Option<Link> {
    match under(rule, attach) {
        Ok(link) => Some(link),
        Err(Error::OutOfMemory { .. }) => {
            assert_eq!(seen(), others);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

const ALL: &str = "shortage::**";

/// Runs one of the tests below alone, in a process where nothing was listed before; what it printed.
#[track_caller]
fn alone(name: &str, granted: usize) -> String {
    in_a_child(name, &[("GRANTED", &granted.to_string())])
}

/// What a test prints that has found memory enough.
const ENOUGH: &str = "there was memory enough";

/// Grants a test none of the large pieces of memory that it asks for, one of them, two, and so on, until it has
/// enough. There have to be at least so many.
#[track_caller]
fn refuse_each(name: &str, at_least: usize) {
    let needed = (0..).find(|&granted| alone(name, granted).contains(ENOUGH));
    assert!(needed.is_some_and(|needed| needed >= at_least), "{needed:?}");
}

fn granted() -> Rule {
    let granted = std::env::var("GRANTED").expect("it is a child");
    Rule::After(granted.parse().expect("a number"))
}

#[test]
fn whichever_piece_of_memory_is_refused_to_the_first_attach_it_changes_nothing() {
    refuse_each("first_attach", 10);
}

#[test]
#[ignore = "its listing is the first: run in a process of its own"]
fn first_attach() {
    assert_eq!(call_all(), SUM);
    let link = works(granted(), 0, || gtramp::fentry(ALL, probe));
    if link.is_some() {
        println!("{ENOUGH}");
    }
    let link = link.unwrap_or_else(|| gtramp::fentry(ALL, probe).expect("there is memory"));
    assert_eq!(seen(), FUNCTIONS);
    drop(link);
    assert_eq!(seen(), 0);
}

#[test]
fn whichever_piece_of_memory_is_refused_to_a_later_attach_it_changes_nothing() {
    refuse_each("later_attach", 4);
}

#[test]
#[ignore = "memory is short: run in a process of its own"]
fn later_attach() {
    assert_eq!(call_all(), SUM);
    let first = gtramp::fentry([ALL, "!shortage::none"], probe).expect("there is memory");
    let second = works(granted(), FUNCTIONS, || gtramp::fentry([ALL, ALL], probe));
    if second.is_some() {
        println!("{ENOUGH}");
        assert_eq!(seen(), 2 * FUNCTIONS);
    }
    drop(second);
    assert_eq!(seen(), FUNCTIONS);
    drop(first);
    assert_eq!(seen(), 0);
}

#[test]
fn whichever_piece_of_memory_is_refused_to_enabling_the_link_stays_disabled() {
    refuse_each("enabling", 3);
}

#[test]
#[ignore = "memory is short: run in a process of its own"]
fn enabling() {
    let link = gtramp::fentry(ALL, probe).expect("there is memory");
    link.disable();
    match under(granted(), || link.enable()) {
        Ok(()) => {
            println!("{ENOUGH}");
            assert_eq!(seen(), FUNCTIONS);
        }
        Err(Error::OutOfMemory { .. }) => assert!(!link.is_enabled() && seen() == 0),
        Err(error) => panic!("{error}"),
    }
    link.enable().expect("there is memory");
    assert_eq!(seen(), FUNCTIONS);
}

#[test]
fn whichever_piece_of_memory_is_refused_to_functions_that_refuse_they_are_refused() {
    refuse_each("refusals", 10);
}

#[test]
#[ignore = "its listing is the first: run in a process of its own"]
fn refusals() {
    let off = || gtramp::functions().iter().flat_map(entry_bytes).collect::<Vec<EntryBytes>>();
    let wrong = |_: &Entry, _: &str| ();
    match under(granted(), || gtramp::fentry(ALL, wrong)).expect_err("they take numbers") {
        Error::OutOfMemory { .. } => {}
        Error::Refused(all) => {
            println!("{ENOUGH}");
            assert_eq!(all.len() as u64, FUNCTIONS);
        }
        error => panic!("{error}"),
    }
    let before = off();
    let right = gtramp::fentry(ALL, probe).expect("there is memory");
    assert_ne!(off(), before);
    drop(right);
    assert_eq!(off(), before);
}

#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "an emulator's memory is the program's")]
fn where_the_system_grants_no_more_memory_attaching_fails_and_changes_nothing() {
    alone("the_system_refuses", 0);
}

#[test]
#[ignore = "limits the memory of its process: run in one of its own"]
fn the_system_refuses() {
    let set = |limit: u64| {
        let limit = libc::rlimit { rlim_cur: limit, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: the limit is read.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
    };
    assert_eq!(call_all(), SUM);
    let page = 4096;
    let mut more = 0;
    // What is free already counts as granted, so it is used up first.
    let hog = || {
        while {
            let layout = Layout::from_size_align(MUCH, 16).expect("a layout");
            // SAFETY: the size is not zero.
            !unsafe { System.alloc(layout) }.is_null()
        } {}
    };
    let mut failed = 0;
    let link = loop {
        let link = works(Rule::System, 0, || {
            let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
            let pages: u64 = statm.split(' ').next().expect("a size").parse().expect("a number");
            set(pages * page);
            hog();
            more += 8 * page;
            set(pages * page + more);
            let link = gtramp::fentry(ALL, probe);
            set(libc::RLIM_INFINITY);
            link
        });
        match link {
            Some(link) => break link,
            None => failed += 1,
        }
    };
    assert!(failed > 0, "memory was short");
    assert_eq!(seen(), FUNCTIONS);
    drop(link);
    assert_eq!(seen(), 0);
}
