//! Panics of origins and of probes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, LinkBuilder, ModRet, Return, site, traceable};
use seq_macro::seq;

/// Dropped once, wherever the panic comes by.
struct Counted(Arc<AtomicU64>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(Default)]
struct Seen {
    entered: AtomicU64,
    unwound: AtomicU64,
    returned: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::SeqCst);
}

impl Seen {
    fn watch(self: &Arc<Self>, link: LinkBuilder) -> LinkBuilder {
        let (at_entry, at_exit) = (Arc::clone(self), Arc::clone(self));
        link.fentry(move |_: &Entry| count(&at_entry.entered)).fexit(move |ctx: &Exit| {
            count(if ctx.unwound() { &at_exit.unwound } else { &at_exit.returned });
        })
    }

    fn take(&self) -> [u64; 3] {
        [&self.entered, &self.unwound, &self.returned].map(|seen| seen.swap(0, Ordering::SeqCst))
    }
}

/// One function for each count of arguments, with a result in the slot and one in memory.
macro_rules! panicking {
    ($count:tt, $in_slot:ident, $in_memory:ident, $call:ident) => {
        seq!(I in 0..$count {
            #[traceable]
            #[allow(clippy::too_many_arguments, reason = "one of each shape")]
            fn $in_slot(owned: Counted, #(a~I: u64,)*) -> u64 {
                let _owned = owned;
                let sum = [0, #(a~I,)*].iter().sum();
                assert_ne!(sum, 1300, "unlucky in {}", stringify!($in_slot));
                sum
            }

            #[traceable]
            #[allow(clippy::too_many_arguments, reason = "one of each shape")]
            fn $in_memory(owned: Counted, #(a~I: u64,)*) -> [u64; 4] {
                let _owned = owned;
                let sum = [0, #(a~I,)*].iter().sum();
                assert_ne!(sum, 1300, "unlucky in {}", stringify!($in_memory));
                [sum; 4]
            }

            /// Calls both, with arguments that all say `each`.
            fn $call(each: u64, dropped: &Arc<AtomicU64>) {
                let [#(a~I,)*] = [each; $count];
                let owned = Counted(Arc::clone(dropped));
                let in_slot = catch_unwind(AssertUnwindSafe(|| $in_slot(owned, #(a~I,)*)));
                let owned = Counted(Arc::clone(dropped));
                let in_memory = catch_unwind(AssertUnwindSafe(|| $in_memory(owned, #(a~I,)*)));
                let panics = each * $count == 1300;
                assert_eq!((in_slot.is_err(), in_memory.is_err()), (panics, panics));
                for payload in [in_slot.err(), in_memory.err()].into_iter().flatten() {
                    let text = payload.downcast_ref::<String>().expect("it is as it was thrown");
                    assert!(text.contains("unlucky in "), "{text}");
                }
            }
        });
    };
}

// Divisors of 1300, and all shapes from one argument to eleven.
panicking!(1, slot_1, memory_1, call_1);
panicking!(2, slot_2, memory_2, call_2);
panicking!(4, slot_4, memory_4, call_4);
panicking!(5, slot_5, memory_5, call_5);
panicking!(10, slot_10, memory_10, call_10);

type Call = fn(u64, &Arc<AtomicU64>);

#[test]
fn a_panic_of_the_origin_passes_through_the_callers_of_every_shape() {
    let calls: [(u64, Call); 5] =
        [(1, call_1), (2, call_2), (4, call_4), (5, call_5), (10, call_10)];
    for lookup in [Lookup::Inline, Lookup::Hash] {
        for sleepable in [false, true] {
            let seen = Arc::new(Seen::default());
            let link = gtramp::link()
                .functions(["unwind::panics::slot_*", "unwind::panics::memory_*"])
                .lookup(lookup)
                .sleepable(sleepable);
            let link = seen.watch(link).attach().expect("it takes any probe");
            for (count, call) in calls {
                let dropped = Arc::new(AtomicU64::new(0));
                call(1300 / count, &dropped);
                assert_eq!(seen.take(), [2, 2, 0], "{count} arguments");
                call(0, &dropped);
                assert_eq!(seen.take(), [2, 0, 2], "{count} arguments");
                assert_eq!(dropped.load(Ordering::SeqCst), 4, "each argument is dropped once");
            }
            assert!(link.info().panic.is_none());
            drop(link);
        }
    }
    // A probe of each kind alone, in a caller of its own.
    let dropped = Arc::new(AtomicU64::new(0));
    let exits = Arc::new(AtomicU64::new(0));
    for (count, call) in calls {
        let inside = Arc::clone(&exits);
        let exit = gtramp::fexit("unwind::panics::slot_*", move |ctx: &Exit| {
            assert!(ctx.unwound());
            inside.fetch_add(1, Ordering::SeqCst);
        });
        call(1300 / count, &dropped);
        drop(exit);
        let entry = gtramp::fentry("unwind::panics::slot_*", |_: &Entry| ());
        call(1300 / count, &dropped);
        drop(entry);
        let decides = gtramp::fmod_ret("unwind::panics::slot_*", |_: &ModRet| {
            core::ops::ControlFlow::<u64>::Continue(())
        });
        call(1300 / count, &dropped);
        drop(decides);
    }
    assert_eq!(exits.load(Ordering::SeqCst), 5);
    assert_eq!(dropped.load(Ordering::SeqCst), 5 * 3 * 2);
}

#[traceable]
fn outer(a: u64) -> u64 {
    middle(a) + 1
}

#[traceable]
fn middle(a: u64) -> u64 {
    catch_unwind(|| inner(a)).unwrap_or(100)
}

#[traceable]
fn inner(a: u64) -> u64 {
    assert_ne!(a, 13, "unlucky");
    a
}

#[test]
fn nested_calls_end_in_order_and_only_those_below_the_catch_unwind() {
    static ORDER: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let note =
        |ctx: &str, what: &str| ORDER.lock().expect("nobody panics").push(format!("{ctx} {what}"));
    let link = gtramp::link()
        .functions("unwind::panics::{outer,middle,inner}")
        .fentry(move |ctx: &Entry| note(ctx.function().name(), "entered"))
        .fexit(move |ctx: &Exit| {
            let how = if ctx.unwound() { "unwound" } else { "returned" };
            note(ctx.function().name(), how);
        })
        .attach()
        .expect("it takes any probe");
    assert_eq!(outer(13), 101);
    drop(link);
    let order = ORDER.lock().expect("nobody panics").join(", ");
    assert_eq!(
        order,
        "outer entered, middle entered, inner entered, inner unwound, middle returned, outer returned"
    );
}

#[traceable]
fn steady(a: u64) -> u64 {
    a + 1
}

#[test]
fn a_panic_of_a_probe_stays_there_and_switches_its_link_off() {
    for sleepable in [false, true] {
        for kind in 0..3 {
            let others = Arc::new(Seen::default());
            let other = others.watch(gtramp::link().functions(site!(steady)));
            let other = other.attach().expect("it takes any probe");
            let link = gtramp::link().functions(site!(steady)).sleepable(sleepable);
            let link = match kind {
                0 => link.fentry(|_: &Entry| panic!("of a probe")),
                1 => link
                    .fmod_ret(|_: &ModRet| -> core::ops::ControlFlow<u64> { panic!("of a probe") }),
                _ => link.fexit(|_: &Exit, _: Return<u64>| panic!("of a probe")),
            };
            let link = link.attach().expect("the types are the function's");
            assert_eq!(steady(1), 2);
            assert_eq!(link.info().panic.as_deref(), Some("of a probe"));
            assert!(!link.is_enabled());
            assert_eq!(steady(2), 3);
            assert_eq!(others.take(), [2, 0, 2], "the other link goes on");
            link.enable().expect("nothing is in the way");
            assert_eq!(steady(3), 4);
            assert!(!link.is_enabled());
            assert_eq!(others.take(), [1, 0, 1]);
            drop((link, other));
            assert_eq!((steady(4), others.take()), (5, [0, 0, 0]));
        }
    }
}

struct CallsWhileUnwinding;

impl Drop for CallsWhileUnwinding {
    fn drop(&mut self) {
        assert!(std::thread::panicking());
        assert_eq!(steady_while_panicking(1), 2);
    }
}

#[traceable]
fn steady_while_panicking(a: u64) -> u64 {
    a + 1
}

#[traceable]
fn unwinds(_: u64) -> u64 {
    let _calls = CallsWhileUnwinding;
    panic!("of the origin")
}

#[test]
fn probes_run_and_may_panic_while_a_panic_unwinds() {
    let link = gtramp::link()
        .functions("unwind::panics::{unwinds,steady_while_panicking}")
        .fentry(|ctx: &Entry| {
            let name = ctx.function().name();
            assert!(name == "unwinds" || std::thread::panicking());
        })
        .attach()
        .expect("it takes any probe");
    let panicking = gtramp::fexit("unwind::panics::unwinds", |ctx: &Exit| {
        assert!(!ctx.unwound(), "a panic while panicking");
    });
    let panicking = panicking.expect("it takes any probe");
    let nested = gtramp::fentry("unwind::panics::steady_while_panicking", |_: &Entry| {
        panic!("another panic while panicking")
    });
    let nested = nested.expect("it takes any probe");
    let payload = catch_unwind(|| unwinds(1)).expect_err("it panics");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"of the origin"));
    assert!(panicking.info().panic.is_some_and(|text| text.contains("a panic while panicking")));
    assert!(nested.info().panic.is_some_and(|text| text.contains("another panic")));
    assert!(link.info().panic.is_none());
}
