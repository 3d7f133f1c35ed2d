//! Links that change while their functions are called: `cargo run --example changing`.
//!
//! A shop charges a fee. Its price list is replaced while customers are served, with no call that sees neither
//! list or both; then what is watched changes, and at last several links in one transaction.

use core::ops::ControlFlow;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use gtramp::{Entry, Link, ModRet, Transaction, site, traceable};

#[traceable]
fn fee(amount: u64) -> u64 {
    amount / 100
}

#[traceable]
fn post(amount: u64) -> u64 {
    amount + 1
}

/// A price list: a fixed fee, whatever the amount.
fn flat(fee: u64) -> impl Fn(&ModRet, &u64) -> ControlFlow<u64> + Send + Sync + 'static {
    move |_: &ModRet, _: &u64| ControlFlow::Break(fee)
}

/// Calls `fee` all the time, while the price list changes a hundred times.
fn serve_while_prices_change(prices: &Link) -> Result<u64, gtramp::Error> {
    let (closed, served) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !closed.load(Ordering::Relaxed) {
                // Never 1, which is what it would be between two lists.
                assert!((1_000..=1_100).contains(&fee(100)));
                served.fetch_add(1, Ordering::Relaxed);
            }
        });
        let changed = (1_001..=1_100).try_for_each(|fee| prices.update(flat(fee)));
        closed.store(true, Ordering::Relaxed);
        changed
    })?;
    Ok(served.into_inner())
}

fn main() -> Result<(), gtramp::Error> {
    let prices = site!(fee).fmod_ret(flat(1_000))?;
    serve_while_prices_change(&prices)?;
    assert_eq!(fee(100), 1_100);

    // What is watched is changed as one as well.
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let watch = site!(fee).fentry(|_: &Entry| {
        SEEN.fetch_add(1, Ordering::Relaxed);
    })?;
    watch.extend(site!(post))?;
    watch.set_stats(true)?;
    assert_eq!(fee(100) + post(1), 1_102);
    watch.remove(site!(fee))?;
    assert_eq!(fee(100) + post(1), 1_102);
    assert_eq!(SEEN.load(Ordering::Relaxed), 3);
    println!("{}", watch.info());

    // Several links at once, or none of them.
    let attached = Transaction::new()
        .update(&prices, flat(7))
        .detach(&watch)
        .attach(site!(post).link().fmod_ret(|_: &ModRet, _: &u64| ControlFlow::Break(70_u64)))
        .commit()?;
    assert_eq!((fee(100), post(1)), (7, 70));

    drop((prices, attached));
    assert_eq!((fee(100), post(1)), (1, 2));
    println!("a hundred price lists, three links, no call without an answer");
    Ok(())
}
