//! Live patches: other functions in the place of bodies.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use gtramp::{
    Entry, Error, Exit, Link, ModRet, Patch, PatchEvent, Return, ignore_current_thread, replace,
    site, traceable, watch_patches,
};

use crate::support::{Log, entry_bytes, runs};

/// Tests that patch the same functions take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[traceable]
fn fee(log: &Log, amount: u64) -> u64 {
    log.push("fee");
    amount / 100
}

#[replace("**::patching::fee")]
fn no_fee(log: &Log, _amount: u64) -> u64 {
    log.push("no fee");
    0
}

#[replace("**::patching::fee")]
fn double_fee(log: &Log, amount: u64) -> u64 {
    log.push("double fee");
    site!(fee).original(|| fee(log, amount)).unwrap() * 2
}

#[traceable]
fn tax(amount: u64) -> u64 {
    amount / 5
}

#[replace("**::patching::tax")]
fn no_tax(_: u64) -> u64 {
    0
}

#[test]
fn a_function_runs_its_replacement_until_the_patch_is_reverted() {
    let _turn = turn();
    let log = Log::new();
    let before = entry_bytes(site!(fee).function().unwrap());
    for _ in 0..3 {
        let patch = no_fee::apply().unwrap();
        assert_eq!((fee(&log, 500), log.take()), (0, vec!["no fee".to_owned()]));
        assert_eq!(patch.functions()[0].name(), "fee");
        patch.revert();
        assert_eq!((fee(&log, 500), log.take()), (5, vec!["fee".to_owned()]));
        assert_eq!(entry_bytes(site!(fee).function().unwrap()), before);
    }
}

#[test]
fn a_leaked_patch_stays() {
    #[traceable]
    fn kept() -> u8 {
        1
    }
    #[replace("**::kept")]
    fn for_ever() -> u8 {
        2
    }
    for_ever::apply().unwrap().leak();
    assert_eq!(kept(), 2);
}

/// What an entry, a deciding and an exit probe and a patch have done, each if it is there.
fn expected([entry, mods, exit, patch]: [bool; 4]) -> Vec<&'static str> {
    let mut expected = Vec::new();
    if entry {
        expected.push("entry");
    }
    if mods {
        expected.push("mod");
    }
    expected.push(if patch { "no fee" } else { "fee" });
    if exit {
        expected.push(if patch { "exit 0" } else { "exit 5" });
    }
    expected
}

enum Attached {
    Link { _link: Link },
    Patch { _patch: Patch },
}

fn attach(which: usize) -> Attached {
    let link = |link: Result<Link, Error>| Attached::Link { _link: link.unwrap() };
    match which {
        0 => link(site!(fee).fentry(|_: &Entry, log: &Log| log.push("entry"))),
        1 => link(site!(fee).fmod_ret(|_: &ModRet, log: &Log| -> ControlFlow<u64> {
            log.push("mod");
            ControlFlow::Continue(())
        })),
        2 => link(
            site!(fee)
                .link()
                .fsession(
                    |_: &Entry, log: &Log| Some(core::ptr::from_ref(log).expose_provenance()),
                    |_: &Exit, log: usize, result: Return<u64>| {
                        // SAFETY: the log lives as long as the call.
                        let log = unsafe { &*core::ptr::with_exposed_provenance::<Log>(log) };
                        log.push(format!("exit {}", result.get().unwrap()));
                    },
                )
                .attach(),
        ),
        _ => Attached::Patch { _patch: no_fee::apply().unwrap() },
    }
}

/// Every order of so many.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![vec![]];
    for next in 0..count {
        let longer = |order: &Vec<usize>| {
            let insert = |at| {
                let mut order = order.clone();
                order.insert(at, next);
                order
            };
            (0..=order.len()).map(insert).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    orders
}

#[test]
fn probes_and_a_patch_are_independent_in_every_order_of_coming_and_going() {
    let _turn = turn();
    let log = Log::new();
    let pairs = orders(4)
        .into_iter()
        .flat_map(|coming| orders(4).into_iter().map(move |going| (coming.clone(), going)));
    // Fewer of them, but spread over all, where that takes long.
    for (coming, going) in pairs.step_by(24 * 24 / runs(24 * 24)) {
        let mut there: [Option<Attached>; 4] = [const { None }; 4];
        let steps = coming.iter().map(|&which| (which, true));
        for (which, comes) in steps.chain(going.iter().map(|&which| (which, false))) {
            there[which] = comes.then(|| attach(which));
            fee(&log, 500);
            let holds = there.each_ref().map(Option::is_some);
            assert_eq!(log.take(), expected(holds), "{coming:?} {going:?} {which}");
        }
    }
}

#[test]
fn whatever_caller_serves_the_probes_runs_the_replacement() {
    let _turn = turn();
    let links: [fn() -> gtramp::LinkBuilder; 6] = [
        || site!(fee).link().fentry(|_: &Entry, log: &Log| log.push("entry")),
        || site!(fee).link().fentry(|_: &Entry, log: &Log| log.push("entry")).sleepable(true),
        || site!(fee).link().fentry(|_: &Entry, log: &Log| log.push("entry")).stats(true),
        || {
            let link = site!(fee).link().fentry(|_: &Entry, log: &Log| log.push("entry"));
            link.lookup(gtramp::__private::Lookup::Hash)
        },
        || {
            site!(fee).link().around(
                |_: &Entry, log: &Log| log.push("entry"),
                |_: &Exit, result: Return<u64>| assert_eq!(result.get(), Some(&0)),
            )
        },
        || {
            site!(fee)
                .link()
                .fentry(|_: &Entry, log: &Log| log.push("entry"))
                .fexit(|_: &Exit, result: Return<u64>| assert_eq!(result.get(), Some(&0)))
        },
    ];
    let log = Log::new();
    for (number, link) in links.iter().enumerate() {
        for first in [true, false] {
            let early = first.then(|| no_fee::apply().unwrap());
            let link = link().attach().unwrap();
            let patch = early.unwrap_or_else(|| no_fee::apply().unwrap());
            assert_eq!(fee(&log, 500), 0);
            assert_eq!(log.take(), ["entry", "no fee"], "link {number}, patched first: {first}");
            drop(link);
            assert_eq!(fee(&log, 500), 0);
            assert_eq!(log.take(), ["no fee"], "link {number}, patched first: {first}");
            drop(patch);
        }
    }
}

#[test]
fn a_probe_that_decides_goes_before_the_replacement() {
    let _turn = turn();
    let log = Log::new();
    let patch = no_fee::apply().unwrap();
    let link = site!(fee).fmod_ret(|_: &ModRet| ControlFlow::Break(7_u64)).unwrap();
    assert_eq!((fee(&log, 500), log.take()), (7, vec![]));
    drop((patch, link));
}

#[test]
fn a_second_patch_is_refused_unless_it_says_that_it_goes_over_the_first() {
    let _turn = turn();
    let log = Log::new();
    let first = no_fee::apply().unwrap();
    let error = double_fee::apply().unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error}");
    assert!(error.to_string().contains("is patched already"), "{error}");
    assert_eq!(fee(&log, 500), 0);

    let second = double_fee::patch().stack(true).apply().unwrap();
    assert_eq!(fee(&log, 500), 10);
    // In whichever order they go.
    first.revert();
    assert_eq!(fee(&log, 500), 10);
    let third = no_fee::patch().stack(true).apply().unwrap();
    assert_eq!(fee(&log, 500), 0);
    third.revert();
    assert_eq!(fee(&log, 500), 10);
    second.revert();
    assert_eq!(fee(&log, 500), 5);
}

#[test]
fn the_original_runs_its_own_body_and_no_probe_a_second_time() {
    let _turn = turn();
    let log = Log::new();
    let link = site!(fee).fentry(|_: &Entry, log: &Log| log.push("entry")).unwrap();
    let patch = double_fee::apply().unwrap();
    assert_eq!(fee(&log, 500), 10);
    assert_eq!(log.take(), ["entry", "double fee", "fee"]);
    // Beside a patch as well, and where no call comes of it, nothing stays behind.
    assert_eq!(site!(fee).original(|| fee(&log, 500)).unwrap(), 5);
    assert_eq!(log.take(), ["fee"]);
    assert_eq!(site!(fee).original(|| 3).unwrap(), 3);
    assert_eq!(fee(&log, 500), 10);
    assert_eq!(log.take(), ["entry", "double fee", "fee"]);
    patch.revert();
    assert_eq!(site!(fee).original(|| fee(&log, 500)).unwrap(), 5);
    assert_eq!(log.take(), ["fee"]);
    drop(link);
}

#[traceable]
fn sum(log: &Log, up_to: u64) -> u64 {
    log.push(format!("sum {up_to}"));
    if up_to == 0 { 0 } else { up_to + sum(log, up_to - 1) }
}

#[replace("**::patching::sum")]
fn noted(log: &Log, up_to: u64) -> u64 {
    log.push(format!("noted {up_to}"));
    site!(sum).original(|| sum(log, up_to)).unwrap()
}

#[test]
fn a_call_that_the_original_makes_of_itself_runs_the_patch() {
    let log = Log::new();
    let patch = noted::apply().unwrap();
    let link = site!(sum).fentry(|_: &Entry, log: &Log| log.push("entry")).unwrap();
    assert_eq!(sum(&log, 2), 3);
    let missed = link.info().missed;
    // The probe is not in a call of its own when the replacement runs.
    assert_eq!(
        log.take(),
        ["entry", "noted 2", "sum 2", "entry", "noted 1", "sum 1", "entry", "noted 0", "sum 0"]
    );
    assert_eq!(missed, 0);
    drop(patch);
}

#[test]
fn a_thread_that_is_ignored_runs_the_replacement_all_the_same() {
    let _turn = turn();
    let log = Log::new();
    let patch = no_fee::apply().unwrap();
    let link = site!(fee)
        .link()
        .around(|_: &Entry, log: &Log| log.push("entry"), |_: &Exit| {})
        .attach()
        .unwrap();
    let quiet = ignore_current_thread();
    assert_eq!((fee(&log, 500), log.take()), (0, vec!["no fee".to_owned()]));
    drop((quiet, link, patch));
}

#[test]
fn several_functions_are_patched_together_or_none_is() {
    let _turn = turn();
    let log = Log::new();
    let both = no_fee::patch().and(no_tax::patch()).apply().unwrap();
    assert_eq!((fee(&log, 500), tax(500)), (0, 0));
    both.revert();
    assert_eq!((fee(&log, 500), tax(500)), (5, 100));

    let busy = no_tax::apply().unwrap();
    let error = no_fee::patch().and(no_tax::patch()).apply().unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error}");
    assert_eq!((fee(&log, 500), tax(500)), (5, 0));
    busy.revert();

    let twice = no_tax::patch().and(no_tax::patch()).apply().unwrap_err();
    assert!(twice.to_string().contains("selects it for two replacements"), "{twice}");
    assert_eq!(tax(500), 100);
}

mod shapes {
    //! Arguments and results of every way of passing, owned and borrowed.

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Large([u64; 9]);

    struct Counted(Arc<()>);

    #[traceable]
    fn large(seed: u64, one: Large, text: String) -> Large {
        Large(one.0.map(|part| part + seed + text.len() as u64))
    }

    #[replace("**::shapes::large")]
    fn backwards(seed: u64, mut one: Large, text: String) -> Large {
        one.0.reverse();
        one.0[0] = seed + text.len() as u64;
        one
    }

    #[traceable]
    fn longer<'a>(one: &'a str, other: &'a str) -> &'a str {
        if one.len() >= other.len() { one } else { other }
    }

    #[replace("**::shapes::longer")]
    fn shorter<'t>(one: &'t str, other: &'t str) -> &'t str {
        if one.len() < other.len() { one } else { other }
    }

    #[replace("**::shapes::longer")]
    fn first<'t>(one: &'t str, _: &str) -> &'t str {
        one
    }

    #[traceable]
    fn counted(one: Counted, mut more: VecDeque<Counted>) -> Option<Counted> {
        drop(one);
        more.pop_front()
    }

    #[replace("**::shapes::counted")]
    fn keeps_one(one: Counted, more: VecDeque<Counted>) -> Option<Counted> {
        drop(more);
        Some(one)
    }

    #[replace("**::shapes::counted")]
    fn panics(_: Counted, _: VecDeque<Counted>) -> Option<Counted> {
        panic!("in the replacement")
    }

    struct Ledger {
        name: String,
        posts: Vec<u64>,
    }

    #[traceable]
    impl Ledger {
        fn name(&self, suffix: &str) -> &str {
            let _ = suffix;
            &self.name
        }

        fn post(&mut self, amount: u64) -> usize {
            self.posts.push(amount);
            self.posts.len()
        }
    }

    #[replace("**::shapes::Ledger::name")]
    fn four<'l>(ledger: &'l Ledger, _: &str) -> &'l str {
        &ledger.name[..4]
    }

    #[replace("**::shapes::Ledger::post")]
    fn twice(ledger: &mut Ledger, amount: u64) -> usize {
        ledger.posts.extend([amount, amount]);
        ledger.posts.len()
    }

    #[traceable]
    fn pick<T: Clone + 'static>(from: &[T]) -> Option<T> {
        from.first().cloned()
    }

    #[replace]
    fn last(from: &[u32]) -> Option<u32> {
        from.last().copied()
    }

    #[test]
    fn values_of_any_size_come_and_go() {
        let call = || large(3, Large([1, 2, 3, 4, 5, 6, 7, 8, 9]), "four".to_owned());
        let patch = backwards::apply().unwrap();
        assert_eq!(call(), Large([7, 8, 7, 6, 5, 4, 3, 2, 1]));
        patch.revert();
        assert_eq!(call(), Large([8, 9, 10, 11, 12, 13, 14, 15, 16]));
    }

    #[test]
    fn a_result_borrows_from_an_argument_as_the_functions_does() {
        let (one, other) = ("one".to_owned(), "other".to_owned());
        let patch = shorter::apply().unwrap();
        assert_eq!(longer(&one, &other), "one");
        drop(patch);
        assert_eq!(longer(&one, &other), "other");
        // It borrows from one alone, which may be right, and is not known to be.
        let error = first::apply().unwrap_err();
        assert!(error.to_string().contains("borrow from different arguments"), "{error}");
    }

    #[test]
    fn what_is_handed_over_is_dropped_once() {
        let count = Arc::new(());
        let call = || {
            let one = || Counted(Arc::clone(&count));
            counted(one(), VecDeque::from([one(), one()]))
        };
        let patch = keeps_one::apply().unwrap();
        let kept = call().unwrap();
        assert_eq!((Arc::strong_count(&count), Arc::strong_count(&kept.0)), (2, 2));
        drop((kept, patch));
        let patch = panics::apply().unwrap();
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
        assert_eq!(Arc::strong_count(&count), 1);
        // It is not in the replacement any more.
        patch.revert_and_wait().unwrap();
    }

    #[test]
    fn methods_and_instances_of_generic_functions_are_replaced() {
        let mut ledger = Ledger { name: "general".to_owned(), posts: vec![] };
        let patches =
            four::patch().and(twice::patch()).and(last::patch().functions(site!(pick::<u32>)));
        let patches = patches.apply().unwrap();
        assert_eq!((ledger.name("x"), pick(&[1_u32, 2, 3])), ("gene", Some(3)));
        assert_eq!((ledger.post(1), pick(&[1_u8, 2, 3])), (2, Some(1)));
        drop(patches);
        assert_eq!((ledger.post(1), pick(&[1_u32, 2, 3])), (3, Some(1)));
        assert_eq!(ledger.name("x"), "general");
    }
}

mod refusals {
    //! What does not fit says why, and nothing has changed.

    use super::*;

    #[traceable]
    fn save(text: &str, times: u32) -> Vec<u8> {
        text.repeat(times as usize).into_bytes()
    }

    #[traceable]
    async fn later(text: String) -> usize {
        text.len()
    }

    #[replace("**::refusals::save")]
    fn keeps(text: &'static str, _: u32) -> Vec<u8> {
        text.as_bytes().to_vec()
    }

    #[replace("**::refusals::save")]
    fn other_result(_: &str, _: u32) -> Vec<u16> {
        vec![]
    }

    #[replace("**::refusals::save")]
    fn fewer(_: &str) -> Vec<u8> {
        vec![]
    }

    #[replace("**::refusals::save")]
    fn more(_: &str, _: u32, _: u32) -> Vec<u8> {
        vec![]
    }

    struct View<'v> {
        text: &'v str,
        own: String,
    }

    #[traceable]
    impl View<'_> {
        fn me(&self) -> &Self {
            self
        }
    }

    /// What it borrows from is its own, which the function's result does not.
    #[replace("**::refusals::View::me")]
    fn shorter<'g>(view: &'g View<'_>) -> &'g View<'g> {
        Box::leak(Box::new(View { text: &view.own, own: String::new() }))
    }

    #[test]
    fn what_a_result_borrows_from_is_not_guessed() {
        let view = View { text: "text", own: String::new() };
        assert_eq!(view.me().text, "text");
        let error = shorter::apply().unwrap_err().to_string();
        assert!(error.contains("from which argument its result borrows cannot be told"), "{error}");
    }

    #[replace("**::refusals::later")]
    fn at_once(text: String) -> usize {
        text.len()
    }

    #[test]
    fn another_type_is_refused_by_name() {
        let refused = [
            (keeps::apply(), "argument 0 (`text`) of"),
            (other_result::apply(), "the result of"),
            (fewer::apply(), "it has 2 arguments, and what is to be in its place takes 1"),
            (more::apply(), "asks for 3 arguments"),
            (at_once::apply(), "it is async"),
        ];
        for (result, says) in refused {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(save("ab", 2), b"abab");
        drop(later(String::new()));
    }

    #[test]
    fn nobody_is_patched_where_one_is_refused() {
        let error = no_tax::patch().and(fewer::patch()).apply().unwrap_err();
        assert!(error.to_string().contains("save"), "{error}");
        assert_eq!(tax(500), 100);
    }
}

mod waiting {
    //! Calls that are in a replacement when it goes.

    use super::*;

    #[traceable]
    fn wait(_: &Sender<()>, _: &Mutex<Receiver<()>>) -> &'static str {
        "original"
    }

    #[replace("**::waiting::wait")]
    fn blocks(entered: &Sender<()>, go_on: &Mutex<Receiver<()>>) -> &'static str {
        entered.send(()).unwrap();
        go_on.lock().unwrap().recv().unwrap();
        "replacement"
    }

    #[test]
    fn a_call_ends_where_it_began_and_whoever_wants_waits_for_it() {
        let (entered, is_in) = channel();
        let (go_on, may_go_on) = channel();
        let may_go_on = Mutex::new(may_go_on);
        let patch = blocks::apply().unwrap();
        let waited = AtomicBool::new(false);
        thread::scope(|scope| {
            let call = scope.spawn(|| {
                let (entered, may_go_on) = (entered, &may_go_on);
                let result = wait(&entered, may_go_on);
                assert!(!waited.load(SeqCst));
                result
            });
            is_in.recv().unwrap();
            let waits = scope.spawn(|| {
                patch.revert_and_wait().unwrap();
                waited.store(true, SeqCst);
            });
            // What begins now is the original.
            let (other, _is_in) = channel();
            while wait_is_patched(&other) {
                thread::yield_now();
            }
            assert!(!waits.is_finished());
            go_on.send(()).unwrap();
            assert_eq!(call.join().unwrap(), "replacement");
        });
        assert!(waited.load(SeqCst));
    }

    /// Whether a call of it would run a replacement: not made, which would block.
    fn wait_is_patched(_: &Sender<()>) -> bool {
        site!(wait).function().unwrap().is_patched()
    }

    static SELF_REVERTING: Mutex<Option<Patch>> = Mutex::new(None);

    #[traceable]
    fn suicide() -> Result<(), String> {
        Ok(())
    }

    #[replace("**::waiting::suicide")]
    fn from_inside() -> Result<(), String> {
        let patch = SELF_REVERTING.lock().unwrap().take().unwrap();
        patch.revert_and_wait().map_err(|error| error.to_string())
    }

    #[test]
    fn who_is_in_a_replacement_cannot_wait_for_it_but_reverts_it() {
        *SELF_REVERTING.lock().unwrap() = Some(from_inside::apply().unwrap());
        let error = suicide().unwrap_err();
        assert!(error.contains("would wait for ever"), "{error}");
        assert_eq!(suicide(), Ok(()));
    }

    #[traceable]
    fn busy(number: u64) -> u64 {
        number + 1
    }

    static IN_USE: AtomicUsize = AtomicUsize::new(0);

    #[replace("**::waiting::busy")]
    fn in_use(number: u64) -> u64 {
        IN_USE.fetch_add(1, SeqCst);
        std::hint::black_box(number);
        IN_USE.fetch_sub(1, SeqCst);
        number + 2
    }

    #[test]
    fn when_a_wait_returns_no_thread_is_in_the_replacement() {
        let stop = AtomicBool::new(false);
        let stop = &stop;
        thread::scope(|scope| {
            for number in 0..3 {
                scope.spawn(move || {
                    while !stop.load(SeqCst) {
                        let result = busy(number);
                        assert!(result == number + 1 || result == number + 2, "{result}");
                    }
                });
            }
            for round in 0..runs(300) {
                let patch = in_use::apply().unwrap();
                let link = (round % 3 == 0).then(|| site!(busy).fentry(|_: &Entry| {}).unwrap());
                let stacked =
                    (round % 2 == 0).then(|| in_use::patch().stack(true).apply().unwrap());
                drop(stacked);
                patch.revert_and_wait().unwrap();
                assert_eq!(IN_USE.load(SeqCst), 0, "round {round}");
                assert_eq!(busy(5), 6);
                drop(link);
            }
            stop.store(true, SeqCst);
        });
    }
}

#[traceable]
fn one_of_many<const N: u64>(add: u64) -> u64 {
    N + add
}

#[replace("**::patching::one_of_many")]
fn the_same_for_all(add: u64) -> u64 {
    1_000_000 + add
}

/// As many as there are places in a page where the data of a site can be.
#[test]
fn a_site_is_patched_wherever_its_data_are() {
    fn call_all(check: impl Fn(u64, u64)) {
        seq_macro::seq!(N in 0..520 { check(N, one_of_many::<N>(3)); });
    }
    call_all(|number, result| assert_eq!(result, number + 3));
    let patch = the_same_for_all::apply().unwrap();
    assert_eq!(patch.functions().len(), 520);
    call_all(|_, result| assert_eq!(result, 1_000_003));
    drop(patch);
    call_all(|number, result| assert_eq!(result, number + 3));
}

#[test]
fn patches_and_links_come_and_go_beside_each_other() {
    #[traceable]
    fn left(number: u64) -> u64 {
        number
    }
    #[traceable]
    fn right(number: u64) -> u64 {
        number
    }
    #[replace("**::patches_and_links_come_and_go_beside_each_other::left")]
    fn next(number: u64) -> u64 {
        number + 1
    }
    assert_eq!(left(1) + right(1), 2);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..runs(300) {
                let patch = next::apply().unwrap();
                assert_eq!(left(1), 2);
                drop(patch);
                assert_eq!(left(1), 1);
            }
        });
        scope.spawn(|| {
            for _ in 0..runs(300) {
                let link = site!(right).fmod_ret(|_: &ModRet| ControlFlow::Break(9_u64)).unwrap();
                assert_eq!(right(1), 9);
                drop(link);
                assert_eq!(right(1), 1);
            }
        });
    });
}

#[test]
fn who_watches_a_function_is_asked_and_told() {
    #[traceable]
    fn watched() -> u8 {
        1
    }
    #[traceable]
    fn other() -> u8 {
        1
    }
    #[replace("**::who_watches_a_function_is_asked_and_told::watched")]
    fn patched() -> u8 {
        2
    }
    #[replace("**::who_watches_a_function_is_asked_and_told::other")]
    fn patched_other() -> u8 {
        2
    }
    assert_eq!((watched(), other()), (1, 1));
    let log = Arc::new(Mutex::new(Vec::new()));
    let declines = Arc::new(AtomicBool::new(false));
    let answer = {
        let (log, declines) = (Arc::clone(&log), Arc::clone(&declines));
        move |event: PatchEvent, function: &gtramp::Function| {
            log.lock().unwrap().push((event, function.name().to_owned()));
            if declines.load(SeqCst) && function.name() == "other" {
                return ControlFlow::Break("it is mine".to_owned());
            }
            ControlFlow::Continue(())
        }
    };
    let took = || {
        let mut took = std::mem::take(&mut *log.lock().unwrap());
        took.sort_by_key(|(event, name)| (format!("{event:?}"), name.clone()));
        took
    };
    let watch =
        watch_patches("**::who_watches_a_function_is_asked_and_told::{watched,other}", answer);
    let watch = watch.unwrap();
    let event = |event, name: &str| (event, name.to_owned());
    let (applying, reverted) = (PatchEvent::Applying, PatchEvent::Reverted);

    let patch = patched::apply().unwrap();
    assert_eq!((watched(), took()), (2, vec![event(applying, "watched")]));
    // What they have agreed to does not come, because one is there.
    assert!(matches!(patched::apply(), Err(Error::Busy { .. })));
    assert_eq!(took(), [event(applying, "watched"), event(reverted, "watched")]);
    patch.revert();
    assert_eq!((watched(), took()), (1, vec![event(reverted, "watched")]));

    declines.store(true, SeqCst);
    let error = patched::patch().and(patched_other::patch()).apply().unwrap_err();
    assert!(error.to_string().contains("it is mine"), "{error}");
    assert_eq!((watched(), other()), (1, 1));
    // Who had agreed is told that nothing came of it.
    let took = took();
    let count =
        |wanted| took.iter().filter(|(event, name)| *event == wanted && name == "watched").count();
    assert_eq!(count(applying), count(reverted), "{took:?}");
    drop(watch);
    patched::patch().and(patched_other::patch()).apply().unwrap().revert();
}
