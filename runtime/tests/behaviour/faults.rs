//! Probes that panic.

use std::ops::ControlFlow;
use std::panic::{panic_any, resume_unwind};
use std::sync::{Arc, Mutex};

use gtramp::{Entry, Exit, Link, ModRet, site, traceable};

use crate::support::Log;

#[traceable]
fn target(log: &Log, value: u64) -> u64 {
    log.push("origin");
    value
}

/// Held by tests that call [`target`].
static TARGET: Mutex<()> = Mutex::new(());

fn check(expected: &str, attach: impl Fn() -> Link) {
    let _alone = TARGET.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let log = Log::new();
    for _ in 0..2 {
        let other = site!(target).fexit(|_: &Exit| ()).unwrap();
        let faulty = attach();
        assert!(faulty.is_enabled());
        assert_eq!(target(&log, 5), 5, "the call goes on");
        assert_eq!(log.take(), ["origin"]);
        assert!(!faulty.is_enabled());
        assert_eq!(faulty.info().panic.as_deref(), Some(expected));
        assert!(faulty.info().to_string().contains("disabled"));
        assert!(other.is_enabled() && other.info().panic.is_none());

        assert_eq!(target(&log, 6), 6, "it does not run again");
        assert_eq!(faulty.info().panic.as_deref(), Some(expected));
        log.take();
        drop((faulty, other));
        assert_eq!(target(&log, 7), 7);
        assert_eq!(log.take(), ["origin"]);
    }
}

#[test]
fn a_panic_of_an_entry_probe_switches_its_link_off_and_the_call_goes_on() {
    check("at entry", || site!(target).fentry(|_: &Entry| panic_any("at entry")).unwrap());
    check("at 3", || {
        let probe = |_: &Entry, _: &Log, value: &u64| panic!("at {}", value - 2);
        site!(target).fentry(probe).unwrap()
    });
}

#[test]
fn a_panic_of_a_modify_return_probe_overrides_nothing() {
    check("undecided", || {
        site!(target).fmod_ret(|_: &ModRet| -> ControlFlow<u64> { panic_any("undecided") }).unwrap()
    });
}

#[test]
fn a_panic_of_an_exit_probe_leaves_the_result_alone() {
    check("at exit", || site!(target).fexit(|_: &Exit| panic_any("at exit")).unwrap());
}

#[test]
fn a_panic_whose_payload_is_not_text_or_panics_in_turn_is_caught() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            resume_unwind(Box::new("dropped"));
        }
    }
    check("a panic with a payload that is not text", || {
        site!(target).fentry(|_: &Entry| panic_any(Bomb)).unwrap()
    });
}

#[traceable]
fn panics_once(_first: bool) {}

#[test]
fn a_link_that_panicked_can_be_enabled_again_and_keeps_its_first_panic() {
    let log = Log::new();
    for _ in 0..2 {
        let seen = log.clone();
        let link = site!(panics_once)
            .fentry(move |_: &Entry, first: &bool| {
                assert!(!first, "the first");
                seen.push("ran");
            })
            .unwrap();
        panics_once(true);
        panics_once(false);
        assert!(log.take().is_empty());
        link.enable().unwrap();
        panics_once(false);
        assert_eq!(log.take(), ["ran"]);
        assert_eq!(link.info().panic.as_deref(), Some("the first"));
        drop(link);
        panics_once(true);
        assert!(log.take().is_empty());
    }
}

/// An argument whose drop panics, if it is told to.
struct Explosive(bool);

impl Drop for Explosive {
    fn drop(&mut self) {
        assert!(!self.0, "an argument's drop");
    }
}

/// A result that counts itself.
struct Counted(Arc<()>, [u64; 3]);

#[traceable]
fn consumes(_: Explosive, of: &Arc<()>) -> Counted {
    Counted(Arc::clone(of), [1; 3])
}

#[traceable]
fn consumes_and_shares(_: Explosive, of: &Arc<()>) -> Arc<()> {
    Arc::clone(of)
}

#[test]
fn a_value_that_was_decided_is_dropped_if_dropping_a_skipped_argument_panics() {
    let of = Arc::new(());
    for alone in [true, false] {
        let (large, shared) = (Arc::clone(&of), Arc::clone(&of));
        let log = Log::new();
        let links = [
            site!(consumes)
                .fmod_ret(move |_: &ModRet| ControlFlow::Break(Counted(Arc::clone(&large), [2; 3])))
                .unwrap(),
            site!(consumes_and_shares)
                .fmod_ret(move |_: &ModRet| ControlFlow::Break(Arc::clone(&shared)))
                .unwrap(),
        ];
        let others = (!alone).then(|| {
            [site!(consumes).link(), site!(consumes_and_shares).link()].map(|link| {
                let log = log.clone();
                link.fexit(move |ctx: &Exit| log.push(format!("unwound {}", ctx.unwound())))
                    .attach()
                    .unwrap()
            })
        });
        let held = Arc::strong_count(&of);
        for explode in [true, false] {
            let large = std::panic::catch_unwind(|| consumes(Explosive(explode), &of));
            assert_eq!(large.as_ref().ok().map(|large| large.1), (!explode).then_some([2; 3]));
            assert!(large.as_ref().map_or(true, |large| Arc::ptr_eq(&large.0, &of)));
            let shared = std::panic::catch_unwind(|| consumes_and_shares(Explosive(explode), &of));
            assert_eq!(shared.is_err(), explode);
            drop((large, shared));
            assert_eq!(Arc::strong_count(&of), held, "each was dropped once");
            let seen = format!("unwound {explode}");
            assert_eq!(log.take(), if alone { vec![] } else { vec![seen; 2] });
        }
        drop((links, others));
        assert_eq!(Arc::strong_count(&of), 1);
    }
}
