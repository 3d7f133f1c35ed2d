//! What many links take: memory, and pieces of it, counted by the allocator for the thread. An attach touches the rows of the lists
//! that it replaces, each list once, and what it took is given back.

#![cfg(gtramp_stubs)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gtramp::{Entry, Function, Link, site, traceable};
use seq_macro::seq;

/// Counts what is given out.
struct Counting;

std::thread_local! {
    /// Of the thread: the test harness has others.
    static BYTES: Cell<i64> = const { Cell::new(0) };
    static PIECES: Cell<u64> = const { Cell::new(0) };
}

fn note(size: usize, sign: i64) {
    BYTES.set(BYTES.get() + sign * i64::try_from(size).expect("it is there"));
}

// SAFETY: as the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 1);
        PIECES.set(PIECES.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        note(layout.size(), -1);
        // SAFETY: the caller's promise, and the system's memory.
        unsafe { System.dealloc(place, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn bytes() -> i64 {
    BYTES.get()
}

/// How many pieces of memory this asks for.
fn pieces<R>(run: impl FnOnce() -> R) -> (u64, R) {
    let before = PIECES.get();
    let result = run();
    (PIECES.get() - before, result)
}

/// What one test leaves to be freed, another would free: so one runs at a time.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

const FUNCTIONS: i64 = 64;
const LINKS: i64 = 64;

/// The least that a row can take.
const ROW: i64 = 48;

seq!(N in 0..64 {
    #[traceable]
    fn step_~N(a: u64) -> u64 {
        a.wrapping_add(N)
    }
});

fn call() -> u64 {
    let mut sum = 0;
    seq!(N in 0..64 { sum += step_~N(black_box(1)); });
    sum
}

const SUM: u64 = 64 + 63 * 32;

static HITS: AtomicI64 = AtomicI64::new(0);

fn attach(cookie: fn(&Function) -> u64) -> Link {
    let link = gtramp::link().functions("growth::step_*").cookie(cookie);
    let link = link.fentry(|_: &Entry<'_>, _: &u64| {
        HITS.fetch_add(1, Ordering::Relaxed);
    });
    link.attach().expect("it takes any probe")
}

fn one(_: &Function) -> u64 {
    7
}

fn each(function: &Function) -> u64 {
    function.address() as u64
}

/// Many links, and back: the bytes that are out and the pieces that were asked for with each of them, and the
/// pieces that each asked for when it went.
fn round(cookie: fn(&Function) -> u64, first_goes_first: bool) -> [Vec<i64>; 3] {
    let before = bytes();
    let [mut out, mut coming, mut going] = [const { Vec::new() }; 3];
    let mut links = std::collections::VecDeque::with_capacity(LINKS as usize);
    for numbers in [&mut out, &mut coming, &mut going] {
        numbers.reserve(LINKS as usize);
    }
    let own = bytes() - before;
    for _ in 0..LINKS {
        let (pieces, link) = pieces(|| attach(cookie));
        links.push_back(link);
        coming.push(i64::try_from(pieces).expect("a few"));
        out.push(bytes() - before - own);
    }
    HITS.store(0, Ordering::Relaxed);
    assert_eq!(call(), SUM);
    assert_eq!(HITS.load(Ordering::Relaxed), FUNCTIONS * LINKS);
    while let Some(link) = if first_goes_first { links.pop_front() } else { links.pop_back() } {
        going.push(i64::try_from(pieces(|| drop(link)).0).expect("a few"));
    }
    HITS.store(0, Ordering::Relaxed);
    assert_eq!(call(), SUM);
    assert_eq!(HITS.load(Ordering::Relaxed), 0);
    [out, coming, going]
}

#[test]
fn what_links_take_is_given_back_when_they_are_detached() {
    let _turn = turn();
    assert_eq!(call(), SUM);
    for cookie in [one, each] {
        for first_goes_first in [false, true] {
            // What is made on first use, and room that lists of retired lists keep.
            drop(round(cookie, first_goes_first));
            let before = bytes();
            let out = round(cookie, first_goes_first)[0][LINKS as usize - 1];
            assert_eq!(bytes(), before, "of {out} bytes");
        }
    }
}

#[test]
fn functions_with_the_same_links_have_one_list_however_many_links_there_are() {
    let _turn = turn();
    assert_eq!(call(), SUM);
    for first_goes_first in [false, true] {
        drop(round(one, first_goes_first));
        let [out, coming, going] = round(one, first_goes_first);
        let rows = out[LINKS as usize - 1] - out[LINKS as usize - 2];
        assert!(
            rows < ROW * LINKS * FUNCTIONS / 8,
            "{rows} bytes more for one list of {LINKS} rows"
        );
        let most = |pieces: &[i64]| pieces[1..LINKS as usize - 1].iter().copied().max();
        assert!(most(&coming) < Some(FUNCTIONS), "pieces of memory in attaching: {coming:?}");
        assert!(most(&going) < Some(FUNCTIONS), "pieces of memory in detaching: {going:?}");
    }
}

#[test]
fn each_further_link_asks_for_as_many_pieces_of_memory_as_the_last() {
    let _turn = turn();
    assert_eq!(call(), SUM);
    drop(round(each, true));
    let [_, coming, going] = round(each, true);
    for pieces in [coming, going] {
        let [few, many] = [2, LINKS as usize - 3].map(|link| pieces[link]);
        assert!((few - many).abs() < FUNCTIONS / 2, "{pieces:?}");
    }
}

#[test]
fn links_on_one_function_take_a_row_each() {
    let _turn = turn();
    assert_eq!(call(), SUM);
    let attach = || site!(step_0).fentry(|_: &Entry<'_>| ()).expect("it takes any probe");
    let round = || {
        let mut links = Vec::with_capacity(1024);
        let mut out = Vec::with_capacity(1024);
        for _ in 0..1024 {
            links.push(attach());
            out.push(bytes());
        }
        drop(links);
        out
    };
    drop(round());
    let before = bytes();
    let out = round();
    let [early, late] = [10, 1000].map(|at| out[at + 20] - out[at]);
    assert_eq!(early, late, "twenty links more take as much, however many there are");
    drop(out);
    assert_eq!(bytes(), before);
}

#[test]
fn functions_whose_probes_are_exchanged_have_one_list_still() {
    let _turn = turn();
    assert_eq!(call(), SUM);
    let others = [attach(one), attach(one)];
    for besides in [true, false] {
        let link = attach(one);
        for round in 0..3 {
            let probe = |_: &Entry<'_>, _: &u64| ();
            let (pieces, updated) = pieces(|| link.update(probe));
            updated.expect("it takes any probe");
            let pieces = i64::try_from(pieces).expect("a few");
            assert!(
                pieces < FUNCTIONS * 3 / 2,
                "{pieces} pieces of memory in round {round}, {besides}"
            );
        }
        drop(link);
        others.iter().for_each(Link::disable);
    }
}
