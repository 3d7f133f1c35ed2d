//! Tracepoints: `cargo run --example tracepoints`.
//!
//! What a loop does in its middle is seen while somebody looks, and is not computed while nobody does.

use std::sync::atomic::{AtomicU64, Ordering};

use gtramp::{Entry, fentry, tracepoint};

static SUMS: AtomicU64 = AtomicU64::new(0);

fn sum(page: &[u64]) -> u64 {
    SUMS.fetch_add(1, Ordering::Relaxed);
    page.iter().sum()
}

fn import(pages: &[Vec<u64>]) {
    for (number, page) in pages.iter().enumerate() {
        // .. the work itself ..
        tracepoint!(imported, number: usize, sum: u64 = sum(page));
    }
}

fn main() -> Result<(), gtramp::Error> {
    let pages = [vec![1, 2, 3], vec![4], vec![]];
    import(&pages);
    assert_eq!(SUMS.load(Ordering::Relaxed), 0);

    let link = fentry("**::imported", |ctx: &Entry, _: &usize, sum: &u64| {
        println!("{} of {sum}", ctx.call()); // imported(number=0, sum=6) of 6
    })?;
    import(&pages);
    assert_eq!(SUMS.load(Ordering::Relaxed), 3);
    drop(link);

    for one in gtramp::functions() {
        println!("{one}"); // tracepoint tracepoints::imported(number: usize, sum: u64) ..
    }
    Ok(())
}
