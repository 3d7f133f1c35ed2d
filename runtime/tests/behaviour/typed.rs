//! Arguments and results whose types were checked before the call.

use gtramp::{Entry, Error, Exit, Function, Selector, traceable};

use crate::support::Log;

#[traceable]
fn fee(account: &str, amount: u64) -> Result<u64, String> {
    if account.is_empty() { Err("nobody".to_owned()) } else { Ok(amount / 100) }
}

#[traceable]
fn other(amount: u64) -> u64 {
    amount
}

fn function(name: &str) -> &'static Function {
    Selector::from(format!("behaviour::typed::{name}").as_str()).resolve().unwrap()[0]
}

#[test]
fn what_was_checked_once_is_read_in_every_call() {
    let log = Log::new();
    let account = function("fee").typed_argument::<str>("account").unwrap();
    let amount = function("fee").typed_argument::<u64>(1).unwrap();
    let result = function("fee").typed_return::<Result<u64, String>>().unwrap();
    for _ in 0..2 {
        let (entry, exit) = (log.clone(), log.clone());
        let link = gtramp::link()
            .functions("behaviour::typed::fee")
            .fentry(move |ctx: &Entry| {
                entry.push(format!("{:?} {:?}", ctx.read(&account), ctx.read(&amount)));
            })
            .fexit(move |ctx: &Exit| exit.push(format!("{:?}", ctx.read(&result))))
            .attach()
            .unwrap();
        _ = (fee("ann", 700), fee("", 1));
        drop(link);
        _ = fee("ann", 700);
        let expected = [
            "Some(\"ann\") Some(700)",
            "Some(Ok(7))",
            "Some(\"\") Some(1)",
            "Some(Err(\"nobody\"))",
        ];
        assert_eq!(log.take(), expected);
    }
}

#[test]
fn what_was_checked_of_one_function_reads_nothing_of_another() {
    let log = Log::new();
    let amount = function("fee").typed_argument::<u64>("amount").unwrap();
    let result = function("fee").typed_return::<Result<u64, String>>().unwrap();
    for _ in 0..2 {
        let (entry, exit) = (log.clone(), log.clone());
        let link = gtramp::link()
            .functions("behaviour::typed::other")
            .fentry(move |ctx: &Entry| entry.push(format!("{:?}", ctx.read(&amount))))
            .fexit(move |ctx: &Exit| exit.push(format!("{:?}", ctx.read(&result))))
            .attach()
            .unwrap();
        assert_eq!(other(3), 3);
        drop(link);
        assert_eq!(log.take(), ["None", "None"]);
    }
}

#[test]
fn what_does_not_fit_is_refused_before_any_call() {
    let fee = function("fee");
    assert!(matches!(fee.typed_argument::<u32>("amount"), Err(Error::TypeMismatch(_))));
    assert!(matches!(fee.typed_argument::<u64>("amont"), Err(Error::NoSuchArgument { .. })));
    assert!(matches!(fee.typed_argument::<u64>(2), Err(Error::MissingArgument { .. })));
    assert!(matches!(fee.typed_return::<u64>(), Err(Error::TypeMismatch(_))));
    // The argument is borrowed for less than that.
    assert!(fee.typed_argument::<&'static str>("account").is_err());
}
