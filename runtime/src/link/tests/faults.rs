//! A transaction in which the k-th call of the system fails, for every k: it fails and nothing has
//! changed, or it succeeds all the same.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{targets, turn};
use crate::arch::Patch;
use crate::caller::Lookup;
use crate::link::snapshot::Snapshot;
use crate::link::transaction::Transaction;
use crate::sys::{Call, Rule, refuse};
use crate::{Entry, Error, Exit, Function, Link, LinkBuilder, ModRet, Selector, traceable};

mod near {
    use crate::traceable;

    #[traceable]
    pub(super) fn none() -> u64 {
        1
    }

    #[traceable]
    pub(super) fn two(a: u64, b: u64) -> u64 {
        a + b
    }
}

mod far {
    use crate::traceable;

    #[traceable]
    pub(super) fn seven(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64) -> u64 {
        a + b + c + d + e + f + g
    }

    #[traceable]
    pub(super) fn number<const N: u64>(a: u64) -> u64 {
        a + N
    }
}

std::thread_local! {
    static LOG: RefCell<Vec<(u64, &'static str, &'static str)>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn log(link: u64, kind: &'static str, function: &'static Function) {
    LOG.with_borrow_mut(|log| log.push((link, kind, function.name())));
}

/// What a call of every function makes probes see, and the results.
pub(super) fn observe() -> (Vec<(u64, &'static str, &'static str)>, [u64; 5]) {
    let results = [
        near::none(),
        near::two(1, 2),
        far::seven(1, 2, 3, 4, 5, 6, 7),
        far::number::<1>(1),
        far::number::<2>(1),
    ];
    (LOG.take(), results)
}

pub(super) fn all() -> Vec<&'static Function> {
    [targets("faults::near"), targets("faults::far")].concat()
}

fn selector(functions: &[&'static Function]) -> Selector {
    functions.iter().copied().collect()
}

/// What a link is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) entry: bool,
    pub(super) decide: bool,
    pub(super) exit: bool,
    pub(super) lookup: Lookup,
    pub(super) sleepable: bool,
}

pub(super) fn forms() -> Vec<Form> {
    let mut forms = Vec::new();
    for (entry, decide, exit) in
        [(true, false, false), (false, true, false), (false, false, true), (true, true, true)]
    {
        for (lookup, sleepable) in
            [(Lookup::Inline, false), (Lookup::Hash, false), (Lookup::Inline, true)]
        {
            forms.push(Form { entry, decide, exit, lookup, sleepable });
        }
    }
    forms
}

impl Form {
    pub(super) fn link(
        self,
        id: u64,
        functions: &[&'static Function],
        held: &Arc<()>,
    ) -> LinkBuilder {
        let mut link = crate::link()
            .functions(selector(functions))
            .cookie(id)
            .lookup(self.lookup)
            .sleepable(self.sleepable);
        if self.entry {
            let held = Arc::clone(held);
            link = link.fentry(move |ctx: &Entry| {
                let _ = &held;
                log(ctx.cookie(), "entry", ctx.function());
            });
        }
        if self.decide {
            let held = Arc::clone(held);
            link = link.fmod_ret(move |ctx: &ModRet| {
                let _ = &held;
                log(ctx.cookie(), "decide", ctx.function());
                if ctx.function().name() == "two" {
                    ControlFlow::Break(1000_u64)
                } else {
                    ControlFlow::Continue(())
                }
            });
        }
        if self.exit {
            let held = Arc::clone(held);
            link = link.fexit(move |ctx: &Exit| {
                let _ = &held;
                log(ctx.cookie(), "exit", ctx.function());
            });
        }
        link
    }
}

/// What is attached besides: nothing, or links of two kinds to some of the functions.
pub(super) fn others(besides: bool) -> Vec<Link> {
    let held = Arc::new(());
    let (first, second) = (forms()[0], forms()[7]);
    if !besides {
        return Vec::new();
    }
    vec![
        first.link(1, &all()[..3], &held).attach().expect("nothing fails yet"),
        second.link(2, &all()[1..], &held).attach().expect("nothing fails yet"),
    ]
}

pub(super) fn infos(links: &[Link]) -> Vec<String> {
    links.iter().map(|link| link.info().to_string()).collect()
}

/// Ways for a call to fail; the number says which one.
pub(super) type Way = fn(u64) -> (Rule, Option<Rule>);

const PAGES: Way = |k| (Call::Protect.once_after(k), Some(Call::OpenFile.always()));

/// Where what arms an entry is more than one byte, there is no way through the file.
const FILE: Way = if size_of::<Patch>() == 1 {
    |k| (Call::OpenFile.once_after(k), Some(Call::Protect.always()))
} else {
    PAGES
};

/// In these, whatever fails, fails before anything is changed.
pub(super) const BEFORE_ANYTHING: [Way; 4] = [
    PAGES,
    FILE,
    |k| (Call::Allocate.once_after(k), None),
    |k| (Call::Register.once_after(k), None),
];

fn check_error(error: &Error) {
    let text = error.to_string();
    match error {
        Error::Poke { address, source } => {
            let near = all().iter().any(|function| {
                let mut places = function.copies().chain(function.addresses());
                places.any(|place| place.abs_diff(*address) < 4096)
            });
            assert!(near && source.raw_os_error().is_some(), "{text}");
        }
        Error::OutOfMemory { function, what, bytes } => {
            assert!(*bytes > 0 && text.contains(what), "{text}");
            assert!(function.is_none_or(|function| text.contains(function)), "{text}");
        }
        Error::Unsupported { .. } => assert!(text.contains("barrier"), "{text}"),
        _ => panic!("{text}"),
    }
}

/// Lets the k-th call fail, for every k, until none is left to fail: how often `step` failed.
/// Nothing may have changed then.
fn walk<R>(
    way: Way,
    functions: &[&'static Function],
    others: &[Link],
    mut step: impl FnMut() -> Result<R, Error>,
    mut undo: impl FnMut(R),
) -> u64 {
    let mut failures = 0;
    let look = || (Snapshot::of(functions.iter().copied()), observe(), infos(others));
    let mut before = look();
    for k in 0.. {
        let (first, second) = way(k);
        let refusing = refuse(first, second);
        let result = step();
        let met = refusing.was_met();
        drop(refusing);
        match result {
            Err(error) => {
                assert!(met, "it fails for another reason: {error}");
                check_error(&error);
                failures += 1;
                // Memory that was replaced is put back into use or freed by the next transaction.
                assert_eq!(look(), before, "{k}: {error}");
            }
            Ok(done) => {
                assert_ne!(observe(), before.1, "{k}: it succeeded");
                undo(done);
                assert_eq!(observe(), before.1, "{k}");
                if !met {
                    return failures;
                }
                // What was refused can be done without. The attach is counted.
                before = look();
            }
        }
        assert!(k < 1000, "it always fails");
    }
    unreachable!("the numbers do not end")
}

/// In a `slot` build nothing is patched, and only memory can be refused.
pub(super) const PATCHES: bool = !cfg!(gtramp_slot);

#[test]
fn an_attach_in_which_any_call_fails_changes_nothing() {
    let _turn = turn();
    let functions = all();
    let mut failures = [0; BEFORE_ANYTHING.len()];
    for form in forms() {
        for besides in [false, true] {
            let others = others(besides);
            for (way, failures) in BEFORE_ANYTHING.into_iter().zip(&mut failures) {
                let held = Arc::new(());
                // From the state in which metadata exists, and the table has room or has not.
                *failures += walk(
                    way,
                    &functions,
                    &others,
                    || form.link(9, &functions, &held).attach(),
                    |link| {
                        link.detach();
                        assert_eq!(Arc::strong_count(&held), 1, "closures are dropped");
                    },
                );
                assert_eq!(Arc::strong_count(&held), 1, "closures of a failed attach are dropped");
            }
        }
    }
    println!("failed attaches by protection, file, memory, barrier: {failures:?}");
    assert_eq!(failures.map(|failures| failures > 0), [PATCHES, PATCHES, true, true]);
}

#[test]
fn an_enable_in_which_any_call_fails_changes_nothing() {
    let _turn = turn();
    let functions = all();
    let mut failures = [0; 3];
    for form in forms() {
        for besides in [false, true] {
            let others = others(besides);
            let held = Arc::new(());
            let link = form.link(9, &functions, &held).attach().expect("nothing fails yet");
            link.disable();
            for (way, failures) in BEFORE_ANYTHING.into_iter().zip(&mut failures) {
                *failures += walk(
                    way,
                    &functions,
                    &others,
                    || {
                        let result = link.enable();
                        assert_eq!(result.is_ok(), link.is_enabled());
                        result
                    },
                    |()| link.disable(),
                );
            }
            link.enable().expect("nothing fails any more");
            drop(link);
            assert_eq!(Arc::strong_count(&held), 1);
        }
    }
    println!("failed enables by protection, file, memory: {failures:?}");
    assert_eq!(failures.map(|failures| failures > 0), [PATCHES, PATCHES, true]);
}

#[test]
fn functions_that_were_never_attached_to_are_untouched_by_an_attach_without_memory() {
    let _turn = turn();
    let fresh = targets("faults::fresh");
    let held = Arc::new(());
    // What is kept for the whole process has room, whichever tests ran before.
    for _ in 0..2 {
        drop(forms()[10].link(8, &all(), &held).attach().expect("nothing fails yet"));
    }
    let before = Snapshot::of(fresh.iter().copied());
    let mut failed = 0;
    loop {
        let refusing = refuse(Call::Allocate.once_after(failed), None);
        let attach = forms()[10].link(9, &fresh, &held).attach();
        drop(refusing);
        match attach {
            Err(error) => check_error(&error),
            Ok(link) => {
                drop(link);
                break;
            }
        }
        assert_eq!(Snapshot::of(fresh.iter().copied()), before, "{failed}");
        failed += 1;
    }
    // The selection, twice; the functions; room for the lists, metadata of all, a list for each of three
    // fits; and the pages, as many as they are.
    assert!(failed >= 8, "allocations: {failed}");
    assert_eq!(fresh::all(), [1, 3, 1]);
}

mod fresh {
    use crate::traceable;

    #[traceable]
    fn none() -> u64 {
        1
    }

    #[traceable]
    fn two(a: u64, b: u64) -> u64 {
        a + b
    }

    #[traceable]
    fn one(a: &str) -> u64 {
        a.len() as u64
    }

    pub(super) fn all() -> [u64; 3] {
        [none(), two(1, 2), one("a")]
    }
}

/// Writes through the memory file are tried before anything is changed. If one fails all the same,
/// what was done is taken back.
#[test]
#[cfg(target_arch = "x86_64")] // Where entries are written through the memory file.
fn an_attach_in_which_any_write_of_an_entry_fails_leaves_nothing_attached() {
    let _turn = turn();
    let functions = all();
    for form in forms() {
        for besides in [false, true] {
            let others = others(besides);
            let before = Snapshot::of(functions.iter().copied());
            let observed = (observe(), infos(&others));
            let held = Arc::new(());
            let mut failed = 0;
            loop {
                let rule = Call::WriteFile.once_after(failed);
                let refusing = refuse(rule, Some(Call::Protect.always()));
                let attach = form.link(9, &functions, &held).attach();
                drop(refusing);
                let Err(error) = attach else { break };
                check_error(&error);
                let now = Snapshot::of(functions.iter().copied());
                assert_eq!((now.bytes(), now.pages()), (before.bytes(), before.pages()));
                assert_eq!(now.hashed(), before.hashed());
                assert_eq!((observe(), infos(&others)), observed, "{failed}");
                assert_eq!(Arc::strong_count(&held), 1, "closures of a failed attach are dropped");
                failed += 1;
            }
            // Of those that are off, every switch is written, and before that every place is tried.
            let switches: usize = functions.iter().map(|function| function.copies().count()).sum();
            let entries: usize = functions.iter().map(|function| function.addresses().len()).sum();
            let off = if besides { 0 } else { (2 * switches + entries) as u64 };
            assert_eq!(failed, if PATCHES { off } else { 0 });
        }
    }
}

#[test]
fn a_detach_in_which_any_call_fails_leaves_nothing_to_run() {
    const WAYS: [Way; 4] = [
        |k| (Call::Protect.once_after(k), Some(Call::OpenFile.always())),
        |_| (Call::Protect.always(), Some(Call::OpenFile.always())),
        |k| (Call::WriteFile.once_after(k), Some(Call::Protect.always())),
        |k| (Call::OpenFile.once_after(k), Some(Call::Protect.always())),
    ];
    let _turn = turn();
    let functions = all();
    for form in forms() {
        for besides in [false, true] {
            let others = others(besides);
            for way in WAYS {
                let before = Snapshot::of(functions.iter().copied());
                let observed = (observe(), infos(&others));
                for k in 0..20 {
                    let held = Arc::new(());
                    let link = form.link(9, &functions, &held).attach().expect("nothing fails yet");
                    let (first, second) = way(k);
                    let refusing = refuse(first, second);
                    let disabled = if k & 1 == 0 {
                        link.detach();
                        None
                    } else {
                        link.disable();
                        Some(link)
                    };
                    let met = refusing.was_met();
                    drop(refusing);
                    assert_eq!((observe(), infos(&others)), observed, "{k}");
                    drop(disabled);
                    assert_eq!(Arc::strong_count(&held), 1, "closures are dropped");
                    assert_eq!((observe(), infos(&others)), observed, "{k}");
                    // What stayed armed is disarmed by the next that can.
                    drop(form.link(9, &functions, &held).attach().expect("nothing fails now"));
                    let now = Snapshot::of(functions.iter().copied());
                    assert_eq!((now.bytes(), now.pages()), (before.bytes(), before.pages()), "{k}");
                    if !met {
                        break;
                    }
                }
            }
            drop(others);
            assert!(Snapshot::of(functions.iter().copied()).is_off());
        }
    }
}

/// A user's closure whose drop looks where it is.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        assert!(!Transaction::is_under_way(), "a user's value is dropped under the lock");
        self.0.store(true, Ordering::Relaxed);
    }
}

#[traceable]
fn of_one_link(a: u64) -> u64 {
    a
}

#[test]
fn the_probes_of_a_failed_attach_are_dropped_without_the_lock() {
    let _turn = turn();
    assert_eq!(of_one_link(1), 1);
    for call in [Call::Allocate, Call::Register] {
        let dropped = Arc::new(AtomicBool::new(false));
        let (probe, cookies) = (Dropped(Arc::clone(&dropped)), Dropped(Arc::clone(&dropped)));
        let refusing = refuse(call.once_after(0), None);
        let attach = crate::site!(of_one_link)
            .link()
            .cookie(move |_: &Function| {
                let _ = &cookies;
                0
            })
            .fentry(move |_: &Entry| {
                let _ = &probe;
            })
            .attach();
        assert!(refusing.was_met() && attach.is_err());
        assert!(dropped.load(Ordering::Relaxed));
    }
}

#[test]
fn a_thread_for_whose_record_there_is_no_memory_runs_unprobed_until_there_is() {
    let _turn = turn();
    let hits = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&hits);
    let link = crate::site!(of_one_link)
        .fentry(move |_: &Entry| {
            counted.fetch_add(1, Ordering::Relaxed);
        })
        .expect("nothing fails yet");
    // More threads than records that need no memory, all at the same time.
    const THREADS: u64 = 80;
    let barrier = std::sync::Barrier::new(THREADS as usize);
    let unprobed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let refusing = refuse(Call::Map.always(), None);
                for a in 0..10 {
                    assert_eq!(of_one_link(a), a);
                }
                drop(refusing);
                barrier.wait();
                assert_eq!(of_one_link(1), 1);
                barrier.wait();
            });
        }
    });
    drop(link);
    let hits = hits.load(Ordering::Relaxed);
    unprobed.store(THREADS * 11 - hits, Ordering::Relaxed);
    let unprobed = unprobed.into_inner();
    assert!(unprobed > 0 && unprobed.is_multiple_of(10), "{unprobed} of the calls before");
    // Only the first chunk of records needs no memory; tests on other threads may have some.
    assert!(unprobed >= (THREADS - 32) * 10 || hits >= THREADS, "{hits} hits");
}
