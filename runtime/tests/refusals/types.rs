//! Probes whose types do not fit.

use std::fmt::{self, Debug, Display};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gtramp::{
    Entry, Error, Exit, Function, Link, ModRet, Return, fentry, fexit, fmod_ret, site, traceable,
};

use crate::support::{Log, entry_bytes};

/// An attach that must be refused by a type: which argument it is, and what the error says.
#[track_caller]
fn refused(function: &'static Function, attach: Result<Link, Error>) -> (Option<usize>, String) {
    let before = entry_bytes(function);
    let error = attach.expect_err("it must be refused");
    assert_eq!(entry_bytes(function), before);
    let text = error.to_string();
    assert!(text.contains(function.path()), "{text}");
    match error {
        Error::TypeMismatch(why) => (why.argument(), text),
        other => panic!("{other:?}"),
    }
}

/// Attaches, detaches and attaches again.
#[track_caller]
fn accepted(attach: impl Fn() -> Result<Link, Error>) {
    for _ in 0..2 {
        drop(attach().unwrap());
    }
}

#[traceable]
fn plain(amount: u64, name: &str, tags: Vec<String>) -> Result<u64, String> {
    if name.is_empty() { Err(tags.concat()) } else { Ok(amount) }
}

#[fentry("refusals::types::plain")]
fn narrow_value(_: &Entry, _amount: u32) {}

#[fentry("refusals::types::plain")]
fn other_reference(_: &Entry, _amount: u64, _name: &String) {}

#[fexit("refusals::types::plain")]
fn other_result(_: &Exit, _ret: &u64) {}

#[fexit("refusals::types::plain")]
fn other_pointer(_: &Exit, _amount: u64, _name: *const u8) {}

#[fmod_ret("refusals::types::plain")]
fn other_decision(_: &ModRet) -> ControlFlow<Option<u64>> {
    ControlFlow::Continue(())
}

#[fmod_ret("refusals::types::plain")]
fn other_third_argument(_: &ModRet, _: u64, _: &str, _: &[u8]) -> ControlFlow<Result<u64, String>> {
    ControlFlow::Continue(())
}

#[test]
fn every_kind_of_probe_is_refused_for_a_wrong_type() {
    assert_eq!(plain(1, "", vec!["a".to_owned()]), Err("a".to_owned()));
    let function = site!(plain).function().unwrap();
    let at = |attach| refused(function, attach).0;
    assert_eq!(at(narrow_value::attach()), Some(0));
    assert_eq!(at(other_reference::attach()), Some(1));
    assert_eq!(at(other_result::attach()), None);
    assert_eq!(at(other_pointer::attach()), Some(1));
    assert_eq!(at(other_decision::attach()), None);
    assert_eq!(at(other_third_argument::attach()), Some(2));
    let path = "refusals::types::plain";
    assert_eq!(at(gtramp::fentry(path, |_: &Entry, _: &i64| ())), Some(0));
    assert_eq!(
        at(gtramp::fentry(path, |_: &Entry, _: &u64, _: &str, _: &Vec<&'static str>| ())),
        Some(2)
    );
    assert_eq!(at(gtramp::fexit(path, |_: &Exit, _: i64| ())), Some(0));
    assert_eq!(at(gtramp::fexit(path, |_: &Exit, _: Return<Result<u64, &'static str>>| ())), None);
    let decide = |_: &ModRet, _: &u64| -> ControlFlow<u64> { ControlFlow::Continue(()) };
    assert_eq!(at(gtramp::fmod_ret(path, decide)), None);

    let (_, text) = refused(function, narrow_value::attach());
    assert_eq!(
        text,
        "argument 0 (`amount`) of `refusals::types::plain` is `u64`, but the probe asks for `u32`"
    );
    let (_, text) = refused(function, other_result::attach());
    assert_eq!(
        text,
        "the result of `refusals::types::plain` is `Result<u64, String>`, but the probe asks for `u64`"
    );
    accepted(|| gtramp::fentry(path, |_: &Entry, _: &u64, _: &str, _: &Vec<String>| ()));
    assert_eq!(plain(1, "a", vec![]), Ok(1));
}

/// Its entry is compared, so no other test attaches to it.
#[traceable]
fn of_three(amount: u64, name: &str, tags: Vec<String>) -> Result<u64, String> {
    plain(amount, name, tags)
}

#[fentry("refusals::types::of_three")]
fn fourth(_: &Entry, _: u64, _: &str, _: &Vec<String>, _: u8) {}

#[test]
fn more_parameters_than_arguments_are_refused() {
    assert_eq!(of_three(1, "a", vec![]), Ok(1));
    let function = site!(of_three).function().unwrap();
    let before = entry_bytes(function);
    let path = "refusals::types::of_three";
    let attaches = [
        fourth::attach(),
        gtramp::fentry(path, |_: &Entry, _: &u64, _: &str, _: &Vec<String>, _: &u8| ()),
        gtramp::fmod_ret(
            path,
            |_: &ModRet,
             _: &u64,
             _: &str,
             _: &Vec<String>,
             _: &u8|
             -> ControlFlow<Result<u64, String>> { ControlFlow::Continue(()) },
        ),
    ];
    for attach in attaches {
        let error = attach.unwrap_err();
        assert!(matches!(error, Error::MissingArgument { asked: 4, count: 3, .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains("asks for 4 arguments, but `refusals::types::of_three` has 3"),
            "{error}"
        );
    }
    assert_eq!(entry_bytes(function), before);
}

struct View<'a>(&'a str);

/// Tests that call `borrows` and `lends` take turns: some write down every call.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[traceable]
fn borrows(hay: &str, maybe: Option<&str>, view: View<'_>, forever: Option<&'static str>) -> usize {
    hay.len() + maybe.map_or(0, str::len) + view.0.len() + forever.map_or(0, str::len)
}

#[traceable]
fn lends(hay: &str, _at: u8) -> Option<&str> {
    hay.get(1..)
}

#[test]
fn a_lifetime_that_the_call_does_not_grant_is_refused() {
    let _turn = turn();
    let call = || assert_eq!(borrows("a", Some("b"), View("c"), Some("d")), 4);
    call();
    assert_eq!(lends("ab", 1), Some("b"));
    let function = site!(borrows).function().unwrap();
    let path = "refusals::types::borrows";
    let smuggles = |_: &Entry, _: &str, _: &Option<&'static str>| ();
    assert_eq!(refused(function, gtramp::fentry(path, smuggles)).0, Some(1));
    accepted(|| gtramp::fentry(path, |_: &Entry, _: &str| ()));

    let log = Log::new();
    for _ in 0..2 {
        let seen = log.clone();
        let link = gtramp::fentry(path, move |ctx: &Entry| {
            seen.push(format!("{:?}", ctx.arg::<str>(0).ok()));
            seen.push(format!("{:?}", ctx.arg::<&'static str>(0).is_ok()));
            seen.push(format!("{:?}", ctx.arg::<Option<&'static str>>(1).is_ok()));
            seen.push(format!("{:?}", ctx.arg::<View<'static>>(2).is_ok()));
            seen.push(format!("{:?}", ctx.arg::<Option<&'static str>>(3).ok()));
        })
        .unwrap();
        call();
        assert_eq!(log.take(), ["Some(\"a\")", "false", "false", "false", "Some(Some(\"d\"))"]);
        drop(link);
    }
    let function = site!(lends).function().unwrap();
    let path = "refusals::types::lends";
    let result = gtramp::fexit(path, |_: &Exit, _: Return<Option<&'static str>>| ());
    assert_eq!(refused(function, result).0, None);
    let decide = |_: &ModRet| -> ControlFlow<Option<&'static str>> { ControlFlow::Continue(()) };
    assert_eq!(refused(function, gtramp::fmod_ret(path, decide)).0, None);
}

#[fentry("refusals::types::borrows")]
fn any_lifetime(
    _: &Entry,
    hay: &str,
    maybe: Option<&str>,
    view: &View,
    forever: Option<&'static str>,
) {
    assert_eq!((hay, maybe, view.0, forever), ("a", Some("b"), "c", Some("d")));
}

#[fexit("refusals::types::lends")]
fn any_result(_: &Exit, ret: Option<&Option<&str>>) {
    assert_eq!(ret, Some(&Some("b")));
}

#[test]
fn attributes_that_leave_lifetimes_open_are_accepted() {
    let _turn = turn();
    for _ in 0..2 {
        let links = [any_lifetime::attach().unwrap(), any_result::attach().unwrap()];
        assert_eq!(borrows("a", Some("b"), View("c"), Some("d")), 4);
        assert_eq!(lends("ab", 1), Some("b"));
        assert!(links.iter().all(|link| link.info().panic.is_none()));
    }
}

#[fentry("refusals::types::borrows")]
fn wants_static(_: &Entry, _: &str, _: Option<&'static str>) {}

#[test]
fn a_refusal_for_lifetimes_alone_says_so_and_what_to_write() {
    let _turn = turn();
    assert_eq!(borrows("a", None, View("c"), None), 2);
    assert_eq!(lends("ab", 1), Some("b"));
    let path = "refusals::types::borrows";
    let text = |attach: Result<Link, Error>| attach.unwrap_err().to_string();

    let at_exit = text(gtramp::fexit(path, |_: &Exit, _: &'static str| ()));
    assert!(at_exit.contains("take its address, `*const str`, under #[fexit]"), "{at_exit}");
    let borrowed = text(gtramp::fexit(path, |_: &Exit, _: Option<&'static str>| ()));
    assert!(borrowed.contains("asks for"), "{borrowed}");
    let closure = text(gtramp::fentry(path, |_: &Entry, _: &str, _: &Option<&'static str>| ()));
    assert!(closure.contains("lifetimes alone: a closure's"), "{closure}");
    let twice = site!(plain).fentry(|_: &Entry<'_>, _: &u64, _: &&str| {});
    let (argument, said) = refused(site!(plain).function().unwrap(), twice);
    assert_eq!(argument, Some(1));
    assert!(said.ends_with("; `&str` fits a reference as well"), "{said}");
    assert!(closure.contains("#[fentry]"), "{closure}");
    let attribute = text(wants_static::attach());
    assert!(attribute.contains("the call grants less than `'static`"), "{attribute}");
    let path = "refusals::types::lends";
    let result = text(gtramp::fexit(path, |_: &Exit, _: Return<Option<&'static str>>| ()));
    assert!(result.contains("#[fexit]"), "{result}");
}

#[test]
fn an_errors_debug_is_its_text() {
    assert_eq!(plain(1, "a", vec![]), Ok(1));
    let error = narrow_value::attach().unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    assert_eq!(format!("{error:#?}"), error.to_string());
    let function = site!(plain).function().unwrap();
    assert_eq!(format!("{function:?}"), function.to_string());
}

#[derive(Clone, Debug, PartialEq)]
struct Own(u64);

#[traceable]
fn opaque<T: Debug>(value: T) -> T {
    value
}

#[traceable]
fn transparent<T: Debug + 'static>(value: T) -> T {
    value
}

#[test]
fn an_argument_of_a_type_parameter_is_refused_unless_it_is_known_to_borrow_nothing() {
    assert_eq!(opaque(Own(1)), Own(1));
    assert_eq!((opaque(2_u64), opaque("c"), opaque(Some("d"))), (2, "c", Some("d")));
    let of_own = site!(opaque::<Own>);
    let (argument, text) =
        refused(of_own.function().unwrap(), of_own.fentry(|_: &Entry, _: &Own| ()));
    assert_eq!(argument, Some(0));
    assert!(
        text.contains("`T` may stand for a type that borrows: bound it, `T: 'static`"),
        "{text}"
    );
    let decide = |_: &ModRet| -> ControlFlow<Own> { ControlFlow::Continue(()) };
    assert_eq!(refused(of_own.function().unwrap(), of_own.fmod_ret(decide)).0, None);
    let of_option = site!(opaque::<Option<&str>>);
    let smuggles = |_: &Entry, _: &Option<&'static str>| ();
    assert_eq!(refused(of_option.function().unwrap(), of_option.fentry(smuggles)).0, Some(0));

    let smuggles = |_: &Exit, _: Option<&'static str>| ();
    let attach = of_option.fexit(smuggles);
    assert_eq!(refused(of_option.function().unwrap(), attach).0, Some(0));
    accepted(|| site!(opaque::<u64>).fexit(|_: &Exit, _: u64| ()));

    let log = Log::new();
    for _ in 0..2 {
        let (number, text) = (log.clone(), log.clone());
        let links = [
            site!(opaque::<u64>)
                .fentry(move |_: &Entry, x: &u64| number.push(x.to_string()))
                .unwrap(),
            site!(opaque::<&str>).fentry(move |_: &Entry, x: &str| text.push(x)).unwrap(),
        ];
        assert_eq!((opaque(2_u64), opaque("c")), (2, "c"));
        assert_eq!(log.take(), ["2", "c"]);
        drop(links);
    }
}

#[test]
fn a_type_parameter_that_is_static_is_as_good_as_its_type() {
    assert_eq!(transparent(Own(1)), Own(1));
    let log = Log::new();
    for _ in 0..2 {
        let seen = log.clone();
        let link = site!(transparent::<Own>)
            .fentry(move |_: &Entry, own: &Own| seen.push(format!("{own:?}")))
            .unwrap();
        assert_eq!(transparent(Own(2)), Own(2));
        assert_eq!(log.take(), ["Own(2)"]);
        drop(link);
    }
    let function = site!(transparent::<Own>).function().unwrap();
    let attach = site!(transparent::<Own>).fentry(|_: &Entry, _: &u64| ());
    let (argument, text) = refused(function, attach);
    assert_eq!(argument, Some(0));
    assert!(text.contains("T (here refusals::types::Own)"), "{text}");
}

impl Own {
    #[traceable]
    fn alone(&self, more: u64) -> u64 {
        self.0 + more
    }
}

impl Display for Own {
    #[traceable]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[traceable]
impl Own {
    fn in_a_traceable_impl(&self, more: u64) -> u64 {
        self.0 * more
    }
}

#[test]
fn self_is_opaque_where_the_attribute_is_on_the_method() {
    assert_eq!((Own(1).alone(2), Own(1).in_a_traceable_impl(2)), (3, 2));
    assert_eq!(Own(7).to_string(), "7");
    let alone = site!(Own::alone);
    let (argument, text) =
        refused(alone.function().unwrap(), alone.fentry(|_: &Entry, _: &Own| ()));
    assert_eq!(argument, Some(0));
    assert!(text.contains("put #[traceable] on the whole impl"), "{text}");
    let display = gtramp::fentry("refusals::types::Own::fmt", |_: &Entry, _: &Own| ());
    assert_eq!(refused(crate::support::function("refusals::types::Own::fmt"), display).0, Some(0));

    let log = Log::new();
    for _ in 0..2 {
        let (alone, whole) = (log.clone(), log.clone());
        let links = [
            // The other arguments can be read, by index.
            site!(Own::alone)
                .fentry(move |ctx: &Entry| alone.push(format!("{:?}", ctx.arg::<u64>(1).ok())))
                .unwrap(),
            site!(Own::in_a_traceable_impl)
                .fentry(move |_: &Entry, own: &Own, more: &u64| {
                    whole.push(format!("{own:?} {more}"))
                })
                .unwrap(),
        ];
        assert_eq!((Own(1).alone(2), Own(1).in_a_traceable_impl(2)), (3, 2));
        assert_eq!(log.take(), ["Some(2)", "Own(1) 2"]);
        drop(links);
    }
}
