//! Many threads at once.

use std::sync::Barrier;

use gtramp::{Entry, Exit, site, traceable};

use crate::{count, counted, counter, cycles, turn};

#[traceable]
fn counted_by_all(a: u64) -> u64 {
    a + 1
}

#[test]
fn every_call_of_many_threads_at_once_is_seen_until_the_detach() {
    let _turn = turn();
    let threads = cycles(1_000);
    let (entries, exits) = (counter(), counter());
    let both = || {
        gtramp::link()
            .functions(site!(counted_by_all))
            .fentry(move |_: &Entry| count(entries))
            .fexit(move |_: &Exit| count(exits))
            .attach()
            .expect("it takes any probe")
    };
    let link = both();
    let all = &Barrier::new(usize::try_from(threads).expect("it is small") + 1);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let thread = std::thread::Builder::new().stack_size(64 * 1024);
            let thread = thread.spawn_scoped(scope, move || {
                assert_eq!(counted_by_all(1), 2);
                // All have a record now, and keep it.
                all.wait();
                all.wait();
                assert_eq!(counted_by_all(2), 3);
                all.wait();
                // While they go on, they are attached to and detached from.
                for a in 0..100 {
                    assert_eq!(counted_by_all(a), a + 1);
                }
            });
            thread.expect("the system has threads");
        }
        all.wait();
        assert_eq!((counted(entries), counted(exits)), (threads, threads));
        link.detach();
        all.wait();
        all.wait();
        assert_eq!((counted(entries), counted(exits)), (threads, threads), "nothing runs any more");
        for _ in 0..100 {
            both().detach();
        }
    });
    // What is detached during a call is skipped at its exit.
    assert!(counted(entries) >= counted(exits) && counted(exits) >= threads);
    println!("{threads} threads at once");
}
