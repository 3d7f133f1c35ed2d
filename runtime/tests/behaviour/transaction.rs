//! Attaching is all or nothing.

use std::ops::ControlFlow;
use std::sync::Mutex;

use gtramp::{Entry, Error, Exit, Function, Link, ModRet, Return, Selector, link, traceable};

use crate::support::{EntryBytes, Log, entry_bytes};

#[traceable]
mod mixed {
    pub(crate) fn one(x: u64) -> u64 {
        x
    }
    pub(crate) fn two(x: u64, _y: &str) -> u64 {
        x
    }
    pub(crate) fn three(x: u32) -> u32 {
        x
    }
    pub(crate) fn none() -> u64 {
        0
    }
}

/// Held by tests that attach to [`mixed`].
static MIXED: Mutex<()> = Mutex::new(());

fn call_all() {
    assert_eq!(mixed::one(1) + mixed::two(2, "") + u64::from(mixed::three(3)) + mixed::none(), 6);
}

const ALL: &str = "behaviour::transaction::mixed::*";

/// Everything that an attach could leave behind.
fn state() -> Vec<(&'static Function, Vec<EntryBytes>)> {
    let functions = Selector::from(ALL).resolve().unwrap();
    functions.into_iter().map(|function| (function, entry_bytes(function))).collect()
}

fn bytes() -> Vec<Vec<EntryBytes>> {
    state().into_iter().map(|(_, bytes)| bytes).collect()
}

/// Attaches something to `one` alone, so that not every function is as it was at first.
fn bystander(log: &Log) -> Link {
    let log = log.clone();
    let probe = move |ctx: &Entry| log.push(ctx.function().name());
    gtramp::fentry("behaviour::transaction::mixed::one", probe).unwrap()
}

#[test]
fn a_function_that_refuses_leaves_all_as_they_were_and_each_refusal_is_named() {
    let _alone = MIXED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let log = Log::new();
    call_all();
    for _ in 0..2 {
        let other = bystander(&log);
        let (before, info) = (bytes(), other.info().to_string());

        let error = link().functions(ALL).fentry(|_: &Entry, _: &u64| ()).attach().unwrap_err();
        let Error::Refused(refusals) = &error else { panic!("{error}") };
        let refused: Vec<_> = refusals.iter().map(|refusal| refusal.function().name()).collect();
        assert_eq!(refused, ["none", "three"]);
        assert!(
            matches!(refusals[0].reason(), Error::MissingArgument { asked: 1, count: 0, .. }),
            "{error}"
        );
        assert!(
            matches!(refusals[1].reason(), Error::TypeMismatch(why) if why.argument() == Some(0)),
            "{error}"
        );
        let text = error.to_string();
        for part in
            ["2 function(s)", "mixed::none", "mixed::three", "`u32`", "`&u64`", "skip_invalid"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }

        let error =
            link().functions(ALL).fexit(|_: &Exit, _: Return<u64>| ()).attach().unwrap_err();
        let Error::Refused(refusals) = &error else { panic!("{error}") };
        assert_eq!(refusals.len(), 1);
        assert!(
            matches!(refusals[0].reason(), Error::TypeMismatch(why) if why.argument().is_none()),
            "{error}"
        );

        let decide = |_: &ModRet| -> ControlFlow<u32> { ControlFlow::Continue(()) };
        let error = link().functions(ALL).fmod_ret(decide).attach().unwrap_err();
        assert!(matches!(&error, Error::Refused(refusals) if refusals.len() == 3), "{error}");

        // The second probe of a link refuses, too.
        let both = link().functions(ALL).fentry(|_: &Entry| ()).fentry(|_: &Entry, _: &u64| ());
        assert!(matches!(both.attach(), Err(Error::Refused(_))));

        assert_eq!(bytes(), before);
        assert_eq!(other.info().to_string(), info);
        call_all();
        assert_eq!(log.take(), ["one"]);
        drop(other);
        call_all();
        assert!(log.take().is_empty());
    }
}

#[test]
fn skip_invalid_attaches_to_the_rest_and_reports_the_refused() {
    let _alone = MIXED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let log = Log::new();
    call_all();
    let before = bytes();
    for _ in 0..2 {
        let seen = log.clone();
        let some = link()
            .functions(ALL)
            .fentry(move |ctx: &Entry, x: &u64| seen.push(format!("{} {x}", ctx.function().name())))
            .skip_invalid(true)
            .attach()
            .unwrap();
        let info = some.info();
        let attached: Vec<_> = info.functions.iter().map(|linked| linked.function.name()).collect();
        let refused: Vec<_> = info.refused.iter().map(|one| one.function().name()).collect();
        assert_eq!((attached, refused), (vec!["one", "two"], vec!["none", "three"]));
        assert!(
            info.refused[1].reason().to_string().contains("`u32`")
                && info.to_string().contains("refused: "),
            "{info}"
        );
        call_all();
        assert_eq!(log.take(), ["one 1", "two 2"]);
        let now = bytes();
        let changed: Vec<_> = state()
            .iter()
            .zip(before.iter().zip(&now))
            .filter(|(_, (before, now))| before != now)
            .map(|((function, _), _)| function.name())
            .collect();
        assert_eq!(changed, ["one", "two"]);
        drop(some);
        assert_eq!(bytes(), before);
        call_all();
        assert!(log.take().is_empty());
    }
}

#[test]
fn skip_invalid_with_nothing_left_is_an_error() {
    let _alone = MIXED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    call_all();
    let before = bytes();
    let error = link()
        .functions(ALL)
        .fentry(|_: &Entry, _: &String| ())
        .skip_invalid(true)
        .attach()
        .unwrap_err();
    assert!(matches!(&error, Error::Refused(refusals) if refusals.len() == 4), "{error}");
    assert_eq!(bytes(), before);
    call_all();
}

#[test]
fn a_single_function_that_refuses_says_why_itself() {
    let _alone = MIXED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    call_all();
    let before = bytes();
    let three = "behaviour::transaction::mixed::three";
    let error = gtramp::fentry(three, |_: &Entry, _: &u64| ()).unwrap_err();
    let Error::TypeMismatch(why) = &error else { panic!("{error}") };
    assert_eq!((why.function(), why.argument(), why.name()), (three, Some(0), Some("x")));
    assert_eq!((why.expected(), why.found(), why.hint()), ("&u64", "u32", ""));
    assert_eq!(bytes(), before);
}

#[test]
fn a_panic_of_the_users_code_during_an_attach_changes_nothing() {
    let _alone = MIXED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let log = Log::new();
    call_all();
    let before = bytes();
    for _ in 0..2 {
        let held = log.clone();
        let result = std::panic::catch_unwind(|| {
            link()
                .functions(ALL)
                .fentry(move |_: &Entry| held.push("ran"))
                .cookie(|function: &Function| panic!("no cookie for {function}"))
                .attach()
        });
        assert!(result.is_err());
        assert_eq!((bytes(), log.holders()), (before.clone(), 0));
        call_all();
        assert!(log.take().is_empty());
        drop(bystander(&log));
    }
}

#[traceable]
fn one_of_many<const N: usize>(x: u64) -> u64 {
    x + N as u64
}

#[test]
fn a_refusal_of_many_functions_keeps_all_and_its_text_lists_twenty_and_a_count() {
    seq_macro::seq!(N in 0..31 {
        assert!(one_of_many::<N>(1) > N);
    });
    let many = "behaviour::transaction::one_of_many";
    let wrong = |_: &Entry, _: &str| ();
    let error = gtramp::fentry(many, wrong).unwrap_err();
    let Error::Refused(refusals) = &error else { panic!("{error}") };
    assert_eq!(refusals.len(), 31);
    for refusal in refusals {
        assert!(matches!(refusal.reason(), Error::TypeMismatch(why) if why.argument() == Some(0)));
        assert!(refusal.to_string().starts_with(refusal.function().instance()));
    }
    let text = error.to_string();
    assert_eq!(text.matches("one_of_many<").count(), 2 * 20, "{text}");
    assert!(text.starts_with("31 function(s)") && text.contains("and 11 more"), "{text}");

    // A link says the same of what it has left out.
    let most = link().functions([many, "behaviour::transaction::mixed::none"]);
    let most = most.fentry(wrong).skip_invalid(true).attach();
    assert!(most.is_err(), "none is left");
    let one = link().functions([many, "behaviour::transaction::takes_text"]);
    assert_eq!(takes_text("four"), 4);
    let one = one.fentry(wrong).skip_invalid(true).attach().unwrap();
    let info = one.info();
    assert_eq!((info.functions.len(), info.refused.len()), (1, 31));
    let text = info.to_string();
    assert_eq!(text.matches("refused: ").count(), 20, "{text}");
    assert!(text.ends_with("and 11 more refused"), "{text}");
}

#[traceable]
fn takes_text(text: &str) -> usize {
    text.len()
}
