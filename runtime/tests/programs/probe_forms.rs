// What probes may ask for.
#![deny(warnings)]

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::Mutex;

use gtramp::{Entry, Exit, Link, ModRet, fentry, fexit, fmod_ret, traceable};

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn log(line: String) {
    LOG.lock().expect("log").push(line);
}

pub struct View<'a>(pub &'a str);

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount(u64);

#[traceable]
mod bank {
    use super::{Amount, View};

    pub fn transfer(from: u32, to: &View<'_>, amount: Amount) -> Result<u64, String> {
        if to.0.is_empty() { Err(format!("from {from}")) } else { Ok(amount.0) }
    }

    pub fn shorten(text: &mut String, by: Option<&str>, fixed: &'static str) -> usize {
        text.truncate(2);
        by.map_or(0, str::len) + fixed.len()
    }

    pub fn first<'a>(text: &'a str, _shown: &dyn std::fmt::Debug) -> &'a str {
        text.split(' ').next().unwrap_or(text)
    }
}

/// Sees every function.
#[fentry("**::bank::**", "!**::nothing", sleepable)]
pub fn audit(ctx: &Entry<'_>) {
    log(format!("> {}", ctx.function().name()));
}

#[fentry("**::transfer")]
fn typed(_: &Entry, from: u32, View(to): &View<'_>, &amount: &Amount) {
    log(format!("{from} {to} {}", amount.0));
}

#[fentry("**::shorten")]
fn by_reference(_ctx: &Entry<'_>, text: &String, by: Option<&str>, fixed: &str) {
    log(format!("{text} {by:?} {fixed}"));
}

#[fentry("**::first")]
fn named<'a>(_ctx: &'a Entry<'a>, text: &'a str, shown: &'a dyn Debug) {
    log(format!("{text} {shown:?}"));
}

#[fexit("**::transfer")]
fn denied(_ctx: &Exit<'_>, from: u32, ret: &Result<u64, String>) {
    log(format!("{from} {ret:?}"));
}

#[fexit("**::shorten")]
fn pointers(_: &Exit<'_>, text: *const String, _by: Option<&'static str>, ret: Option<&usize>) {
    log(format!("{} {ret:?}", text.is_null()));
}

#[fexit("**::first")]
fn borrowed_result(_: &Exit<'_>, text: *const str, shown: *const dyn Debug, ret: &&str) {
    log(format!("{} {} {ret}", text.is_null(), shown.is_null()));
}

#[fmod_ret("**::transfer")]
fn waive(_ctx: &ModRet<'_>, from: u32) -> ControlFlow<Result<u64, String>> {
    if from == 13 {
        return ControlFlow::Break(Ok(0));
    }
    ControlFlow::Continue(())
}

mod hidden {
    use gtramp::Entry;

    #[gtramp::fentry]
    #[cfg(all())]
    pub(super) fn without_patterns(_ctx: &Entry<'_>, from: u32) {
        super::log(format!("without {from}"));
    }
}

fn calls() -> Vec<String> {
    LOG.lock().expect("log").clear();
    let _ = bank::transfer(1, &View("a"), Amount(5));
    let _ = bank::transfer(2, &View(""), Amount(5));
    assert!(bank::transfer(13, &View("a"), Amount(5)).is_ok());
    bank::shorten(&mut "text".into(), Some("by"), "fixed");
    assert_eq!(bank::first("a b", &1), "a");
    std::mem::take(&mut LOG.lock().expect("log"))
}

fn with(link: Result<Link, gtramp::Error>) -> Vec<String> {
    let link = link.expect("attach");
    let lines = calls();
    drop(link);
    assert!(calls().is_empty());
    lines
}

fn main() {
    assert!(calls().is_empty());
    let names = ["transfer", "transfer", "transfer", "shorten", "first"];
    assert_eq!(with(audit::attach()), names.map(|name| format!("> {name}")));
    assert_eq!(with(typed::attach()), ["1 a 5", "2  5", "13 a 5"]);
    assert_eq!(with(by_reference::attach()), ["text Some(\"by\") fixed"]);
    assert_eq!(with(named::attach()), ["a b 1"]);
    assert_eq!(with(denied::attach()), ["1 Ok(5)", "2 Err(\"from 2\")", "13 Ok(5)"]);
    assert_eq!(with(borrowed_result::attach()), ["false false a"]);
    // The function takes an `Option<&str>` of any lifetime; the probe asks for a static one.
    assert!(matches!(pointers::attach(), Err(gtramp::Error::TypeMismatch(_))));
    let _override = waive::link().cookie(7).attach().expect("attach");
    assert_eq!(bank::transfer(13, &View(""), Amount(5)), Ok(0));
    assert!(hidden::without_patterns::attach().is_err());
    let link = hidden::without_patterns::link().functions("**::transfer").attach();
    assert_eq!(with(link), ["without 1", "without 2", "without 13"]);
}
