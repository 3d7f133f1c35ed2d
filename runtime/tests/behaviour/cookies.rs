//! Cookies: a number per link and function that follows the function.

use std::sync::{Mutex, PoisonError};

use gtramp::{Entry, Exit, fentry, link, traceable};

use crate::support::Log;

#[traceable]
mod bank {
    pub(crate) fn deposit() {}
    pub(crate) fn fee() {}
    pub(crate) fn transfer() {}
}

/// Held by a test that calls the functions of [`bank`]: another's probes would see it.
static BANK: Mutex<()> = Mutex::new(());

#[traceable]
fn attached_twice() {}

#[fentry("behaviour::cookies::attached_twice")]
fn remember(ctx: &Entry) {
    SEEN.lock().unwrap().push(ctx.cookie());
}

static SEEN: Mutex<Vec<u64>> = Mutex::new(Vec::new());

fn call_all() {
    bank::transfer();
    bank::deposit();
    bank::fee();
}

#[test]
fn without_one_the_cookie_is_zero_and_a_links_cookie_is_that_of_all_its_functions() {
    let _alone = BANK.lock().unwrap_or_else(PoisonError::into_inner);
    let log = Log::new();
    for _ in 0..2 {
        let attach = |cookie: Option<u64>| {
            let log = log.clone();
            let mut builder =
                link().functions("behaviour::cookies::bank::*").fentry(move |ctx: &Entry| {
                    log.push(format!("{} {}", ctx.function().name(), ctx.cookie()))
                });
            if let Some(cookie) = cookie {
                builder = builder.cookie(cookie);
            }
            builder.attach().unwrap()
        };
        let plain = attach(None);
        call_all();
        assert_eq!(log.take(), ["transfer 0", "deposit 0", "fee 0"]);
        let seven = attach(Some(7));
        bank::fee();
        assert_eq!(log.take(), ["fee 0", "fee 7"]);
        drop(plain);
        call_all();
        assert_eq!(log.take(), ["transfer 7", "deposit 7", "fee 7"]);
        drop(seven);
    }
}

#[test]
fn a_cookie_follows_its_function_not_its_place_in_the_selection() {
    let _alone = BANK.lock().unwrap_or_else(PoisonError::into_inner);
    let log = Log::new();
    for _ in 0..2 {
        let entry = log.clone();
        let exit = log.clone();
        let by_path = link()
            .functions([
                "behaviour::cookies::bank::transfer",
                "behaviour::cookies::bank::{fee,deposit}",
            ])
            .fentry(move |ctx: &Entry| {
                entry.push(format!("> {} {}", ctx.function().name(), ctx.cookie()))
            })
            .fexit(move |ctx: &Exit| {
                exit.push(format!("< {} {}", ctx.function().name(), ctx.cookie()))
            })
            .cookie(|function: &gtramp::Function| function.name().len() as u64)
            .cookie([("behaviour::cookies::bank::fee", 100), ("no::such::function", 1)])
            .attach()
            .unwrap();
        call_all();
        let seen = log.take();
        assert_eq!(
            seen,
            [
                "> transfer 8",
                "< transfer 8",
                "> deposit 7",
                "< deposit 7",
                "> fee 100",
                "< fee 100"
            ]
        );
        let told: Vec<_> = by_path
            .info()
            .functions
            .iter()
            .map(|linked| (linked.function.name(), linked.cookie))
            .collect();
        assert_eq!(told, [("deposit", 7), ("fee", 100), ("transfer", 8)]);
        drop(by_path);
        call_all();
        assert!(log.take().is_empty());
    }
}

#[test]
fn one_probe_attached_twice_is_two_links_each_with_its_own_cookie() {
    for _ in 0..2 {
        let first = remember::link().cookie(1).attach().unwrap();
        let second = remember::link().cookie(u64::MAX).attach().unwrap();
        attached_twice();
        assert_eq!(std::mem::take(&mut *SEEN.lock().unwrap()), [1, u64::MAX]);
        drop(first);
        attached_twice();
        assert_eq!(std::mem::take(&mut *SEEN.lock().unwrap()), [u64::MAX]);
        drop(second);
        attached_twice();
        assert!(SEEN.lock().unwrap().is_empty());
    }
}
