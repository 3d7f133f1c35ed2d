//! Closures in the place of bodies.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::thread;

use gtramp::{Error, Patch, replacement, site, traceable};

#[traceable]
fn plain(amount: u64) -> u64 {
    amount / 100
}

#[test]
fn a_closure_replaces_a_body_with_what_it_has_captured() {
    for limit in [10_u64, 20] {
        let seen = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&seen);
        let patch = site!(plain).replace(replacement!(move |amount: u64| -> u64 {
            counted.fetch_add(1, SeqCst);
            site!(plain).original(|| plain(amount)).unwrap().min(limit)
        }));
        let patch = patch.unwrap();
        assert_eq!((plain(500), plain(500_000)), (5, limit));
        assert_eq!((seen.load(SeqCst), Arc::strong_count(&seen)), (2, 2));
        patch.revert();
        assert_eq!((plain(500_000), Arc::strong_count(&seen)), (5_000, 1));
    }
}

struct Ledger {
    owner: String,
}

#[traceable]
impl Ledger {
    fn owner(&self, _or: &str) -> &str {
        &self.owner
    }

    fn rename(&mut self, owner: String) -> String {
        core::mem::replace(&mut self.owner, owner)
    }
}

#[traceable]
fn longer<'a>(one: &'a str, other: &'a str) -> &'a str {
    if one.len() < other.len() { other } else { one }
}

#[traceable]
fn pick<T: Clone + 'static>(from: &[T]) -> Option<T> {
    from.first().cloned()
}

/// Its types are those of a function around it.
#[forbid(unsafe_code)]
fn last<T: Clone + 'static>() -> Result<Patch, Error> {
    site!(pick::<T>).replace(replacement!(|from: &[T]| -> Option<T> { from.last().cloned() }))
}

#[test]
fn a_closure_has_the_types_that_a_function_may_have() {
    let mut ledger = Ledger { owner: "ann".to_owned() };
    let suffix = "!".to_owned();
    let patch = site!(Ledger::rename)
        .replace(replacement!(move |ledger: &mut Ledger, owner: String| -> String {
            core::mem::replace(&mut ledger.owner, owner + &suffix)
        }))
        .unwrap();
    assert_eq!(ledger.rename("bob".to_owned()), "ann");
    assert_eq!(ledger.owner, "bob!");
    drop(patch);
    let patch = site!(Ledger::owner)
        .replace(replacement!(for<'l> |ledger: &'l Ledger, _: &str| -> &'l str {
            &ledger.owner[1..]
        }))
        .unwrap();
    assert_eq!(ledger.owner("nobody"), "ob!");
    drop(patch);
    let patch =
        site!(longer).replace(replacement!(for<'t> |one: &'t str, other: &'t str| -> &'t str {
            if one.len() < other.len() { one } else { other }
        }));
    let patch = patch.unwrap();
    assert_eq!(longer("a", "bc"), "a");
    drop(patch);
    let patches = (last::<u32>().unwrap(), last::<String>().unwrap());
    assert_eq!(pick(&[1_u32, 2]), Some(2));
    assert_eq!(pick(&["a".to_owned(), "b".to_owned()]).as_deref(), Some("b"));
    drop(patches);
    assert_eq!(pick(&[1_u32, 2]), Some(1));
}

#[test]
fn a_closure_of_other_types_is_refused_and_dropped() {
    let captured = Arc::new(());
    let held = Arc::clone(&captured);
    let other = replacement!(move |amount: u32| -> u64 {
        let _ = &held;
        amount.into()
    });
    let refused = site!(plain).replace(other).unwrap_err();
    assert!(matches!(refused, Error::TypeMismatch { .. }), "{refused}");
    let one = replacement!(for<'t> |one: &'t str, _: &str| -> &'t str { one });
    let refused = site!(longer).replace(one).unwrap_err();
    assert!(matches!(refused, Error::NotReplaceable { .. }), "{refused}");
    let none = replacement!(|amount: u64| -> u64 { amount }).apply().unwrap_err();
    assert!(matches!(none, Error::NoFunctions), "{none}");
    assert_eq!(Arc::strong_count(&captured), 1);
}

#[traceable]
fn left(number: u64) -> u64 {
    number
}

#[traceable]
fn right(number: u64) -> u64 {
    number
}

#[test]
fn one_closure_replaces_several_functions_and_goes_with_the_last() {
    let captured = Arc::new(());
    for _ in 0..3 {
        let held = Arc::clone(&captured);
        let patch =
            replacement!(move |number: u64| -> u64 { number + Arc::strong_count(&held) as u64 })
                .functions(["**::closures::left", "**::closures::right"])
                .apply()
                .unwrap();
        assert_eq!((left(1), right(2)), (3, 4));
        let held = Arc::clone(&captured);
        let over = replacement!(move |number: u64| -> u64 {
            let _ = &held;
            number * 10
        });
        let over = over.functions(site!(left)).stack(true).apply().unwrap();
        assert_eq!((left(1), right(2)), (10, 5));
        // The lower one goes first.
        patch.revert_and_wait().unwrap();
        assert_eq!(Arc::strong_count(&captured), 2);
        assert_eq!((left(1), right(2)), (10, 2));
        over.revert_and_wait().unwrap();
        assert_eq!(Arc::strong_count(&captured), 1);
        assert_eq!((left(1), right(2)), (1, 2));
    }
}

#[traceable]
fn waiting(number: u64) -> u64 {
    number
}

#[test]
fn captures_stay_until_the_last_call_has_left() {
    let captured = Arc::new(());
    let held = Arc::clone(&captured);
    let (entered, is_in) = channel();
    let (go_on, may_go_on) = channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let patch = site!(waiting).replace(replacement!(move |number: u64| -> u64 {
        entered.send(()).unwrap();
        may_go_on.lock().unwrap().recv().unwrap();
        number + Arc::strong_count(&held) as u64
    }));
    let patch = patch.unwrap();
    thread::scope(|scope| {
        let call = scope.spawn(|| waiting(5));
        is_in.recv().unwrap();
        patch.revert();
        assert_eq!((waiting(1), Arc::strong_count(&captured)), (1, 2));
        go_on.send(()).unwrap();
        assert_eq!(call.join().unwrap(), 7);
    });
    assert_eq!(Arc::strong_count(&captured), 1);
}

/// Panics when it is dropped, and counts that.
struct Bomb(Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
        panic!("not like this");
    }
}

#[traceable]
fn mined(number: u64) -> u64 {
    number
}

#[test]
fn a_drop_that_panics_comes_out_of_the_revert_and_never_out_of_a_call() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let bomb = Bomb(Arc::clone(&dropped));
    let patch = site!(mined).replace(replacement!(move |number: u64| -> u64 {
        let _ = &bomb;
        number + 1
    }));
    let patch = patch.unwrap();
    assert_eq!(mined(1), 2);
    let panicked = catch_unwind(AssertUnwindSafe(|| patch.revert()));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"not like this"));
    assert_eq!((mined(1), dropped.load(SeqCst)), (1, 1));

    // The call reverts it itself, and leaves last.
    static PATCH: Mutex<Option<Patch>> = Mutex::new(None);
    let bomb = Bomb(Arc::clone(&dropped));
    let patch = site!(mined).replace(replacement!(move |number: u64| -> u64 {
        let _ = &bomb;
        drop(PATCH.lock().unwrap().take());
        number + 2
    }));
    *PATCH.lock().unwrap() = Some(patch.unwrap());
    assert_eq!((mined(1), dropped.load(SeqCst)), (3, 2));
    assert_eq!(mined(1), 1);
}

#[test]
fn a_closure_that_unwinds_is_dropped_as_well() {
    #[traceable]
    fn unwinding(number: u64) -> u64 {
        number
    }
    let captured = Arc::new(());
    let held = Arc::clone(&captured);
    let patch = site!(unwinding).replace(replacement!(move |_: u64| -> u64 {
        let _ = &held;
        panic!("no")
    }));
    let patch = patch.unwrap();
    assert!(catch_unwind(|| unwinding(1)).is_err());
    assert_eq!(Arc::strong_count(&captured), 2);
    drop(patch);
    assert_eq!((unwinding(1), Arc::strong_count(&captured)), (1, 1));
}

#[traceable]
fn first_of_two(number: u64) -> (u64, usize) {
    (number, 0)
}

#[traceable]
fn second_of_two(number: u64) -> (u64, usize) {
    (number, 0)
}

/// Patches of two functions come from one place in the program, so they may have each other's room.
fn patch_one_of_two(second: bool, alive: &Arc<AtomicUsize>) -> Patch {
    struct Alive(Arc<AtomicUsize>, usize);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.1 = usize::MAX;
            self.0.fetch_sub(1, SeqCst);
        }
    }
    alive.fetch_add(1, SeqCst);
    let held = Alive(Arc::clone(alive), if second { 2 } else { 1 });
    let patch = replacement!(move |number: u64| -> (u64, usize) {
        thread::yield_now();
        (number, held.1)
    });
    let name = if second { "**::closures::second_of_two" } else { "**::closures::first_of_two" };
    patch.functions(name).apply().unwrap()
}

#[test]
fn calls_under_way_meet_their_own_closure_while_patches_come_and_go() {
    let (alive, rounds) = (Arc::new(AtomicUsize::new(0)), if cfg!(miri) { 5 } else { 100 });
    let (done, began) = (OnceLock::new(), Barrier::new(5));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                began.wait();
                while done.get().is_none() {
                    let (number, first) = first_of_two(7);
                    assert!(number == 7 && first <= 1, "{number} {first}");
                    let (number, second) = second_of_two(8);
                    assert!(number == 8 && [0, 2].contains(&second), "{number} {second}");
                }
            });
        }
        let patchers = [false, true].map(|second| {
            let (alive, began) = (&alive, &began);
            scope.spawn(move || {
                began.wait();
                for _ in 0..rounds {
                    patch_one_of_two(second, alive).revert();
                }
            })
        });
        began.wait();
        let ended = patchers.map(|patcher| patcher.join());
        done.set(()).unwrap();
        ended.into_iter().for_each(|ended| ended.unwrap());
    });
    assert_eq!(alive.load(SeqCst), 0);
}
