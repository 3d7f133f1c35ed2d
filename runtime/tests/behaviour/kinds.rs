//! The kinds of probes: what each gets and may do.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::{catch_unwind, panic_any};

use gtramp::__private::Lookup;
use gtramp::{
    Entry, Error, Exit, Kind, ModRet, Return, fentry, fexit, fmod_ret, link, replace, site,
    traceable,
};

use crate::support::Log;

#[traceable]
fn overridden_twice(log: &Log, amount: u64) -> u64 {
    log.push("origin");
    amount
}

#[test]
fn the_first_override_ends_the_row_and_exit_probes_see_it() {
    let log = Log::new();
    let path = "behaviour::kinds::overridden_twice";
    let decide = |name: &'static str, value: u64| {
        gtramp::fmod_ret(path, move |_: &ModRet, log: &Log, amount: &u64| {
            log.push(name);
            if *amount >= value { ControlFlow::Break(value) } else { ControlFlow::Continue(()) }
        })
        .unwrap()
    };
    for _ in 0..2 {
        let (ten, five) = (decide("ten", 10), decide("five", 5));
        let seen = log.clone();
        let exit = gtramp::fexit(path, move |ctx: &Exit, ret: Return<u64>| {
            seen.push(format!("{:?} {} {}", ret.get(), ctx.origin_skipped(), ctx.unwound()));
        })
        .unwrap();
        assert_eq!(overridden_twice(&log, 3), 3);
        assert_eq!(log.take(), ["ten", "five", "origin", "Some(3) false false"]);
        assert_eq!(overridden_twice(&log, 7), 5);
        assert_eq!(log.take(), ["ten", "five", "Some(5) true false"]);
        assert_eq!(overridden_twice(&log, 12), 10);
        assert_eq!(log.take(), ["ten", "Some(10) true false"]);
        drop(ten);
        assert_eq!(overridden_twice(&log, 12), 5);
        assert_eq!(log.take(), ["five", "Some(5) true false"]);
        drop((five, exit));
        assert_eq!(overridden_twice(&log, 12), 12);
        assert_eq!(log.take(), ["origin"]);
    }
}

#[derive(Debug, PartialEq)]
struct Payload(u64);

#[traceable]
fn unwinds(code: u64) -> String {
    panic_any(Payload(code));
}

#[test]
fn a_panic_of_the_origin_passes_unchanged_and_exit_probes_see_it() {
    let log = Log::new();
    let path = "behaviour::kinds::unwinds";
    for _ in 0..2 {
        let entry = gtramp::fentry(path, |_: &Entry| ()).unwrap();
        let payload = catch_unwind(|| unwinds(1)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&Payload(1)));

        let seen = log.clone();
        let exit = gtramp::fexit(path, move |ctx: &Exit, code: u64, ret: Return<String>| {
            seen.push(format!("{code} {:?} {}", ret.get(), ctx.unwound()));
        })
        .unwrap();
        let payload = catch_unwind(|| unwinds(2)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&Payload(2)));
        assert_eq!(log.take(), ["2 None true"]);
        drop((entry, exit));
        let payload = catch_unwind(|| unwinds(3)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&Payload(3)));
        assert!(log.take().is_empty());
    }
}

#[traceable]
fn panics_under_a_faulty_probe() {
    panic_any(Payload(4));
}

#[test]
fn an_exit_probe_that_panics_while_the_origin_unwinds_is_caught() {
    for _ in 0..2 {
        let exit = site!(panics_under_a_faulty_probe)
            .fexit(|_: &Exit| panic_any("the probe's own"))
            .unwrap();
        let payload = catch_unwind(panics_under_a_faulty_probe).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&Payload(4)));
        assert_eq!(exit.info().panic.as_deref(), Some("the probe's own"));
        assert!(!exit.is_enabled());
        drop(exit);
        assert!(catch_unwind(panics_under_a_faulty_probe).is_err());
    }
}

struct Ledger {
    total: u64,
}

#[traceable]
impl Ledger {
    fn post(&mut self, name: &str, amount: u64, tags: &[&str]) -> Result<u64, String> {
        if amount == 0 {
            return Err(format!("{name} posts nothing"));
        }
        self.total += amount + tags.len() as u64;
        Ok(self.total)
    }
}

std::thread_local! {
    static SEEN: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

fn seen(line: String) {
    SEEN.with_borrow_mut(|seen| seen.push(line));
}

#[fentry("behaviour::kinds::Ledger::post")]
fn before(ctx: &Entry, ledger: &Ledger, name: &str, amount: u64) {
    seen(format!("{} {} {name} {amount}", ctx.function().name(), ledger.total));
}

#[fentry("behaviour::kinds::Ledger::post", sleepable)]
fn before_and_may_sleep(_: &Entry, _: &Ledger, name: &str) {
    seen(format!("slept for {name}"));
}

#[fmod_ret("behaviour::kinds::Ledger::post")]
fn waive(_: &ModRet, _: &Ledger, name: &str, amount: u64) -> ControlFlow<Result<u64, String>> {
    if name == "guest" { ControlFlow::Break(Ok(amount / 2)) } else { ControlFlow::Continue(()) }
}

#[fexit("behaviour::kinds::Ledger::post")]
fn after(
    ctx: &Exit,
    ledger: *const Ledger,
    name: *const str,
    amount: u64,
    ret: &Result<u64, String>,
) {
    assert!(!ledger.is_null() && !name.is_null());
    seen(format!("{amount} {ret:?} {}", ctx.origin_skipped()));
}

#[test]
fn attribute_probes_see_the_arguments_they_name() {
    let mut ledger = Ledger { total: 1 };
    for _ in 0..2 {
        ledger.total = 1;
        let links = [
            before::attach().unwrap(),
            before_and_may_sleep::attach().unwrap(),
            waive::attach().unwrap(),
            after::attach().unwrap(),
        ];
        assert!(links[0].info().functions[0].caller.contains("_sleep_origin"));
        assert_eq!(ledger.post("ann", 4, &["a", "b"]), Ok(7));
        assert_eq!(SEEN.take(), ["post 1 ann 4", "slept for ann", "4 Ok(7) false"]);
        assert_eq!(ledger.post("guest", 4, &[]), Ok(2));
        assert_eq!(SEEN.take(), ["post 7 guest 4", "slept for guest", "4 Ok(2) true"]);
        assert_eq!(ledger.post("bob", 0, &[]), Err("bob posts nothing".to_owned()));
        let exit = "0 Err(\"bob posts nothing\") false";
        assert_eq!(SEEN.take(), ["post 7 bob 0", "slept for bob", exit]);
        drop(links);
        assert_eq!(ledger.post("guest", 1, &[]), Ok(8));
        assert!(SEEN.take().is_empty());
    }
}

#[traceable]
fn may_unwind(fails: bool) -> u64 {
    assert!(!fails, "told to");
    6
}

#[fexit("behaviour::kinds::may_unwind")]
fn only_results(_: &Exit, ret: &u64) {
    seen(format!("result {ret}"));
}

#[fexit("behaviour::kinds::may_unwind")]
fn any_end(_: &Exit, fails: bool, ret: Option<&u64>) {
    seen(format!("end {fails} {ret:?}"));
}

#[test]
fn an_exit_attribute_that_takes_a_reference_sleeps_through_unwinding() {
    for _ in 0..2 {
        let links = [only_results::attach().unwrap(), any_end::attach().unwrap()];
        assert_eq!(may_unwind(false), 6);
        assert_eq!(SEEN.take(), ["end false Some(6)", "result 6"]);
        assert!(catch_unwind(|| may_unwind(true)).is_err());
        assert_eq!(SEEN.take(), ["end true None"]);
        drop(links);
        assert_eq!(may_unwind(false), 6);
        assert!(SEEN.take().is_empty());
    }
}

#[traceable]
fn twelve(
    a: u8,
    b: i16,
    c: f32,
    d: bool,
    e: char,
    f: u64,
    g: i128,
    h: f64,
    i: (u8, u16),
    j: [u8; 5],
    k: u32,
    l: usize,
) -> f64 {
    f64::from(a)
        + f64::from(b)
        + f64::from(c)
        + f64::from(u8::from(d))
        + f64::from(u32::from(e))
        + h
        + (f + u64::from(k)) as f64
        + (g as f64)
        + f64::from(i.1)
        + f64::from(j[4])
        + l as f64
}

#[test]
fn closures_take_up_to_twelve_typed_arguments_at_entry_and_exit() {
    let log = Log::new();
    for _ in 0..2 {
        let (entry, decide, exit) = (log.clone(), log.clone(), log.clone());
        let all = site!(twelve)
            .link()
            .fentry(
                move |_: &Entry,
                      a: &u8,
                      b: &i16,
                      c: &f32,
                      d: &bool,
                      e: &char,
                      f: &u64,
                      g: &i128,
                      h: &f64,
                      i: &(u8, u16),
                      j: &[u8; 5],
                      k: &u32,
                      l: &usize| {
                    entry.push(format!("{a} {b} {c} {d} {e} {f} {g} {h} {i:?} {j:?} {k} {l}"));
                },
            )
            .fmod_ret(
                move |_: &ModRet,
                      a: &u8,
                      b: &i16,
                      c: &f32,
                      d: &bool,
                      e: &char,
                      f: &u64,
                      g: &i128,
                      h: &f64,
                      i: &(u8, u16),
                      j: &[u8; 5],
                      k: &u32,
                      l: &usize|
                      -> ControlFlow<f64> {
                    decide.push(format!("{a} {b} {c} {d} {e} {f} {g} {h} {i:?} {j:?} {k} {l}"));
                    ControlFlow::Continue(())
                },
            )
            .fexit(
                move |_: &Exit,
                      a: u8,
                      b: i16,
                      c: f32,
                      d: bool,
                      e: char,
                      f: u64,
                      g: i128,
                      h: f64,
                      i: (u8, u16),
                      j: [u8; 5],
                      k: u32,
                      l: usize,
                      ret: Return<f64>| {
                    exit.push(format!("{a} {b} {c} {d} {e} {f} {g} {h} {i:?} {j:?} {k} {l}"));
                    exit.push(format!("{:?}", ret.get()));
                },
            )
            .attach()
            .unwrap();
        let call = || twelve(1, -2, 3.5, true, 'x', 6, -7, 8.25, (9, 10), [1, 2, 3, 4, 5], 11, 12);
        let result = call();
        let arguments = "1 -2 3.5 true x 6 -7 8.25 (9, 10) [1, 2, 3, 4, 5] 11 12";
        assert_eq!(log.take(), [arguments, arguments, arguments, &format!("Some({result:?})")]);
        drop(all);
        assert_eq!(call(), result);
        assert!(log.take().is_empty());
    }
}

#[traceable]
fn asked(name: &str, amount: u64) -> Vec<u8> {
    vec![u8::try_from(amount).unwrap_or(0); name.len()]
}

#[test]
fn the_context_tells_the_function_and_checks_the_types_it_is_asked_for() {
    let log = Log::new();
    for _ in 0..2 {
        let (entry, exit) = (log.clone(), log.clone());
        let both = site!(asked)
            .link()
            .cookie(9)
            .fentry(move |ctx: &Entry| {
                let function = ctx.function();
                entry.push(format!(
                    "{} {} {} {}",
                    function.path(),
                    ctx.argument_count(),
                    ctx.cookie(),
                    ctx.address() == function.address()
                ));
                entry.push(format!(
                    "{:?} {:?}",
                    ctx.arg::<str>(0).unwrap(),
                    ctx.arg::<u64>(1).unwrap()
                ));
                let wrong = ctx.arg::<u32>(1).unwrap_err();
                let is_mismatch =
                    matches!(wrong, Error::TypeMismatch(ref why) if why.argument() == Some(1));
                entry.push(format!("{is_mismatch} {wrong}"));
                let missing = ctx.arg::<u64>(2).unwrap_err();
                entry.push(format!(
                    "{}",
                    matches!(missing, Error::MissingArgument { asked: 3, count: 2, .. })
                ));
            })
            .fexit(move |ctx: &Exit| {
                exit.push(format!("{:?}", ctx.arg::<u64>(1).unwrap()));
                exit.push(format!("{:?}", ctx.ret::<Vec<u8>>().unwrap()));
                let wrong = ctx.ret::<Vec<i8>>().unwrap_err();
                exit.push(format!(
                    "{}",
                    matches!(wrong, Error::TypeMismatch(ref why) if why.argument().is_none())
                ));
                // A reference may be gone by now, and may not have been 'static.
                exit.push(format!("{}", ctx.arg::<&'static str>(0).is_err()));
            })
            .attach()
            .unwrap();
        assert_eq!(asked("ab", 3), [3, 3]);
        assert_eq!(
            log.take(),
            [
                "behaviour::kinds::asked 2 9 true",
                "\"ab\" 3",
                "true argument 1 (`amount`) of `behaviour::kinds::asked` is `u64`, but the probe asks for `&u32`",
                "true",
                "3",
                "Some([3, 3])",
                "true",
                "true"
            ]
        );
        assert_eq!(both.info().panic, None);
        drop(both);
        assert_eq!(asked("", 3), []);
        assert!(log.take().is_empty());
    }
}

#[traceable]
fn of_every_kind() -> u64 {
    1
}

#[test]
fn kinds_mix_in_one_link_typed_and_untyped() {
    for _ in 0..2 {
        let all = link()
            .functions("behaviour::kinds::of_every_kind")
            .fexit(|_: &Exit| ())
            .fmod_ret(|_: &ModRet| ControlFlow::Break(2_u64))
            .fentry(|_: &Entry| ())
            .fexit(|_: &Exit, _: Return<u64>| ())
            .attach()
            .unwrap();
        assert_eq!(all.info().kinds, [Kind::Fexit, Kind::FmodRet, Kind::Fentry, Kind::Fexit]);
        assert_eq!(of_every_kind(), 2);
        drop(all);
        assert_eq!(of_every_kind(), 1);
    }
}

/// Fails with `ENOTDIR`.
fn fail_once() {
    std::fs::read_dir("/dev/null").map(drop).unwrap_err();
}

/// Fails with `ENOENT`.
fn fail_otherwise() {
    std::fs::File::open("/no/such/file").map(drop).unwrap_err();
}

fn errno() -> Option<i32> {
    std::io::Error::last_os_error().raw_os_error()
}

#[traceable]
fn looks_at_errno(at_entry: &mut Option<i32>) {
    *at_entry = errno();
    fail_once();
}

#[test]
fn probes_leave_errno_alone() {
    fail_once();
    let once = errno();
    fail_otherwise();
    let otherwise = errno();
    assert_ne!(once, otherwise);
    for sleepable in [false, true] {
        let builder = || site!(looks_at_errno).link().sleepable(sleepable);
        for full in [false, true] {
            let mut link = builder().fentry(|_: &Entry| fail_otherwise());
            if full {
                link = link
                    .fmod_ret(|_: &ModRet| -> ControlFlow<()> {
                        fail_otherwise();
                        ControlFlow::Continue(())
                    })
                    .fexit(|_: &Exit| fail_otherwise());
            }
            let link = link.attach().unwrap();
            let mut at_entry = None;
            fail_once();
            looks_at_errno(&mut at_entry);
            assert_eq!((at_entry, errno()), (once, once), "sleepable {sleepable}, full {full}");
            drop(link);
        }
    }
}

#[traceable]
fn changes(list: &mut Vec<u32>, by: u32) {
    list.push(by);
}

#[test]
fn a_unique_reference_is_shown_to_probes_as_a_shared_one() {
    let log = Log::new();
    let mut list = vec![1];
    for _ in 0..2 {
        let seen = log.clone();
        let entry = site!(changes)
            .fentry(move |_: &Entry, list: &Vec<u32>, by: &u32| seen.push(format!("{list:?} {by}")))
            .unwrap();
        list.truncate(1);
        changes(&mut list, 2);
        changes(&mut list, 3);
        assert_eq!(log.take(), ["[1] 2", "[1, 2] 3"]);
        drop(entry);
        changes(&mut list, 4);
        assert_eq!(list, [1, 2, 3, 4]);
        assert!(log.take().is_empty());
    }
}

#[traceable]
fn opened(parcel: Cell<Option<Box<u64>>>) -> u64 {
    parcel.take().map_or(0, |content| *content)
}

/// An argument that travels in a slot and can be changed through a shared reference: were the probe handed
/// a copy, there would be two owners.
#[test]
fn what_an_entry_probe_takes_out_of_an_argument_is_gone_for_the_function() {
    fn steal(_: &Entry<'_>, parcel: &Cell<Option<Box<u64>>>) {
        assert_eq!(parcel.take().as_deref(), Some(&7));
    }
    let call = || opened(Cell::new(Some(Box::new(7))));
    let link = || site!(opened).link();
    assert_eq!(call(), 7);
    for lookup in [Lookup::Inline, Lookup::Hash] {
        let alone = link().lookup(lookup).fentry(steal).attach().unwrap();
        assert_eq!(call(), 0, "alone, {lookup:?}");
        let second = link().lookup(lookup).fentry(|_: &Entry<'_>| ()).attach().unwrap();
        assert_eq!(call(), 0, "with another link, {lookup:?}");
        drop((alone, second));
        let exit = |_: &Exit<'_>, ret: Return<'_, u64>| assert_eq!(ret.get(), Some(&0));
        let pair = link().lookup(lookup).around(steal, exit).attach().unwrap();
        assert_eq!(call(), 0, "with an exit probe, {lookup:?}");
        drop(pair);
        let asked = |ctx: &Entry<'_>| drop(ctx.arg::<Cell<Option<Box<u64>>>>(0).unwrap().take());
        let asked = link().lookup(lookup).fentry(asked).attach().unwrap();
        assert_eq!(call(), 0, "asked for by place, {lookup:?}");
        drop(asked);
    }
    let sleeping = link().sleepable(true).fentry(steal).attach().unwrap();
    assert_eq!(call(), 0, "sleepable");
    drop(sleeping);
    assert_eq!(call(), 7);
}

#[traceable]
fn three(a: u64, b: u64, c: u64) -> u64 {
    a + b + c
}

#[traceable]
fn replaced(a: u64, b: u64, c: u64) -> u64 {
    a + b + c
}

#[test]
fn a_probe_may_have_any_name() {
    #[fentry("**::kinds::three")]
    fn p0(_: &Entry, a: &u64, b: &u64) {
        assert_eq!((*a, *b), (1, 2));
    }
    #[fmod_ret("**::kinds::three")]
    fn p1(_: &ModRet, _: &u64, b: &u64, _: &u64) -> ControlFlow<u64> {
        ControlFlow::Break(*b)
    }
    #[fexit("**::kinds::three")]
    fn p2(_: &Exit, a: u64, _: u64, _: u64, ret: &u64) {
        assert_eq!((a, *ret), (1, 2));
    }
    let links = [p0::attach().unwrap(), p1::attach().unwrap(), p2::attach().unwrap()];
    assert_eq!(three(1, 2, 3), 2);
    {
        #[replace("**::kinds::replaced")]
        fn p1(a: u64, p0: u64, p2: u64) -> u64 {
            a + p0 - p2
        }
        let _patch = p1::apply().unwrap();
        assert_eq!(replaced(1, 20, 3), 18);
    }
    assert!(links.iter().all(|link| link.info().panic.is_none()));
}
