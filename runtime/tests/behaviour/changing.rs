//! Links that change while they are attached: other probes, other functions, another place, several at once.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use gtramp::{
    Entry, Error, Exit, Function, Kind, Link, ModRet, Probes, Return, Selector, Transaction, link,
    site, traceable,
};

use crate::support::{Log, entry_bytes, function};

#[traceable]
fn one(log: &Log) -> u64 {
    log.push("one");
    1
}

#[traceable]
fn two(log: &Log) -> u64 {
    log.push("two");
    2
}

#[traceable]
fn three(text: &str) -> usize {
    text.len()
}

/// Tests that attach to the same functions take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn says(text: &'static str) -> impl Fn(&Entry, &Log) + Send + Sync + 'static {
    move |ctx: &Entry, log: &Log| log.push(format!("{text} {}", ctx.cookie()))
}

#[test]
fn an_updated_link_runs_its_new_probe_with_the_old_cookie_and_place() {
    let _turn = turn();
    let log = Log::new();
    for _ in 0..2 {
        let first = site!(one).link().cookie(1).fentry(says("old")).attach().unwrap();
        let last = site!(one).link().cookie(2).fentry(says("last")).attach().unwrap();
        for text in ["new", "newer"] {
            first.update(says(text)).unwrap();
            one(&log);
            assert_eq!(log.take(), [&format!("{text} 1"), "last 2", "one"]);
        }
        drop((first, last));
        one(&log);
        assert_eq!(log.take(), ["one"]);
    }
}

#[test]
fn what_the_old_probe_held_is_gone_when_the_update_returns() {
    let _turn = turn();
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let link = site!(one)
        .fentry(move |_: &Entry| {
            let _ = &inside;
        })
        .unwrap();
    link.update(|_: &Entry| ()).unwrap();
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_link_alone_has_a_caller_of_its_own_again_after_an_update() {
    let _turn = turn();
    let link = site!(two).fentry(|_: &Entry| ()).unwrap();
    let before = link.info().functions[0].caller;
    link.update(|ctx: &Entry| assert_eq!(ctx.function().name(), "two")).unwrap();
    assert_eq!(link.info().functions[0].caller, before);
}

#[test]
fn each_kind_can_be_updated() {
    let _turn = turn();
    let log = Log::new();
    let link = site!(one).fmod_ret(|_: &ModRet| ControlFlow::Break(7_u64)).unwrap();
    link.update(|_: &ModRet| ControlFlow::Break(8_u64)).unwrap();
    assert_eq!(one(&log), 8);
    drop(link);

    let seen = Arc::new(AtomicU64::new(0));
    let link = site!(one).fexit(|_: &Exit| ()).unwrap();
    let sees = Arc::clone(&seen);
    link.update(move |_: &Exit, ret: Return<u64>| sees.store(*ret.get().unwrap(), SeqCst)).unwrap();
    one(&log);
    assert_eq!(seen.load(SeqCst), 1);
    drop(link);

    let link = site!(one).fsession(|_: &Entry| Some(3_u64), |_: &Exit, _: u64| ()).unwrap();
    let sees = Arc::clone(&seen);
    let probes = Probes::new().fsession(
        |_: &Entry| Some("four"),
        move |_: &Exit, text: &str| {
            sees.store(text.len() as u64, SeqCst);
        },
    );
    link.update(probes).unwrap();
    one(&log);
    assert_eq!(seen.load(SeqCst), 4);
}

#[test]
fn a_call_that_is_under_way_ends_with_the_new_exit_probe() {
    let _turn = turn();
    #[traceable]
    fn long(inside: &dyn Fn()) -> u64 {
        inside();
        1
    }
    // Alone, and beside another link: with a caller of its own, and with the shared one.
    for others in 0..2 {
        let log = Log::new();
        let told = |text: &'static str| {
            let log = log.clone();
            move |_: &Exit| log.push(text)
        };
        let _others: Vec<Link> =
            (0..others).map(|_| site!(long).fexit(told("other")).unwrap()).collect();
        let link = site!(long).fexit(told("old")).unwrap();
        long(&|| link.update(told("new")).unwrap());
        let others = vec!["other"; others];
        assert_eq!(log.take(), [vec!["new"], others.clone()].concat());
        long(&|| {
            link.update(told("newer")).unwrap();
            link.update(told("newest")).unwrap();
        });
        assert_eq!(log.take(), [vec!["newest"], others.clone()].concat());
        // Its list was decided when it began.
        long(&|| link.set_order(-1).unwrap());
        assert_eq!(log.take(), [vec!["newest"], others.clone()].concat());
        long(&|| ());
        assert_eq!(log.take(), [others, vec!["newest"]].concat());
    }
}

/// Also where both are of the same types, and one caller serves them.
#[test]
fn a_sessions_value_is_not_handed_to_the_session_that_took_its_place() {
    #[derive(Debug)]
    struct Value(&'static str, Log);
    impl Drop for Value {
        fn drop(&mut self) {
            self.1.push(format!("{} dropped", self.0));
        }
    }
    let halves = |of: &'static str, log: &Log| {
        let (before, after) = (log.clone(), log.clone());
        let entry = move |_: &Entry| Some(Value(of, before.clone()));
        let exit = move |_: &Exit, value: Value| after.push(format!("{of} was handed {}", value.0));
        (entry, exit)
    };
    #[traceable]
    fn long(inside: &dyn Fn()) -> u64 {
        inside();
        1
    }
    let log = Log::new();
    let (entry, exit) = halves("old", &log);
    let link = site!(long).fsession(entry, exit).unwrap();
    let (entry, exit) = halves("new", &log);
    let new = std::cell::Cell::new(Some(Probes::new().fsession(entry, exit)));
    long(&|| link.update(new.take().unwrap()).unwrap());
    assert_eq!(log.take(), ["old dropped"]);
    long(&|| ());
    assert_eq!(log.take(), ["new was handed new", "new dropped"]);
}

#[test]
fn an_update_from_inside_the_probe_takes_effect_at_the_next_call() {
    let _turn = turn();
    #[traceable]
    fn inside() {}
    static LINK: std::sync::OnceLock<Link> = std::sync::OnceLock::new();
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let link = site!(inside).fentry(|_: &Entry| {
        RUNS.fetch_add(1, SeqCst);
        let link = LINK.get().unwrap();
        let hundred = |_: &Entry| {
            RUNS.fetch_add(100, SeqCst);
        };
        link.update(hundred).unwrap();
    });
    LINK.set(link.unwrap()).unwrap();
    inside();
    assert_eq!(RUNS.load(SeqCst), 1);
    inside();
    assert_eq!(RUNS.load(SeqCst), 101);
}

#[test]
fn an_update_that_does_not_fit_changes_nothing() {
    let _turn = turn();
    let log = Log::new();
    let link = link().functions(["behaviour::changing::one", "behaviour::changing::two"]);
    let link = link.fentry(says("old")).attach().unwrap();
    let error = link.update(|_: &Entry, _: &String| ()).unwrap_err();
    assert!(error.to_string().contains("behaviour::changing::one"), "{error}");
    let error = link.update(|_: &Exit| ()).unwrap_err();
    assert!(
        matches!(&error, Error::OtherKinds { there, given, .. }
            if there == &[Kind::Fentry] && given == &[Kind::Fexit]),
        "{error}"
    );
    one(&log);
    two(&log);
    assert_eq!(log.take(), ["old 0", "one", "old 0", "two"]);
}

#[test]
fn a_disabled_link_that_is_updated_stays_disabled_until_it_is_enabled() {
    let _turn = turn();
    let log = Log::new();
    let link = site!(one).fentry(says("old")).unwrap();
    link.disable();
    link.update(says("new")).unwrap();
    one(&log);
    assert_eq!(log.take(), ["one"]);
    assert!(!link.is_enabled());
    link.enable().unwrap();
    one(&log);
    assert_eq!(log.take(), ["new 0", "one"]);
}

#[test]
fn a_link_whose_probe_has_panicked_can_be_updated_and_enabled() {
    let _turn = turn();
    let log = Log::new();
    let link = site!(one).fentry(|_: &Entry| panic!("the first")).unwrap();
    one(&log);
    assert!(!link.is_enabled());
    link.update(says("new")).unwrap();
    link.enable().unwrap();
    log.take();
    one(&log);
    assert_eq!(log.take(), ["new 0", "one"]);
    assert_eq!(link.info().panic.as_deref(), Some("the first"));
}

fn names(link: &Link) -> Vec<&'static str> {
    link.info().functions.iter().map(|one| one.function.name()).collect()
}

#[test]
fn the_functions_of_a_link_can_be_extended_removed_and_set() {
    let _turn = turn();
    let log = Log::new();
    let bytes = |name: &str| entry_bytes(function(name));
    let (off_one, off_two) = (bytes("behaviour::changing::one"), bytes("behaviour::changing::two"));
    for others in [false, true] {
        let _other = others.then(|| {
            let both = ["behaviour::changing::one", "behaviour::changing::two"];
            gtramp::fexit(both, |_: &Exit| ()).unwrap()
        });
        let named = |function: &gtramp::Function| function.name().len() as u64 * 10;
        let link = site!(one).link().cookie(named).fentry(says("probe")).attach().unwrap();
        link.extend(site!(two)).unwrap();
        link.extend(site!(one)).unwrap();
        assert_eq!(names(&link), ["one", "two"]);
        one(&log);
        two(&log);
        assert_eq!(log.take(), ["probe 30", "one", "probe 30", "two"]);
        link.remove(site!(one)).unwrap();
        assert_eq!(names(&link), ["two"]);
        one(&log);
        two(&log);
        assert_eq!(log.take(), ["one", "probe 30", "two"]);
        link.set_functions(site!(one)).unwrap();
        assert_eq!(names(&link), ["one"]);
        one(&log);
        two(&log);
        assert_eq!(log.take(), ["probe 30", "one", "two"]);
        link.remove("behaviour::changing::*").unwrap();
        assert_eq!(names(&link), [] as [&str; 0]);
        one(&log);
        link.extend(site!(two)).unwrap();
        two(&log);
        assert_eq!(log.take(), ["one", "probe 30", "two"]);
        drop(link);
    }
    assert_eq!(bytes("behaviour::changing::one"), off_one);
    assert_eq!(bytes("behaviour::changing::two"), off_two);
}

/// Functions with the same probes share one list, in which the probe of the one that goes is killed.
#[test]
fn a_function_that_goes_takes_nothing_from_those_that_share_its_list() {
    let _turn = turn();
    let log = Log::new();
    let told = log.clone();
    let both = ["behaviour::changing::one", "behaviour::changing::two"];
    let link = gtramp::fexit(both, move |ctx: &Exit| told.push(ctx.function().name())).unwrap();
    let _other = gtramp::fexit(both, |_: &Exit| ()).unwrap();
    link.remove(site!(one)).unwrap();
    for _ in 0..2 {
        one(&log);
        two(&log);
        assert_eq!(log.take(), ["one", "two", "two"]);
        link.disable();
        link.enable().unwrap();
    }
}

#[test]
fn a_call_under_way_in_a_function_that_is_removed_ends_without_the_probe_and_others_with_it() {
    let _turn = turn();
    #[traceable]
    fn goes(inside: &dyn Fn()) {
        inside();
    }
    #[traceable]
    fn stays(inside: &dyn Fn()) {
        inside();
    }
    for beside in [false, true] {
        let log = Log::new();
        let told = log.clone();
        let _beside = beside.then(|| {
            let both = site!(goes).link().functions(["**::goes", "**::stays"]);
            both.fexit(|_: &Exit| ()).attach().unwrap()
        });
        let link = gtramp::fexit(["**::goes", "**::stays"], move |ctx: &Exit| {
            told.push(ctx.function().name())
        });
        let link = link.unwrap();
        stays(&|| goes(&|| link.remove(site!(goes)).unwrap()));
        assert_eq!(log.take(), ["stays"], "{beside}");
    }
}

#[test]
fn a_selection_that_does_not_fit_leaves_the_functions_as_they_were() {
    let _turn = turn();
    let log = Log::new();
    let link = site!(one).fentry(says("probe")).unwrap();
    let error = link.extend("behaviour::changing::three").unwrap_err();
    assert!(matches!(error, Error::TypeMismatch { .. }), "{error}");
    assert!(matches!(link.set_functions("no::such"), Err(Error::NoMatch { .. })));
    let error = link.remove("behaviour::changing::two").unwrap_err();
    assert!(matches!(&error, Error::NotAttached { function, .. } if function.ends_with("two")));
    assert_eq!(names(&link), ["one"]);
    one(&log);
    assert_eq!(log.take(), ["probe 0", "one"]);
    assert_eq!(three("abc"), 3);
}

#[test]
fn functions_that_refuse_an_extension_are_skipped_where_the_link_says_so() {
    let _turn = turn();
    let log = Log::new();
    let link = site!(one).link().skip_invalid(true).fentry(says("probe")).attach().unwrap();
    link.extend(["behaviour::changing::two", "behaviour::changing::three"]).unwrap();
    assert_eq!(names(&link), ["one", "two"]);
    let refused = link.info().refused;
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].function().name(), "three");
    assert!(matches!(refused[0].reason(), Error::TypeMismatch { .. }));
    two(&log);
    assert_eq!(log.take(), ["probe 0", "two"]);
}

#[test]
fn the_order_of_a_link_can_be_changed() {
    let _turn = turn();
    let log = Log::new();
    let first = site!(one).fentry(says("first")).unwrap();
    let second = site!(one).fentry(says("second")).unwrap();
    second.set_order(-1).unwrap();
    assert_eq!(second.info().order, -1);
    one(&log);
    assert_eq!(log.take(), ["second 0", "first 0", "one"]);
    first.set_order(-2).unwrap();
    one(&log);
    assert_eq!(log.take(), ["first 0", "second 0", "one"]);
    second.set_order(0).unwrap();
    first.set_order(0).unwrap();
    one(&log);
    assert_eq!(log.take(), ["first 0", "second 0", "one"]);
}

#[test]
fn statistics_count_while_they_are_on_at_each_function_and_at_all() {
    let _turn = turn();
    let log = Log::new();
    let both = ["behaviour::changing::one", "behaviour::changing::two"];
    let link = link()
        .functions(both)
        .fentry(|_: &Entry, _: &Log| ())
        .fmod_ret(|_: &ModRet| ControlFlow::<u64>::Continue(()))
        .fexit(|_: &Exit| ())
        .attach()
        .unwrap();
    one(&log);
    assert_eq!(link.info().stats, None);
    link.set_stats(true).unwrap();
    one(&log);
    two(&log);
    two(&log);
    link.set_stats(false).unwrap();
    two(&log);
    let info = link.info();
    let hits: Vec<u64> = info.functions.iter().map(|one| one.stats.unwrap().hits).collect();
    assert_eq!((info.stats.unwrap().hits, &hits[..]), (9, &[3, 6][..]));
    assert!(info.stats.unwrap().time.as_nanos() > 0);
    assert!(info.to_string().contains("9 hits"), "{info}");
    // Probes that are exchanged go on where the others were.
    let again = Probes::new().fentry(|_: &Entry| ());
    let again = again.fmod_ret(|_: &ModRet| ControlFlow::<u64>::Continue(())).fexit(|_: &Exit| ());
    link.set_stats(true).unwrap();
    link.update(again).unwrap();
    one(&log);
    assert_eq!(link.info().stats.unwrap().hits, 12);
}

#[test]
fn misses_are_counted_at_the_function_that_was_missed() {
    let _turn = turn();
    #[traceable]
    fn outer() {}
    #[traceable]
    fn inner() {}
    let link = gtramp::fentry("**::misses_are_counted*::{inner,outer}", |ctx: &Entry| {
        if ctx.function().name() == "outer" {
            inner();
            inner();
        }
    });
    let link = link.unwrap();
    outer();
    inner();
    let info = link.info();
    let missed: Vec<(&str, u64)> =
        info.functions.iter().map(|one| (one.function.name(), one.missed)).collect();
    assert_eq!(missed, [("inner", 2), ("outer", 0)]);
    assert_eq!(info.missed, 2);
}

#[test]
fn a_transaction_changes_all_its_links_or_none() {
    let _turn = turn();
    let log = Log::new();
    let goes = site!(one).fentry(says("goes")).unwrap();
    let changes = site!(one).fentry(says("old")).unwrap();
    let moves = site!(one).fentry(says("moves")).unwrap();
    let comes = || site!(two).link().fentry(says("comes"));
    let calls = || {
        one(&log);
        two(&log);
        log.take()
    };
    let before = calls();
    let error = Transaction::new()
        .detach(&goes)
        .update(&changes, says("new"))
        .set_functions(&moves, site!(two))
        .attach(comes())
        .attach(gtramp::link().functions("**::changing::three").fentry(says("misfit")))
        .commit()
        .unwrap_err();
    let Error::InTransaction { number: 5, of: 5, change: "attach", reason, .. } = &error else {
        panic!("{error}");
    };
    assert!(matches!(**reason, Error::TypeMismatch { .. }), "{error}");
    assert!(
        error.to_string().starts_with("change 5 of 5 of the transaction, `attach`,"),
        "{error}"
    );
    assert_eq!(calls(), before);
    let attached = Transaction::new()
        .detach(&goes)
        .update(&changes, says("new"))
        .set_functions(&moves, site!(two))
        .attach(comes())
        .commit()
        .unwrap();
    assert_eq!(calls(), ["new 0", "one", "moves 0", "comes 0", "two"]);
    assert_eq!(attached.len(), 1);
    // What was detached is so for good.
    assert!(matches!(goes.update(says("again")), Err(Error::Detached)));
    drop((goes, changes, moves, attached));
    assert_eq!(calls(), ["one", "two"]);
}

#[test]
fn a_change_that_is_refused_when_its_link_was_changed_meanwhile_says_which_it_is() {
    let _turn = turn();
    one(&Log::new());
    three("");
    let link = Arc::new(site!(one).fentry(says("text")).unwrap());
    let is_changed = Arc::new(AtomicBool::new(false));
    let (meanwhile, changed) = (Arc::clone(&link), Arc::clone(&is_changed));
    let comes = site!(two).link().fentry(says("comes")).cookie(move |_: &Function| {
        if !changed.swap(true, SeqCst) {
            meanwhile.set_order(1).unwrap();
        }
        0
    });
    // What fits at first, and not any more when the link is looked at again.
    let then_misfit = Selector::matching(move |function| {
        let name = if is_changed.load(SeqCst) { "three" } else { "two" };
        function.path().contains("::changing::") && function.name() == name
    });
    let error = Transaction::new().extend(&link, then_misfit).attach(comes).commit().unwrap_err();
    let Error::InTransaction { number: 1, of: 2, change: "extend", .. } = &error else {
        panic!("{error}");
    };
}

#[test]
fn a_link_is_changed_once_in_a_transaction() {
    let _turn = turn();
    let log = Log::new();
    let link = site!(one).fentry(says("old")).unwrap();
    let error = Transaction::new().update(&link, says("new")).detach(&link).commit().unwrap_err();
    assert!(matches!(&error, Error::ChangedTwice { .. }), "{error}");
    assert!(error.to_string().contains("behaviour::changing::one"), "{error}");
    one(&log);
    assert_eq!(log.take(), ["old 0", "one"]);
    assert!(Transaction::new().commit().unwrap().is_empty());
}

#[test]
fn no_call_sees_neither_probe_or_both_while_a_link_is_updated() {
    let _turn = turn();
    #[traceable]
    fn priced(amount: u64) -> u64 {
        amount
    }
    #[traceable]
    fn watched(thread: usize) -> u64 {
        SUMS[thread].load(SeqCst)
    }
    static SUMS: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];
    const ROUNDS: u64 = 300;
    let answer = |answer: u64| move |_: &ModRet, _: &u64| ControlFlow::Break(answer);
    let enters = |_: &Entry, thread: &usize| {
        SUMS[*thread].fetch_add(1, SeqCst);
    };
    let leaves = |_: &Exit, thread: usize| {
        SUMS[thread].fetch_add(10, SeqCst);
    };
    let prices = site!(priced).fmod_ret(answer(1_000)).unwrap();
    let enter = site!(watched).fentry(enters).unwrap();
    let leave = site!(watched).fexit(leaves).unwrap();
    let done = AtomicBool::new(false);
    let (told, heard) = channel();
    thread::scope(|scope| {
        (0..3).for_each(|number| {
            let (told, done) = (told.clone(), &done);
            scope.spawn(move || {
                let mut calls = 0_u64;
                while !done.load(SeqCst) {
                    assert!((1_000..=1_000 + ROUNDS).contains(&priced(1)));
                    assert_eq!(watched(number), 1, "one entry probe");
                    assert_eq!(SUMS[number].swap(0, SeqCst), 11, "and one exit probe");
                    calls += 1;
                    if calls == 100 {
                        told.send(()).unwrap();
                    }
                }
                assert!(calls >= 100);
            });
        });
        (0..3).for_each(|_| heard.recv().unwrap());
        for round in 1..=ROUNDS {
            prices.update(answer(1_000 + round)).unwrap();
            enter.update(enters).unwrap();
            leave.update(leaves).unwrap();
            // With other links beside it and without, in callers of its own and in shared ones.
            let beside = (round % 3 == 0).then(|| site!(watched).fexit(|_: &Exit| ()).unwrap());
            leave.set_order((round % 5) as i32).unwrap();
            enter.set_stats(round % 2 == 0).unwrap();
            drop(beside);
        }
        done.store(true, SeqCst);
    });
    assert_eq!(priced(1), 1_000 + ROUNDS);
}
