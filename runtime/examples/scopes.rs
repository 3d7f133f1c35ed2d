//! Scopes: links that are limited to one request, one task or one test.
//!
//! Run by `cargo run --example scopes`.

use std::ops::ControlFlow;

use gtramp::{ModRet, Scope, site, traceable};

#[traceable]
fn exchange_rate(currency: &str) -> f64 {
    if currency == "EUR" { 1.0 } else { 0.85 }
}

/// What a test does that needs another rate, without disturbing others.
fn with_rate(rate: f64) -> Result<f64, gtramp::Error> {
    let test = Scope::new().with("rate", rate);
    let _link = site!(exchange_rate)
        .link()
        .within(&test)
        .fmod_ret(move |_: &ModRet| ControlFlow::Break(rate))
        .attach()?;
    let _entered = test.enter();
    // A thread is in the scope if it is handed over.
    let handed = std::thread::spawn(test.wrap(|| exchange_rate("USD")));
    let alone = std::thread::spawn(|| exchange_rate("USD"));
    println!(
        "rate {}: here {}, in a thread that was handed the scope {}, in another {}",
        Scope::current().as_ref().and_then(|scope| scope.get("rate")).unwrap_or("?"),
        exchange_rate("USD"),
        handed.join().expect("it does not panic"),
        alone.join().expect("it does not panic"),
    );
    Ok(exchange_rate("USD"))
}

fn main() -> Result<(), gtramp::Error> {
    let tests = [0.5, 2.0].map(|rate| std::thread::spawn(move || with_rate(rate)));
    let seen = tests.map(|test| test.join().expect("it does not panic"));
    for (rate, seen) in [0.5, 2.0].into_iter().zip(seen) {
        assert!((seen? - rate).abs() < f64::EPSILON);
    }
    assert!((exchange_rate("USD") - 0.85).abs() < f64::EPSILON);
    Ok(())
}
