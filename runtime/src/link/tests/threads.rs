//! Attaching and detaching beside many threads.

use std::sync::Barrier;

use super::turn;
use crate::grace::records;
use crate::link::line::Errand;
use crate::link::transaction::Transaction;
use crate::{Entry, traceable};

#[traceable]
fn target(a: u64) -> u64 {
    a
}

#[test]
#[cfg_attr(target_arch = "aarch64", ignore = "starts itself, which needs the emulator again")]
fn beside_many_threads_lists_wait_for_each_other_and_only_so_many() {
    let this = std::env::current_exe().expect("it is a file");
    let test = "link::tests::threads::lists_wait_for_each_other";
    let run = std::process::Command::new(this).args(["--exact", "--ignored", test]).output();
    let run = run.expect("it is a program");
    let out = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && out.contains("1 passed"), "{out}");
}

#[test]
#[ignore = "its threads leave records behind: run in a process of its own"]
fn lists_wait_for_each_other() {
    const THREADS: usize = 1024;
    let _turn = turn();
    let attach =
        || crate::fentry("**::threads::target", |_: &Entry| ()).expect("it takes any probe");
    let retired = || Transaction::begin(Errand::Coming).expect("it is no child").retired();
    assert_eq!(target(1), 1);
    let first = attach();
    let (registered, done) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let thread = std::thread::Builder::new().stack_size(64 << 10);
            let run = || {
                assert_eq!(target(1), 1);
                registered.wait();
                done.wait();
            };
            thread.spawn_scoped(scope, run).expect("there may be so many");
        }
        registered.wait();
        let mut most = 0;
        for _ in 0..100 {
            drop(attach());
            most = most.max(retired());
            assert!(retired() * 64 <= records(), "{} of {}", retired(), records());
        }
        assert!(most > 0, "to ask all threads for each list takes longer than all else");
        done.wait();
    });
    drop(first);
}
