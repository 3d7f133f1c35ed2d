//! The order of one call.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use gtramp::{Entry, Exit, Link, LinkBuilder, ModRet, link, traceable};

use crate::support::Log;

std::thread_local! {
    /// What the body of [`hooked`] does.
    static HOOK: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

#[traceable]
fn in_attach_order(log: &Log) {
    log.push("origin");
}

#[traceable]
fn by_order(log: &Log) {
    log.push("origin");
}

#[traceable]
fn of_all_kinds(log: &Log) {
    log.push("origin");
}

#[traceable]
fn of_one_link(log: &Log) {
    log.push("origin");
}

#[traceable]
fn hooked() {
    if let Some(hook) = HOOK.take() {
        hook();
    }
}

fn entry_and_exit(log: &Log, name: &'static str) -> LinkBuilder {
    let (entry, exit) = (log.clone(), log.clone());
    link()
        .fentry(move |_: &Entry| entry.push(format!("> {name}")))
        .fexit(move |_: &Exit| exit.push(format!("< {name}")))
}

#[test]
fn entry_probes_run_in_attach_order_and_exit_probes_in_reverse() {
    let log = Log::new();
    for _ in 0..2 {
        let links: Vec<Link> = ["a", "b", "c"]
            .into_iter()
            .map(|name| {
                entry_and_exit(&log, name)
                    .functions("behaviour::order::in_attach_order")
                    .attach()
                    .unwrap()
            })
            .collect();
        in_attach_order(&log);
        assert_eq!(log.take(), ["> a", "> b", "> c", "origin", "< c", "< b", "< a"]);
        drop(links);
        in_attach_order(&log);
        assert_eq!(log.take(), ["origin"]);
    }
}

#[test]
fn a_lower_order_runs_outside_and_ties_go_by_attach_time() {
    let log = Log::new();
    for _ in 0..2 {
        let attach = |name, order| {
            entry_and_exit(&log, name)
                .functions("behaviour::order::by_order")
                .order(order)
                .attach()
                .unwrap()
        };
        let links = [
            attach("last", i32::MAX),
            attach("zero", 0),
            attach("minus", -1),
            attach("zero again", 0),
            attach("first", i32::MIN),
        ];
        by_order(&log);
        let entries = ["> first", "> minus", "> zero", "> zero again", "> last"];
        let exits = ["< last", "< zero again", "< zero", "< minus", "< first"];
        assert_eq!(log.take(), [&entries[..], &["origin"], &exits].concat());
        drop(links);
        by_order(&log);
        assert_eq!(log.take(), ["origin"]);
    }
}

#[test]
fn kinds_run_in_their_order_whatever_the_order_of_attaching() {
    let log = Log::new();
    let path = "behaviour::order::of_all_kinds";
    for _ in 0..2 {
        let (exit, decide, entry) = (log.clone(), log.clone(), log.clone());
        let exit = gtramp::fexit(path, move |_: &Exit| exit.push("fexit")).unwrap();
        let decide = gtramp::fmod_ret(path, move |_: &ModRet| -> ControlFlow<()> {
            decide.push("fmod_ret");
            ControlFlow::Continue(())
        })
        .unwrap();
        let entry = gtramp::fentry(path, move |_: &Entry| entry.push("fentry")).unwrap();
        of_all_kinds(&log);
        assert_eq!(log.take(), ["fentry", "fmod_ret", "origin", "fexit"]);
        drop((exit, entry));
        of_all_kinds(&log);
        assert_eq!(log.take(), ["fmod_ret", "origin"]);
        drop(decide);
        of_all_kinds(&log);
        assert_eq!(log.take(), ["origin"]);
    }
}

#[test]
fn probes_of_one_link_run_in_the_order_in_which_it_was_given_them() {
    let log = Log::new();
    for _ in 0..2 {
        let mut builder = link().functions("behaviour::order::of_one_link");
        for name in ["a", "b"] {
            let (entry, decide, exit) = (log.clone(), log.clone(), log.clone());
            builder = builder
                .fentry(move |_: &Entry| entry.push(format!("> {name}")))
                .fmod_ret(move |_: &ModRet| -> ControlFlow<()> {
                    decide.push(format!("? {name}"));
                    ControlFlow::Continue(())
                })
                .fexit(move |_: &Exit| exit.push(format!("< {name}")));
        }
        let both = builder.attach().unwrap();
        of_one_link(&log);
        assert_eq!(log.take(), ["> a", "> b", "? a", "? b", "origin", "< b", "< a"]);
        drop(both);
        of_one_link(&log);
        assert_eq!(log.take(), ["origin"]);
    }
}

#[test]
fn a_call_keeps_to_the_probes_it_found_at_its_entry() {
    let log = Log::new();
    let attach = |log: &Log, name| {
        let link = entry_and_exit(log, name).functions("behaviour::order::hooked");
        link.attach().unwrap()
    };
    for _ in 0..2 {
        let (stays, leaves) = (attach(&log, "stays"), attach(&log, "leaves"));
        let joins = Rc::new(RefCell::new(None));
        let (inside, joined) = (log.clone(), Rc::clone(&joins));
        HOOK.set(Some(Box::new(move || {
            drop(leaves);
            *joined.borrow_mut() = Some(attach(&inside, "joins"));
            inside.push("origin");
        })));
        hooked();
        assert_eq!(log.take(), ["> stays", "> leaves", "origin", "< stays"]);
        hooked();
        assert_eq!(log.take(), ["> stays", "> joins", "< joins", "< stays"]);
        drop((stays, joins.take()));
        hooked();
        assert!(log.take().is_empty());
    }
}
