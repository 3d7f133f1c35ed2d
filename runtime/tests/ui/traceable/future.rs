use std::future::Future;
use std::pin::Pin;

use gtramp::traceable;

struct Ledger;

#[traceable(future)]
impl Ledger {}

#[traceable(future)]
fn eager(url: String) -> Pin<Box<dyn Future<Output = usize>>> {
    let len = url.len();
    Box::pin(async move { len })
}

#[traceable(future)]
fn none(url: &str) -> usize {
    url.len()
}

fn main() {
    drop(eager(String::new()));
    none("");
}
