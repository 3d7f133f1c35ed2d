//! Disabling and enabling a link.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::thread;

use gtramp::{Entry, Exit, ModRet, site, traceable};

use crate::support::{Log, entry_bytes, function};

#[traceable]
fn switched(log: &Log) -> u64 {
    log.push("origin");
    1
}

#[test]
fn a_disabled_link_rests_and_an_enabled_one_runs_again() {
    let log = Log::new();
    for _ in 0..2 {
        let link = site!(switched)
            .link()
            .fentry(|_: &Entry, log: &Log| log.push("fentry"))
            .fmod_ret(|_: &ModRet, log: &Log| {
                log.push("fmod_ret");
                ControlFlow::Break(2_u64)
            })
            .fexit({
                let log = log.clone();
                move |_: &Exit| log.push("fexit")
            })
            .attach()
            .unwrap();
        let on = ["fentry", "fmod_ret", "fexit"];
        assert_eq!((switched(&log), log.take()), (2, on.map(String::from).to_vec()));
        let bytes = || entry_bytes(function("behaviour::disabling::switched"));
        let armed = bytes();
        for _ in 0..2 {
            link.disable();
            assert!(!link.is_enabled() && !link.info().enabled);
            assert_eq!((switched(&log), log.take()), (1, vec!["origin".to_owned()]));
            assert_eq!(link.info().functions.len(), 1, "it stays attached");
            assert_ne!(bytes(), armed, "it costs nothing");
            link.disable();
            link.enable().unwrap();
            link.enable().unwrap();
            assert_eq!(bytes(), armed);
            assert!(link.is_enabled());
            assert_eq!((switched(&log), log.take()), (2, on.map(String::from).to_vec()));
        }
        link.disable();
        drop(link);
        assert_eq!((switched(&log), log.take()), (1, vec!["origin".to_owned()]));
    }
}

#[traceable]
fn disabled_while_it_runs() {}

#[test]
fn disabling_waits_for_a_probe_that_is_running() {
    for sleepable in [false, true] {
        let (inside, is_inside) = channel();
        let (go_on, may_go_on) = channel::<()>();
        let (inside, may_go_on) = (Mutex::new(inside), Mutex::new(may_go_on));
        let finished = Arc::new(AtomicBool::new(false));
        let at_end = Arc::clone(&finished);
        let link = site!(disabled_while_it_runs)
            .link()
            .sleepable(sleepable)
            .fentry(move |_: &Entry| {
                inside.lock().unwrap().send(()).unwrap();
                may_go_on.lock().unwrap().recv().unwrap();
                at_end.store(true, SeqCst);
            })
            .attach()
            .unwrap();
        thread::scope(|scope| {
            // Gone when an assertion fails, so that nobody waits for it.
            let go_on = go_on;
            scope.spawn(disabled_while_it_runs);
            is_inside.recv().unwrap();
            let disabling = scope.spawn(|| {
                link.disable();
                finished.load(SeqCst)
            });
            while link.is_enabled() {
                thread::yield_now();
            }
            (0..1000).for_each(|_| thread::yield_now());
            assert!(!disabling.is_finished());
            go_on.send(()).unwrap();
            assert!(disabling.join().unwrap(), "disable() returned while the probe was running");
        });
        link.enable().unwrap();
        drop(link);
        disabled_while_it_runs();
    }
}

#[traceable]
fn disables_itself(log: &Log) {
    log.push("origin");
}

#[test]
fn a_probe_may_disable_its_own_link() {
    let log = Log::new();
    for _ in 0..2 {
        let slot: Arc<Mutex<Option<gtramp::Link>>> = Arc::default();
        let own = Arc::clone(&slot);
        let link = site!(disables_itself)
            .fentry(move |_: &Entry, log: &Log| {
                log.push("probe");
                own.lock().unwrap().as_ref().unwrap().disable();
            })
            .unwrap();
        *slot.lock().unwrap() = Some(link);
        disables_itself(&log);
        disables_itself(&log);
        assert_eq!(log.take(), ["probe", "origin", "origin"]);
        let link = slot.lock().unwrap().take();
        drop(link);
        assert_eq!(Arc::strong_count(&slot), 1);
        disables_itself(&log);
        assert_eq!(log.take(), ["origin"]);
    }
}
