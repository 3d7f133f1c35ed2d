//! Calls as text, and what else a probe learns of a call without naming a type.

use std::fmt;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gtramp::{Entry, Error, Exit, ModRet, Variant, site, traceable};

use crate::support::Log;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Currency {
    Euro,
}

/// Has no `Debug`.
struct Secretive(#[expect(dead_code, reason = "nobody looks")] u64);

#[derive(Debug)]
struct View<'a> {
    of: &'a str,
}

#[derive(Debug)]
struct Denied;

#[traceable]
fn transfer(from: u32, to: u32, amount: u64) -> Result<u64, Denied> {
    if from == to { Err(Denied) } else { Ok(amount / 100 + 12) }
}

#[traceable]
fn mixed(name: &str, (a, b): (u8, u8), view: View<'_>, of: Currency, _: Secretive) -> Secretive {
    Secretive(u64::from(a) + u64::from(b) + (name.len() + view.of.len()) as u64 + of as u64)
}

#[traceable]
fn nothing() {}

#[traceable(redact(password, return))]
fn login(user: &str, password: &str) -> String {
    format!("{user}:{password}")
}

#[traceable]
fn bounded<T: fmt::Debug>(value: T) -> Option<T> {
    Some(value)
}

#[traceable]
fn unbounded<T>(value: T) -> Option<T> {
    Some(value).filter(|_| false)
}

#[traceable]
fn long(text: String) -> usize {
    text.len()
}

#[traceable]
fn borrowed<'a>(text: &'a str, more: Option<&'a str>, shared: Rc<str>) -> Option<&'a str> {
    more.filter(|more| more.len() > shared.len()).or(Some(text))
}

#[traceable]
fn fails(fail: bool) -> u8 {
    assert!(!fail, "as was asked for");
    7
}

struct Ledger {
    fee: u64,
}

#[traceable(redact(pin))]
impl Ledger {
    fn fee(&self, amount: u64, pin: u16) -> u64 {
        self.fee + amount / 100 + u64::from(pin)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({})", self.fee)
    }
}

/// The tests look at the same functions.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What probes at entry and at exit of the function see of what `call` calls.
#[track_caller]
fn seen<R>(functions: &str, call: impl Fn() -> R) -> [String; 2] {
    let log = Log::new();
    let mut texts = [String::new(), String::new()];
    for _ in 0..2 {
        let (entry, exit) = (log.clone(), log.clone());
        let link = gtramp::link()
            .functions(format!("behaviour::calls::{functions}"))
            .fentry(move |ctx: &Entry| entry.push(ctx.call().to_string()))
            .fexit(move |ctx: &Exit| exit.push(ctx.call().to_string()))
            .attach()
            .unwrap();
        let _ = call();
        drop(link);
        texts = log.take().try_into().expect("two probes ran");
    }
    texts
}

#[test]
fn a_call_is_its_function_its_arguments_and_at_exit_its_result() {
    let _alone = alone();
    let [entry, exit] = seen("transfer", || transfer(1, 2, 500));
    assert_eq!(entry, "transfer(from=1, to=2, amount=500)");
    assert_eq!(exit, "transfer(from=1, to=2, amount=500) -> Ok(17)");
    let [_, exit] = seen("transfer", || transfer(1, 1, 500));
    assert_eq!(exit, "transfer(from=1, to=1, amount=500) -> Err(Denied)");
    let [entry, exit] = seen("nothing", nothing);
    assert_eq!((entry.as_str(), exit.as_str()), ("nothing()", "nothing() -> ()"));
}

#[test]
fn what_has_no_debug_is_not_shown_and_at_exit_what_may_be_gone() {
    let _alone = alone();
    let call = || mixed("ann", (1, 2), View { of: "x" }, Currency::Euro, Secretive(1));
    let [entry, exit] = seen("mixed", call);
    assert_eq!(entry, r#"mixed(name="ann", (a, b)=(1, 2), view=View { of: "x" }, of=Euro, _=_)"#);
    assert_eq!(exit, "mixed(name=_, (a, b)=(1, 2), view=_, of=Euro, _=_) -> _");
}

#[test]
fn a_type_parameter_is_shown_where_it_is_bounded_by_debug() {
    let _alone = alone();
    let [_, exit] = seen("bounded", || bounded("text"));
    assert_eq!(exit, r#"bounded(value=_) -> Some("text")"#);
    let [entry, exit] = seen("unbounded", || unbounded(1));
    assert_eq!((entry.as_str(), exit.as_str()), ("unbounded(value=_)", "unbounded(value=_) -> _"));
}

#[test]
fn what_is_redacted_is_never_shown() {
    let _alone = alone();
    let [entry, exit] = seen("login", || login("ann", "hunter2"));
    assert_eq!(entry, r#"login(user="ann", password=<redacted>)"#);
    assert_eq!(exit, "login(user=_, password=<redacted>) -> <redacted>");
    let [entry, exit] = seen("Ledger::fee", || Ledger { fee: 3 }.fee(500, 1234));
    assert_eq!(entry, "fee(self=Ledger(3), amount=500, pin=<redacted>)");
    assert_eq!(exit, "fee(self=_, amount=500, pin=<redacted>) -> 1242");
}

#[test]
fn of_a_long_value_the_beginning_is_shown() {
    let _alone = alone();
    let text = "ä".repeat(150);
    let [entry, _] = seen("long", || long(text.clone()));
    assert_eq!(entry, format!("long(text=\"{}…)", "ä".repeat(99)));

    let log = Log::new();
    let held = log.clone();
    let link = site!(long).fentry(move |ctx: &Entry| {
        held.push(ctx.call().limit(3).to_string());
        held.push(ctx.call().limit(usize::MAX).to_string());
        held.push(ctx.call().argument("text").expect("it is there").to_string());
        held.push(format!("{:?}", ctx.call().argument(1)));
        held.push(format!("{:?}", ctx.call().result()));
    });
    let link = link.unwrap();
    long("abcdef".to_owned());
    drop(link);
    assert_eq!(
        log.take(),
        [r#"long(text="ab…)"#, r#"long(text="abcdef")"#, r#""abcdef""#, "None", "None"]
    );
}

#[test]
fn a_result_that_borrows_is_shown() {
    let _alone = alone();
    let [entry, exit] = seen("borrowed", || borrowed("a", None, "b".into()));
    assert_eq!(entry, r#"borrowed(text="a", more=None, shared="b")"#);
    assert_eq!(exit, r#"borrowed(text=_, more=_, shared=_) -> Some("a")"#);
}

#[test]
fn a_call_that_unwinds_has_no_result() {
    let _alone = alone();
    let [_, exit] = seen("fails", || {
        std::panic::catch_unwind(|| fails(true)).unwrap_err();
    });
    assert_eq!(exit, "fails(fail=true) -> (unwound)");
}

#[test]
fn a_result_says_which_variant_it_is_without_a_type() {
    let _alone = alone();
    let log = Log::new();
    for _ in 0..2 {
        let held = log.clone();
        let link = gtramp::fexit("behaviour::calls::**", move |ctx: &Exit| {
            held.push(format!("{:?} {} {}", ctx.variant(), ctx.is_err(), ctx.is_none()));
        });
        let link = link.unwrap();
        let _ = (transfer(1, 2, 3), transfer(1, 1, 3), bounded(1), unbounded("text"), fails(false));
        std::panic::catch_unwind(|| fails(true)).unwrap_err();
        drop(link);
        assert_eq!(
            log.take(),
            [
                "Some(Ok) false false",
                "Some(Err) true false",
                "Some(Some) false false",
                "Some(None) false true",
                "None false false",
                "None false false"
            ]
        );
    }
    assert_eq!(Variant::Ok, Variant::Ok);
}

#[test]
fn a_modify_return_probe_sees_the_call_and_its_answer_is_shown_at_exit() {
    let _alone = alone();
    let log = Log::new();
    for _ in 0..2 {
        let (decide, exit) = (log.clone(), log.clone());
        let link = gtramp::link()
            .functions("behaviour::calls::fails")
            .fmod_ret(move |ctx: &ModRet| {
                decide.push(ctx.call().to_string());
                ControlFlow::Break(9_u8)
            })
            .fexit(move |ctx: &Exit| exit.push(ctx.call().to_string()))
            .attach()
            .unwrap();
        assert_eq!(fails(true), 9);
        drop(link);
        assert_eq!(log.take(), ["fails(fail=true)", "fails(fail=true) -> 9"]);
    }
}

#[test]
fn a_panic_of_a_debug_is_one_of_the_probe() {
    let _alone = alone();
    struct Explosive;
    impl fmt::Debug for Explosive {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("not to be looked at")
        }
    }
    for _ in 0..2 {
        assert!(bounded(Explosive).is_some());
        let link = gtramp::fentry("behaviour::calls::bounded", |ctx: &Entry| {
            let _ = ctx.call().to_string();
        });
        let link = link.unwrap();
        assert!(bounded(Explosive).is_some());
        assert!(link.info().to_string().contains("not to be looked at"), "{}", link.info());
    }
}

#[test]
fn an_argument_is_asked_for_by_its_name_too() {
    let _alone = alone();
    let log = Log::new();
    for _ in 0..2 {
        let (entry, exit) = (log.clone(), log.clone());
        let link = gtramp::link()
            .functions("behaviour::calls::Ledger::fee")
            .fentry(move |ctx: &Entry| {
                let fee = ctx.arg::<Ledger>("self").unwrap().fee;
                entry.push(format!("{fee} {}", ctx.arg::<u64>("amount").unwrap()));
                let missing = ctx.arg::<u64>("amont").unwrap_err();
                assert!(matches!(missing, Error::NoSuchArgument { .. }));
                entry.push(missing.to_string());
            })
            .fexit(move |ctx: &Exit| exit.push(ctx.arg::<u16>("pin").unwrap().to_string()))
            .attach()
            .unwrap();
        Ledger { fee: 3 }.fee(500, 1);
        drop(link);
        assert_eq!(
            log.take(),
            [
                "3 500",
                "the probe asks for an argument `amont`, but those of `behaviour::calls::Ledger::fee` \
                 are `self`, `amount`, `pin`",
                "1"
            ]
        );
    }
}
