//! What a replacement cannot be.

use gtramp::replace;

#[replace("**::fee")]
fn generic<T>(amount: T) -> T {
    amount
}

/// Its future cannot go to another thread, where that of the function may go.
#[replace("**::fee")]
async fn later(amount: u64) -> u64 {
    let held = std::rc::Rc::new(amount);
    std::future::ready(()).await;
    *held
}

/// It answers with what borrows from the call.
#[replace("**::longest")]
async fn borrows(text: &str) -> &str {
    text
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
