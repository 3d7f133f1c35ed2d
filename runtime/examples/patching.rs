//! Live patches: `cargo run --example patching`.
//!
//! A shop's fee is wrong for large amounts. It is mended while customers are served, first with a patch that calls
//! the original, then with one over it; and when they are reverted, the shop is as it was.

use core::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use gtramp::{Exit, Return, replace, replacement, site, traceable};

struct Customer {
    name: String,
}

#[traceable]
impl Customer {
    fn fee(&self, amount: u64) -> u64 {
        amount / 100
    }

    fn greeting(&self) -> &str {
        &self.name
    }
}

/// The method's `self` is the first argument.
#[replace("**::Customer::fee")]
fn at_most_ten(customer: &Customer, amount: u64) -> u64 {
    let fee = site!(Customer::fee).original(|| customer.fee(amount));
    fee.unwrap_or(0).min(10)
}

#[replace("**::Customer::fee")]
fn free(_: &Customer, _: u64) -> u64 {
    0
}

/// A result may borrow from an argument, as the function's does.
#[replace("**::Customer::greeting")]
fn first_letter(customer: &Customer) -> &str {
    &customer.name[..1]
}

fn main() -> Result<(), gtramp::Error> {
    let ann = Customer { name: "Ann".to_owned() };
    let closed = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !closed.load(Ordering::Relaxed) {
                // What it was, what it is at most, or nothing.
                assert!([50, 30, 10, 0].contains(&ann.fee(5_000)));
            }
        });
        let result = patch_and_revert(&ann);
        closed.store(true, Ordering::Relaxed);
        result
    })
}

fn patch_and_revert(ann: &Customer) -> Result<(), gtramp::Error> {
    // A probe that is there before sees what the replacement returns, and is there after it.
    let watch = site!(Customer::fee).fexit(|_: &Exit, fee: Return<u64>| {
        assert!(fee.get().is_some_and(|fee| *fee <= 50));
    })?;
    let mended = at_most_ten::patch().and(first_letter::patch()).apply()?;
    println!("patched: {} {}", ann.greeting(), ann.fee(5_000));

    // A second patch of one function has to say that it knows of the first.
    if let Err(error) = free::apply() {
        println!("refused: {error}");
    }
    let sale = free::patch().stack(true).apply()?;
    println!("over it: {} {}", ann.greeting(), ann.fee(5_000));
    sale.revert();

    // When this returns, no thread is in `at_most_ten` or `first_letter` any more.
    mended.revert_and_wait()?;
    println!("reverted: {} {}", ann.greeting(), ann.fee(5_000));

    // A closure holds what it needs until nobody is in it.
    let rebate = 20;
    let patch =
        site!(Customer::fee).replace(replacement!(move |_: &Customer, amount: u64| -> u64 {
            (amount / 100).saturating_sub(rebate)
        }))?;
    println!("by a closure: {}", ann.fee(5_000));
    patch.revert();
    drop(watch);
    Ok(())
}
