//! Probes with types: one looks at results, another answers in the function's place.
//!
//! Run by `cargo run --example answers`.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use gtramp::{Exit, ModRet, fexit, fmod_ret, traceable};

struct Ledger {
    rate: u64,
}

#[traceable] // every function in it
impl Ledger {
    fn fee(&self, amount: u64) -> Result<u64, String> {
        if amount == 0 { Err("nothing to do".to_owned()) } else { Ok(amount * self.rate / 100) }
    }
}

static REFUSED: AtomicU64 = AtomicU64::new(0);

/// Runs after the function: arguments that are `Copy`, and the result.
#[fexit("answers::Ledger::fee")]
fn refused(_: &Exit, _ledger: *const Ledger, amount: u64, fee: &Result<u64, String>) {
    if let Err(why) = fee {
        println!("{amount}: {why}");
        REFUSED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs before it, and may answer in its place.
#[fmod_ret("answers::Ledger::fee")]
fn waive(_: &ModRet, _ledger: &Ledger, amount: u64) -> ControlFlow<Result<u64, String>> {
    if amount > 1_000_000 { ControlFlow::Break(Ok(0)) } else { ControlFlow::Continue(()) }
}

fn main() -> Result<(), gtramp::Error> {
    let ledger = Ledger { rate: 2 };
    let (refusals, waiver) = (refused::attach()?, waive::attach()?);
    assert_eq!(ledger.fee(500), Ok(10));
    assert_eq!(ledger.fee(5_000_000), Ok(0));
    assert!(ledger.fee(0).is_err());
    println!("{}", refusals.info());
    assert_eq!(REFUSED.load(Ordering::Relaxed), 1);

    drop(waiver);
    assert_eq!(ledger.fee(5_000_000), Ok(100_000));

    // A probe that does not fit is refused when it is attached, and nothing has changed.
    let error = gtramp::fexit("answers::Ledger::fee", |_: &Exit, _: u32| ()).unwrap_err();
    println!("{error}");
    Ok(())
}
