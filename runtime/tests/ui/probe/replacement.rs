//! What a replacement cannot be.

use gtramp::replace;

#[replace("**::fee")]
fn generic<T>(amount: T) -> T {
    amount
}

#[replace("**::fee")]
async fn later(amount: u64) -> u64 {
    amount
}

/// It asks for an argument that lives for ever, and the function's may not.
#[replace("**::longer")]
fn keeps(text: &str) -> &'static str {
    text
}

struct Ledger;

impl Ledger {
    #[replace("**::fee")]
    fn method(&self) {}
}

fn main() {}
