//! A member does not outlive the probe that looks at it.

use std::sync::Mutex;

use gtramp::{Entry, Fields, fentry, traceable};

#[derive(Debug, Fields)]
struct Account {
    name: String,
}

#[traceable]
fn pay(account: &Account) -> usize {
    account.name.len()
}

static KEPT: Mutex<Option<&'static String>> = Mutex::new(None);

#[fentry("crate::pay")]
fn keep(ctx: &Entry) {
    *KEPT.lock().unwrap() = ctx.field("account.name").unwrap().get::<String>();
}

fn main() {}
