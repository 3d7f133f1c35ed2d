//! Changes of links in which the k-th call of the system fails, for every k: as in `faults.rs`.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::faults::{BEFORE_ANYTHING, Form, PATCHES, Way, all, forms, infos, log, observe, others};
use super::turn;
use crate::link::snapshot::Snapshot;
use crate::{Entry, Error, Exit, Link, ModRet, Probes, Selector, Transaction};

/// Probes of these kinds that say other than those of [`Form::link`].
fn others_of(form: Form, held: &Arc<()>) -> Probes {
    let mut probes = Probes::new();
    if form.entry {
        let held = Arc::clone(held);
        probes = probes.fentry(move |ctx: &Entry| {
            let _ = &held;
            log(ctx.cookie(), "other entry", ctx.function());
        });
    }
    if form.decide {
        let held = Arc::clone(held);
        probes = probes.fmod_ret(move |ctx: &ModRet| {
            let _ = &held;
            log(ctx.cookie(), "other decide", ctx.function());
            ControlFlow::<u64>::Continue(())
        });
    }
    if form.exit {
        let held = Arc::clone(held);
        probes = probes.fexit(move |ctx: &Exit| {
            let _ = &held;
            log(ctx.cookie(), "other exit", ctx.function());
        });
    }
    probes
}

/// Functions that have none of a link's probes before they get them, and others that lose them.
fn some(from: usize, to: usize) -> Selector {
    all()[from..to].iter().copied().collect()
}

/// What is changed together: links that go, that get other probes, that get other functions and that come.
fn changes<'l>(
    form: Form,
    [goes, updated, moves]: [&'l Link; 3],
    held: &Arc<()>,
) -> Transaction<'l> {
    Transaction::new()
        .detach(goes)
        .update(updated, others_of(form, held))
        .set_functions(moves, some(2, 5))
        .attach(form.link(9, &all()[1..4], held))
}

fn three(form: Form, held: &Arc<()>) -> [Link; 3] {
    let all = all();
    [(5, &all[1..3]), (6, &all[..3]), (7, &all[..3])]
        .map(|(id, functions)| form.link(id, functions, held).attach().expect("nothing fails yet"))
}

/// Walks through the ways to fail of one change, which is made anew from the same state each time.
fn walk_change(
    form: Form,
    way: Way,
    besides: bool,
    change: impl Fn(Form, [&Link; 3], &Arc<()>) -> Result<Vec<Link>, Error>,
) -> u64 {
    let functions = all();
    let held = Arc::new(());
    let others = others(besides);
    let mut failures = 0;
    for k in 0.. {
        let links = three(form, &held);
        let of =
            || (Snapshot::of(functions.iter().copied()), observe(), infos(&others), infos(&links));
        let (before, count) = (of(), Arc::strong_count(&held));
        let (first, second) = way(k);
        let refusing = crate::sys::refuse(first, second);
        let result = change(form, links.each_ref(), &held);
        let met = refusing.was_met();
        drop(refusing);
        match result {
            Err(error) => {
                assert!(met, "it fails for another reason: {error}");
                failures += 1;
                assert_eq!(of(), before, "{k}: {error}");
                assert_eq!(
                    Arc::strong_count(&held),
                    count,
                    "the probes that were to come are dropped"
                );
            }
            Ok(attached) => {
                assert_ne!(of().1, before.1, "{k}: it succeeded");
                drop(attached);
            }
        }
        drop(links);
        assert_eq!(Arc::strong_count(&held), 1, "all closures are dropped");
        if !met {
            break;
        }
        assert!(k < 1000, "it always fails");
    }
    failures
}

#[test]
fn a_transaction_in_which_any_call_fails_changes_nothing() {
    let _turn = turn();
    let mut failures = [0; BEFORE_ANYTHING.len()];
    for form in forms() {
        for besides in [false, true] {
            for (way, failures) in BEFORE_ANYTHING.into_iter().zip(&mut failures) {
                *failures += walk_change(form, way, besides, |form, links, held| {
                    changes(form, links, held).commit()
                });
            }
        }
    }
    println!("failed transactions by protection, file, memory, barrier: {failures:?}");
    assert_eq!(failures.map(|failures| failures > 0), [PATCHES, PATCHES, true, true]);
    assert!(Snapshot::of(all()).is_off());
}

#[test]
fn each_change_alone_in_which_any_call_fails_changes_nothing() {
    type Change = fn(Form, [&Link; 3], &Arc<()>) -> Result<Vec<Link>, Error>;
    let _turn = turn();
    let alone: [Change; 6] = [
        |form, [_, updated, _], held| updated.update(others_of(form, held)).map(|()| Vec::new()),
        |_, [_, _, moves], _| moves.extend(some(3, 5)).map(|()| Vec::new()),
        |_, [_, _, moves], _| moves.remove(some(0, 1)).map(|()| Vec::new()),
        |_, [_, _, moves], _| moves.set_functions(some(2, 4)).map(|()| Vec::new()),
        |_, [_, _, moves], _| moves.set_order(-1).map(|()| Vec::new()),
        |form, [goes, ..], _| {
            // What no probe can tell is told by a link that comes.
            let comes = form.link(9, &all()[..1], &Arc::new(()));
            Transaction::new().detach(goes).attach(comes).commit()
        },
    ];
    let mut failures = [0; BEFORE_ANYTHING.len()];
    // An entry probe alone, and all kinds together.
    for form in [forms()[0], forms()[9]] {
        for change in alone {
            for (way, failures) in BEFORE_ANYTHING.into_iter().zip(&mut failures) {
                for besides in [false, true] {
                    *failures += walk_change(form, way, besides, change);
                }
            }
        }
    }
    assert_eq!(failures.map(|failures| failures > 0), [PATCHES, PATCHES, true, true]);
}

/// Writes through the memory file are tried before anything is changed. If one fails all the same, nothing was
/// published yet, and what was armed is disarmed.
#[test]
#[cfg(target_arch = "x86_64")] // Where entries are written through the memory file.
fn a_transaction_in_which_any_write_of_an_entry_fails_changes_no_list() {
    use crate::sys::{Call, refuse};
    let _turn = turn();
    let functions = all();
    let mut failed = 0;
    for form in forms() {
        let held = Arc::new(());
        for k in 0.. {
            let links = three(form, &held);
            let before = Snapshot::of(functions.iter().copied());
            let observed = (observe(), infos(&links));
            let rule = Call::WriteFile.once_after(k);
            let refusing = refuse(rule, Some(Call::Protect.always()));
            let result = changes(form, links.each_ref(), &held).commit();
            drop(refusing);
            let Err(_) = result else { break };
            let now = Snapshot::of(functions.iter().copied());
            assert_eq!((now.bytes(), now.pages()), (before.bytes(), before.pages()), "{k}");
            assert_eq!(now.hashed(), before.hashed());
            assert_eq!((observe(), infos(&links)), observed, "{k}");
            failed += 1;
        }
        assert_eq!(Arc::strong_count(&held), 1);
    }
    assert_eq!(failed > 0, PATCHES);
}
