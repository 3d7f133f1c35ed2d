//! Who waits for a probe that sleeps, and who wakes him.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use super::turn;
use crate::grace::current;
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
