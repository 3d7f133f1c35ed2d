//! Functions that their own stubs call again, while links come and go: no call is lost, and none is seen twice.

use std::cell::RefCell;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use gtramp::{Entry, Exit, LinkBuilder, traceable};

struct Counted(u64);

#[traceable]
impl Counted {
    #[inline(never)]
    fn again(&self, x: u64) -> u64 {
        // A macro: the body is not copied.
        assert!(x < 1 << 32, "{x}");
        self.0 + x
    }
}

thread_local! {
    /// Which links have seen the call that is under way, at its entry and at its end.
    static SEEN: RefCell<Vec<(u64, bool)>> = const { RefCell::new(Vec::new()) };
}

const PATH: &str = "**::passes::Counted::again";

/// A link that notes its number at each entry and each exit.
fn noting(number: u64) -> LinkBuilder {
    let note = move |entered| SEEN.with_borrow_mut(|seen| seen.push((number, entered)));
    let link = gtramp::link().functions(PATH).fentry(move |_: &Entry| note(true));
    // Every other link lets the call go on to the body by itself.
    if number.is_multiple_of(2) { link } else { link.fexit(move |_: &Exit| note(false)) }
}

fn call(x: u64) -> Vec<(u64, bool)> {
    assert_eq!(Counted(1).again(x), x + 1);
    let mut seen = SEEN.take();
    seen.sort_unstable();
    seen
}

#[test]
fn calls_of_a_function_that_is_called_again_are_seen_once_by_each_link() {
    const THREADS: usize = 3;
    const ROUNDS: u64 = if cfg!(target_arch = "x86_64") { 16 } else { 4 };
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let churning = AtomicBool::new(true);
    let (twice, missed) = (AtomicU64::new(0), AtomicU64::new(0));
    let turn = Barrier::new(THREADS + 1);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    turn.wait();
                    while churning.load(Ordering::Acquire) {
                        let mut seen = call(1);
                        let before = seen.len();
                        seen.dedup();
                        // Not a panic: the others would wait for this thread.
                        twice.fetch_add((before - seen.len()) as u64, Ordering::Relaxed);
                    }
                    turn.wait();
                    // Attached to all the time.
                    turn.wait();
                    for x in 0..100 {
                        let seen = call(x);
                        assert!(
                            !seen.is_empty(),
                            "{x}: no call is let through by what an earlier one left"
                        );
                    }
                    turn.wait();
                }
            });
        }
        for _ in 0..ROUNDS {
            churning.store(true, Ordering::Release);
            turn.wait();
            for _ in 0..50 {
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                drop(noting(number).attach().expect("it takes any probe"));
            }
            churning.store(false, Ordering::Release);
            turn.wait();
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let link = noting(number).attach().expect("it takes any probe");
            turn.wait();
            turn.wait();
            drop(link);
        }
    });
    assert_eq!(twice.into_inner(), 0, "calls that a link has seen twice");
    assert_eq!(missed.into_inner(), 0, "calls that were let through by what an earlier one left");
    assert!(call(1).is_empty(), "off");
}
