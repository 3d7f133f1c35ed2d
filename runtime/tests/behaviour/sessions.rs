//! Sessions: a value of the call goes from its entry to its exit.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, Link, LinkBuilder, ModRet, Return, link, site, traceable};

use crate::support::Log;

/// A value that counts how often one was made and how often one was dropped.
#[derive(Clone, Debug, Default)]
struct Counts {
    made: Arc<AtomicU64>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Counted {
    number: u64,
    of: Counts,
}

impl Counts {
    fn make(&self, number: u64) -> Counted {
        self.made.fetch_add(1, SeqCst);
        Counted { number, of: self.clone() }
    }

    fn get(&self) -> (u64, u64) {
        (self.made.load(SeqCst), self.dropped.load(SeqCst))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.of.dropped.fetch_add(1, SeqCst);
    }
}

/// A form of a link, and its name.
type Form = (&'static str, fn() -> LinkBuilder);

/// In every form of a link.
fn forms() -> [Form; 3] {
    [
        ("as it is", link),
        ("sleepable", || link().sleepable(true)),
        ("hashed", || link().lookup(Lookup::Hash)),
    ]
}

#[traceable]
fn fibonacci(n: u64) -> u64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

#[test]
fn each_call_of_a_recursion_has_a_value_of_its_own() {
    for (name, form) in forms() {
        for with_others in [false, true] {
            let other = form().functions(site!(fibonacci)).around(|_: &Entry| (), |_: &Exit| ());
            let _other = with_others.then(|| other.attach().unwrap());
            let (counts, log) = (Counts::default(), Log::new());
            let (made, ended) = (counts.clone(), log.clone());
            let link = form()
                .functions(site!(fibonacci))
                .fsession(
                    // Of every other argument.
                    move |_: &Entry, n: &u64| n.is_multiple_of(2).then(|| made.make(*n)),
                    move |_: &Exit, value: Counted, n: u64, ret: Return<u64>| {
                        assert_eq!(value.number, n);
                        ended.push(format!("{n} = {}", ret.get().unwrap()));
                    },
                )
                .attach()
                .unwrap();
            assert_eq!(fibonacci(4), 3);
            let expected = ["2 = 1", "0 = 0", "2 = 1", "4 = 3"];
            let mut seen = log.take();
            seen.sort();
            let mut expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
            expected.push("0 = 0".to_owned());
            expected.sort();
            assert_eq!(seen, expected, "{name}");
            assert_eq!(counts.get(), (5, 5), "{name}");
            assert_eq!(link.info().missed, 0);
            drop(link);
            assert_eq!(fibonacci(4), 3);
            assert_eq!(counts.get(), (5, 5), "{name}: detached");
        }
    }
}

#[traceable]
fn ends(how: u64) -> u64 {
    assert!(how != 0, "as it was told");
    how
}

#[test]
fn the_value_is_dropped_once_however_the_call_ends() {
    let _alone = alone();
    for (name, form) in forms() {
        let (counts, log) = (Counts::default(), Log::new());
        let (made, ended) = (counts.clone(), log.clone());
        let _link = form()
            .functions(site!(ends))
            .fsession(
                move |_: &Entry, how: &u64| Some(made.make(*how)),
                move |ctx: &Exit, value: Counted| {
                    let end = if ctx.unwound() { "unwound" } else { "returned" };
                    ended.push(format!("{} {end} {}", value.number, ctx.origin_skipped()));
                },
            )
            .attach()
            .unwrap();
        assert_eq!(ends(1), 1);
        catch_unwind(|| ends(0)).unwrap_err();
        let decided = site!(ends).fmod_ret(|_: &ModRet, how: &u64| ControlFlow::Break(how + 10));
        let decided: Link = decided.unwrap();
        assert_eq!(ends(0), 10);
        drop(decided);
        assert_eq!(
            log.take(),
            ["1 returned false", "0 unwound false", "0 returned true"],
            "{name}"
        );
        assert_eq!(counts.get(), (3, 3), "{name}");
    }
}

/// One test at a time has [`meanwhile`], [`calls_back`] and [`ends`].
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what it is told to.
#[traceable]
fn meanwhile(run: &dyn Fn()) {
    run();
}

#[test]
fn a_value_whose_link_is_detached_meanwhile_is_dropped_at_the_end_of_the_call() {
    let _alone = alone();
    for (name, form) in forms() {
        let (counts, log) = (Counts::default(), Log::new());
        let (made, ended) = (counts.clone(), log.clone());
        let link = form()
            .functions(site!(meanwhile))
            .fsession(
                move |_: &Entry| Some(made.make(0)),
                move |_: &Exit, _: Counted| ended.push("the exit half has run"),
            )
            .attach()
            .unwrap();
        let (send, receive) = channel::<Link>();
        send.send(link).unwrap();
        let detach = || {
            if let Ok(link) = receive.try_recv() {
                link.detach();
            }
            assert_eq!(counts.get(), (1, 0), "{name}: the call keeps it");
        };
        meanwhile(&detach);
        assert_eq!(counts.get(), (1, 1), "{name}");
        assert!(log.take().is_empty(), "{name}");
        assert_eq!(log.holders(), 0, "{name}: the closures are gone");
    }
}

#[test]
fn a_value_reaches_its_exit_half_when_other_links_come_and_go_meanwhile() {
    let _alone = alone();
    for (name, form) in forms() {
        let (counts, log) = (Counts::default(), Log::new());
        let (made, ended) = (counts.clone(), log.clone());
        let session = form().functions(site!(meanwhile)).fsession(
            move |_: &Entry| Some(made.make(5)),
            move |ctx: &Exit, value: Counted| {
                ended.push(format!("{} {}", value.number, ctx.unwound()));
            },
        );
        let _session = session.attach().unwrap();
        let other = || form().functions(site!(meanwhile)).fexit(|_: &Exit| ()).attach().unwrap();
        meanwhile(&|| other().leak());
        meanwhile(&|| drop(other()));
        let panics = || {
            other().leak();
            panic!("of the function");
        };
        catch_unwind(AssertUnwindSafe(|| meanwhile(&panics))).unwrap_err();
        assert_eq!(log.take(), ["5 false", "5 false", "5 true"], "{name}");
        assert_eq!(counts.get(), (3, 3), "{name}");
    }
}

#[test]
fn the_drop_of_a_value_that_nobody_took_leaves_errno_alone() {
    let _alone = alone();
    fn set_errno(value: i32) {
        // SAFETY: the function has no conditions.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: it is the thread's own.
        unsafe { errno.write(value) };
    }

    struct Sets;
    impl Drop for Sets {
        fn drop(&mut self) {
            set_errno(77);
        }
    }
    let link = site!(meanwhile).fsession(|_: &Entry| Some(Sets), |_: &Exit, _: Sets| ());
    let (send, receive) = channel::<Link>();
    send.send(link.unwrap()).unwrap();
    let last = || {
        receive.try_iter().for_each(Link::detach);
        set_errno(5);
    };
    meanwhile(&last);
    assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(5));
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the value's drop panics");
    }
}

#[test]
fn a_panic_in_the_drop_of_a_value_that_nobody_took_ends_there() {
    let _alone = alone();
    for _ in 0..2 {
        let link = site!(meanwhile).fsession(|_: &Entry| Some(Bomb), |_: &Exit, _: Bomb| ());
        let (send, receive) = channel::<Link>();
        send.send(link.unwrap()).unwrap();
        meanwhile(&|| receive.try_iter().for_each(Link::detach));
        // And of a call that unwinds, which goes on with its own panic.
        let link = site!(meanwhile).fsession(|_: &Entry| Some(Bomb), |_: &Exit, _: Bomb| ());
        send.send(link.unwrap()).unwrap();
        let panics = || {
            receive.try_iter().for_each(Link::detach);
            panic!("of the function");
        };
        let panic = catch_unwind(AssertUnwindSafe(|| meanwhile(&panics))).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"of the function"));
    }
}

#[derive(Debug, PartialEq)]
#[repr(align(64))]
struct Aligned(u8);

#[traceable]
fn of_many_sessions(a: u64, b: &str) -> usize {
    b.len() + usize::try_from(a).unwrap()
}

#[test]
fn several_sessions_of_one_function_keep_values_of_any_size() {
    for (name, form) in forms() {
        let log = Log::new();
        let (small, large, none, aligned) = (log.clone(), log.clone(), log.clone(), log.clone());
        let _link = form()
            .functions(site!(of_many_sessions))
            .fsession(
                |_: &Entry, a: &u64| Some(*a),
                move |_: &Exit, value: u64| small.push(format!("small {value}")),
            )
            .fsession(
                |_: &Entry, a: &u64, b: &str| Some(([*a; 9], b.to_owned())),
                move |_: &Exit, (numbers, text): ([u64; 9], String)| {
                    large.push(format!("large {} {text}", numbers.iter().sum::<u64>()));
                },
            )
            .fsession(|_: &Entry| Some(()), move |_: &Exit, (): ()| none.push("nothing"))
            .attach()
            .unwrap();
        assert_eq!(of_many_sessions(1, "x"), 2);
        let mut seen = log.take();
        seen.sort();
        assert_eq!(seen, ["large 9 x", "nothing", "small 1"], "{name}: alone");
        let other = form().functions(site!(of_many_sessions)).fsession(
            |_: &Entry| Some(Aligned(7)),
            move |_: &Exit, value: Aligned| {
                assert_eq!((&raw const value).addr() % 64, 0);
                aligned.push(format!("{value:?}"));
            },
        );
        let _other = other.attach().unwrap();
        for _ in 0..2 {
            assert_eq!(of_many_sessions(2, "abc"), 5);
            let mut seen = log.take();
            seen.sort();
            assert_eq!(seen, ["Aligned(7)", "large 18 abc", "nothing", "small 2"], "{name}");
        }
    }
}

#[traceable]
fn calls_back(n: u64) -> u64 {
    n
}

#[test]
fn a_call_from_within_a_session_of_the_same_link_has_none() {
    let _alone = alone();
    for (name, form) in forms() {
        let counts = Counts::default();
        let made = counts.clone();
        let link = form()
            .functions(site!(calls_back))
            .fsession(
                move |_: &Entry, n: &u64| {
                    assert_eq!(calls_back(n + 1), n + 1);
                    Some(made.make(*n))
                },
                |_: &Exit, value: Counted, n: u64| {
                    assert_eq!(calls_back(n + 1), n + 1);
                    assert_eq!(value.number, n);
                },
            )
            .attach()
            .unwrap();
        assert_eq!(calls_back(1), 1);
        assert_eq!(counts.get(), (1, 1), "{name}");
        assert_eq!(link.info().missed, 2, "{name}");
    }
}

#[test]
fn a_session_whose_half_panics_is_switched_off_and_its_values_are_dropped() {
    let _alone = alone();
    for panics_at_exit in [false, true] {
        let counts = Counts::default();
        let made = counts.clone();
        let link = site!(calls_back).fsession(
            move |_: &Entry, n: &u64| {
                let value = made.make(*n);
                assert!(panics_at_exit, "the entry half");
                Some(value)
            },
            |_: &Exit, _: Counted| panic!("the exit half"),
        );
        let link = link.unwrap();
        assert_eq!((calls_back(1), calls_back(2)), (1, 2));
        assert_eq!(counts.get(), (1, 1));
        let half = if panics_at_exit { "the exit half" } else { "the entry half" };
        assert_eq!(link.info().panic.as_deref(), Some(half));
    }
}

#[test]
fn halves_are_checked_against_the_function_before_anything_is_attached() {
    let _alone = alone();
    let error = site!(calls_back)
        .fsession(|_: &Entry, _: &str| Some(1_u8), |_: &Exit, _: u8| ())
        .expect_err("it takes no text");
    assert!(error.to_string().contains("calls_back"), "{error}");
    let error = site!(calls_back)
        .fsession(|_: &Entry| Some(1_u8), |_: &Exit, _: u8, _: Return<String>| ())
        .expect_err("it returns no text");
    assert!(error.to_string().contains("calls_back"), "{error}");
    assert_eq!(calls_back(3), 3);
}
