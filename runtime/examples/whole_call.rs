//! What a probe learns of a call without naming a type: its text, its arguments by name, members of them, whether it
//! failed.
//!
//! Run by `cargo run --example whole_call`.

use std::sync::Mutex;

use gtramp::{Entry, Exit, Fields, fentry, fexit, traceable};

#[derive(Debug)]
struct Denied;

#[traceable]
fn transfer(from: u32, to: u32, amount: u64) -> Result<u64, Denied> {
    if from == to { Err(Denied) } else { Ok(amount / 100) }
}

#[traceable(redact(password))]
fn login(user: &str, password: &str) -> Option<u32> {
    (user.len() == password.len()).then_some(17)
}

#[derive(Debug, Fields)]
struct Account {
    id: u64,
    owner: Owner,
}

#[derive(Debug, Fields)]
struct Owner {
    name: String,
}

#[traceable]
fn close(account: &Account) -> u64 {
    account.id
}

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn log(line: String) {
    println!("{line}");
    LOG.lock().expect("nothing panics under it").push(line);
}

/// Every call, before it runs.
#[fentry("crate::*")]
fn show(ctx: &Entry) {
    log(format!("> {}", ctx.call()));
}

/// Those that fail, whatever they return.
#[fexit("crate::*")]
fn failures(ctx: &Exit) {
    if ctx.is_err() || ctx.is_none() {
        log(format!("! {}", ctx.call()));
    }
}

/// Functions that have such an argument.
#[fentry("crate::*")]
fn large(ctx: &Entry) {
    if let Ok(amount) = ctx.arg::<u64>("amount")
        && *amount > 1_000
    {
        log(format!("large: {amount}"));
    }
}

/// Whose account it is.
#[fentry("crate::close")]
fn whose(ctx: &Entry) {
    let member = |path| ctx.field(path).expect("there is such a member");
    log(format!("{} of {}", member("account.id"), member("account.owner.name")));
}

fn main() -> Result<(), gtramp::Error> {
    let links = [show::attach()?, failures::attach()?, large::attach()?, whose::attach()?];
    let _ = (transfer(1, 2, 5_000), transfer(3, 3, 4), login("ann", "hunter2"));
    let account = Account { id: 7, owner: Owner { name: "ann".to_owned() } };
    let _ = close(&account);
    drop(links);
    assert_eq!(
        *LOG.lock().expect("nothing panics under it"),
        [
            "> transfer(from=1, to=2, amount=5000)",
            "large: 5000",
            "> transfer(from=3, to=3, amount=4)",
            "! transfer(from=3, to=3, amount=4) -> Err(Denied)",
            r#"> login(user="ann", password=<redacted>)"#,
            // At exit the function has taken what is not `Copy`, and what is borrowed may be gone.
            "! login(user=_, password=<redacted>) -> None",
            r#"> close(account=Account { id: 7, owner: Owner { name: "ann" } })"#,
            r#"7 of "ann""#,
        ]
    );
    Ok(())
}
