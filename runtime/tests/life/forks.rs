//! Forks of a process with many threads, and children of other kinds.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};

use gtramp::{Entry, Exit, site, traceable};

use crate::memory::resident;
use crate::{count, counted, counter, cycles, turn};

#[traceable]
fn doubled(a: u64) -> u64 {
    a * 2
}

#[traceable]
fn halved(a: u64) -> u64 {
    a / 2
}

#[traceable]
fn stuck(a: u64) -> u64 {
    a
}

/// Runs `child` in a fork: whether it answered yes. A child that hangs is killed.
fn in_child(child: impl FnOnce() -> bool) -> bool {
    const PATIENCE: u32 = 120;
    // SAFETY: the child runs `child`, as the only thread of a copy of this process, and then ends
    // without running anything that belongs to the parent.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork");
    if pid == 0 {
        // SAFETY: no precondition. Its default action ends a child that hangs.
        unsafe { libc::alarm(PATIENCE) };
        let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
        // SAFETY: ends the child here.
        unsafe { libc::_exit(i32::from(!matches!(answer, Ok(true)))) };
    }
    let mut status = 0;
    // SAFETY: `status` is valid for writes.
    let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(waited, pid);
    status == 0
}

/// What every child has to be able to do.
fn attaches_and_detaches() -> bool {
    let (entries, exits) = (counter(), counter());
    let both = gtramp::link()
        .functions(site!(doubled))
        .fentry(move |_: &Entry| count(entries))
        .fexit(move |_: &Exit| count(exits))
        .attach()
        .expect("the child attaches");
    let right = doubled(4) == 8 && counted(entries) == 1 && counted(exits) == 1;
    both.disable();
    both.enable().expect("the child enables");
    let right = right && doubled(5) == 10 && counted(entries) == 2;
    let info = both.info().to_string();
    both.detach();
    let other = std::thread::spawn(|| doubled(6)).join().expect("the child has threads");
    right && other == 12 && counted(entries) == 2 && info.contains("doubled")
}

#[test]
fn a_child_attaches_and_detaches_while_the_parents_threads_were_doing_so() {
    let _turn = turn();
    let stop = AtomicBool::new(false);
    let forks = cycles(100);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let link = site!(doubled).fentry(|_: &Entry| ()).expect("it takes any probe");
                    assert_eq!(doubled(2), 4);
                    link.disable();
                    link.enable().expect("nothing has changed");
                    drop(link);
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(halved(doubled(2)), 2);
            }
        });
        let kept = counter();
        let link = site!(halved).fexit(move |_: &Exit| count(kept)).expect("it takes any probe");
        let all_well = (0..forks).all(|_| {
            in_child(|| {
                let before = counted(kept);
                let keeps_links = halved(8) == 4 && counted(kept) == before + 1;
                link.info().panic.is_none() && keeps_links && attaches_and_detaches()
            })
        });
        stop.store(true, Ordering::Relaxed);
        assert!(all_well, "a child hung or went wrong");
    });
    println!("{forks} children of a process that attaches and detaches");
}

#[test]
fn a_child_does_not_wait_for_a_thread_it_does_not_have() {
    let _turn = turn();
    let (inside, go_on) =
        (&*Box::leak(Box::new(Barrier::new(2))), &*Box::leak(Box::new(Barrier::new(2))));
    let link = site!(stuck)
        .link()
        .sleepable(true)
        .fentry(move |_: &Entry| {
            inside.wait();
            go_on.wait();
        })
        .attach()
        .expect("it takes any probe");
    std::thread::scope(|scope| {
        scope.spawn(|| stuck(1));
        inside.wait();
        let mut link = Some(link);
        let well = in_child(|| {
            // The probe was running on a thread that the child does not have.
            link.take().expect("it is there").detach();
            stuck(3) == 3 && attaches_and_detaches()
        });
        go_on.wait();
        assert!(well, "the child hung or went wrong");
        link.expect("the child had a copy").detach();
    });
    assert_eq!(stuck(4), 4);
}

#[test]
fn a_child_of_a_fork_inside_a_probe_goes_on() {
    let _turn = turn();
    let link = site!(halved)
        .fentry(|_: &Entry, a: &u64| {
            if *a == 77 {
                // A mark of the forking thread stays in the child; it is cleared when its probe
                // ends there.
                assert!(in_child(attaches_and_detaches));
            }
        })
        .expect("it takes a number");
    assert_eq!(halved(77), 38);
    assert!(link.info().panic.is_none(), "{}", link.info());
}

/// How deep the parent's thread is in calls that hold their list: more than it has pins.
const DEPTH: u64 = 150;

#[traceable]
fn waits_at_the_bottom(depth: u64, at_bottom: &(dyn Fn() + Sync)) -> u64 {
    if depth == 0 {
        at_bottom();
        return 0;
    }
    waits_at_the_bottom(depth - 1, at_bottom) + 1
}

/// In the child nobody ends the calls of the parent's other threads, and what they hold of each list
/// that was replaced must not pile up.
#[test]
fn a_child_frees_lists_although_the_parents_threads_were_in_calls_that_hold_theirs() {
    const CYCLES: u64 = 20_000;
    // Lists that were not freed would be 128 bytes and more for each cycle.
    const SLACK: u64 = 1024;
    let _turn = turn();
    for depth in [1, DEPTH] {
        let held = Arc::new(());
        let inside_probe = Arc::clone(&held);
        let exits = counter();
        // A caller that pins its list over the origin.
        let link = gtramp::link()
            .functions("life::forks::waits_at_the_bottom")
            .sleepable(true)
            .fexit(move |_: &Exit| {
                let _ = &inside_probe;
                count(exits);
            })
            .attach()
            .expect("it takes any probe");
        let (inside, go_on) = (Barrier::new(2), Barrier::new(2));
        std::thread::scope(|scope| {
            let at_bottom = || {
                inside.wait();
                go_on.wait();
            };
            let thread = scope.spawn(move || waits_at_the_bottom(depth, &at_bottom));
            inside.wait();
            let mut link = Some(link);
            let well = in_child(|| {
                link.take().expect("it is there").detach();
                let dropped = Arc::strong_count(&held) == 1;
                let cycle = |_| {
                    drop(site!(doubled).fentry(|_: &Entry| ()).expect("the child attaches"));
                };
                (0..CYCLES / 10).for_each(cycle);
                let before = resident();
                (0..CYCLES).for_each(cycle);
                let grown = resident().saturating_sub(before);
                println!("{grown} KiB in {CYCLES} cycles of a child, {depth} calls deep");
                dropped && grown < SLACK && attaches_and_detaches()
            });
            go_on.wait();
            assert_eq!(thread.join().expect("it ends"), depth);
            assert!(well, "the child hung or went wrong");
            assert_eq!(counted(exits), depth + 1, "the parent's calls lose nothing");
            drop(link);
        });
        assert_eq!(Arc::strong_count(&held), 1);
    }
}

#[test]
fn programs_are_started_while_functions_are_patched() {
    let _turn = turn();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                drop(site!(doubled).fexit(|_: &Exit| ()).expect("it takes any probe"));
            }
        });
        for _ in 0..20 {
            let status = Command::new("/bin/true").status().expect("there is /bin/true");
            assert!(status.success());
            assert_eq!(doubled(3), 6);
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[traceable]
async fn asked(a: u64) -> u64 {
    let lives = gtramp::lives().into_iter().filter(|life| life.function().name() == "asked");
    lives.filter(|life| life.is_polled()).count() as u64 + a
}

#[traceable]
async fn held(inside: &Barrier, go_on: &Barrier) {
    inside.wait();
    go_on.wait();
}

/// What is under way in the child: another thread's life, which nobody polls any more, and the forking thread's own,
/// which goes on.
#[test]
fn in_a_child_only_what_the_forking_thread_was_polling_is_still_being_polled() {
    fn poll<F: Future>(future: F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
    fn here() -> Vec<gtramp::LifeUnderWay> {
        let mut lives = gtramp::lives();
        lives.retain(|life| ["held", "forking", "asked"].contains(&life.function().name()));
        lives
    }
    fn this_thread() -> u32 {
        // SAFETY: no precondition.
        unsafe { libc::gettid() }.cast_unsigned()
    }
    /// Forks while it is polled.
    #[traceable]
    async fn forking() -> bool {
        in_child(|| {
            let lives = here();
            let polled = |life: &gtramp::LifeUnderWay| {
                (life.function().name(), life.is_polled(), life.thread() == this_thread())
            };
            let seen: Vec<_> = lives.iter().map(polled).collect();
            // And lives begin and end there as before.
            let link = site!(asked).fexit(|_: &Exit| ()).expect("the child attaches");
            let begins = poll(asked(1)) == Some(2) && here().len() == lives.len();
            drop(link);
            seen == [("held", false, false), ("forking", true, true)] && begins
        })
    }
    let _turn = turn();
    let (inside, go_on) = (Barrier::new(2), Barrier::new(2));
    let _link = gtramp::fexit(
        ["life::forks::**::{held,forking}", "life::forks::{held,forking}"],
        |_: &Exit| (),
    )
    .expect("it takes any probe");
    let well = std::thread::scope(|scope| {
        scope.spawn(|| poll(held(&inside, &go_on)));
        inside.wait();
        let mut future = Box::pin(forking());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let well = std::future::Future::poll(future.as_mut(), &mut context);
        let held_is_polled =
            gtramp::lives().iter().any(|life| life.function().name() == "held" && life.is_polled());
        go_on.wait();
        assert!(held_is_polled, "in the parent it is");
        well
    });
    assert_eq!(well, std::task::Poll::Ready(true));
}
