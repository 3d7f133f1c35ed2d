//! Who waits for a probe that sleeps, and who wakes him; and what is kept for a call that goes on.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use super::turn;
use crate::grace::current;
use crate::link::line::Errand;
use crate::link::transaction::Transaction;
use crate::sys::WAKES;
use crate::{Entry, Exit, ModRet, traceable};

#[traceable]
fn target(a: u64) -> u64 {
    a
}

#[test]
fn a_probe_that_may_block_wakes_whoever_sleeps_until_it_has_ended() {
    let _turn = turn();
    for kind in 0..3 {
        let ((arrive, arrived), (go, may_go)) = (channel(), channel::<()>());
        let may_go = Mutex::new(may_go);
        let probe = move || {
            arrive.send(current()).expect("somebody waits for it");
            may_go.lock().expect("nobody panics").recv().expect("it is let go");
        };
        let link = crate::site!(target).link().sleepable(true);
        let link = match kind {
            0 => link.fentry(move |_: &Entry| probe()),
            1 => link.fexit(move |_: &Exit| probe()),
            _ => link.fmod_ret(move |_: &ModRet| -> ControlFlow<u64> {
                probe();
                ControlFlow::Continue(())
            }),
        };
        let link = link.attach().expect("it takes any probe");
        std::thread::scope(|scope| {
            let call = scope.spawn(|| target(1));
            let thread = arrived.recv().expect("the probe runs");
            scope.spawn(|| link.detach());
            while !thread.is_awaited() {
                std::thread::yield_now();
            }
            let before = WAKES.load(Ordering::SeqCst);
            go.send(()).expect("the probe waits");
            assert_eq!(call.join().expect("it ends"), 1);
            assert!(WAKES.load(Ordering::SeqCst) > before, "{kind}");
        });
    }
}

#[traceable]
fn deep(left: u32, at_bottom: &dyn Fn()) {
    if left == 0 {
        at_bottom();
    } else {
        deep(left - 1, at_bottom);
    }
}

/// As many as a record has pins, and far more.
#[test]
fn lists_that_no_call_holds_do_not_pile_up_while_a_thread_is_deep_in_calls() {
    let _turn = turn();
    for depth in [10, 200, 5_000] {
        // A caller that pins its list over the origin.
        let link = crate::site!(deep).link().sleepable(true).fexit(|_: &Exit| ());
        let link = link.attach().expect("it takes any probe");
        let churn = || {
            for _ in 0..200 {
                let link = crate::site!(target).fexit(|_: &Exit| ()).expect("it takes any probe");
                assert_eq!(target(1), 1);
                drop(link);
            }
            // Other tests may be under way.
            let retired = Transaction::begin(Errand::Coming).expect("it is no child").retired();
            assert!(retired < 50, "{depth}: {retired}");
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(64 << 20);
            thread.spawn_scoped(scope, || deep(depth, &churn)).expect("a thread");
        });
        drop(link);
    }
}
