//! How long calls take: a session leaves the time of entry for the exit of the same call.
//!
//! Run by `cargo run --example latency`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gtramp::{Entry, Exit, Selector, traceable};

/// Calls and time of each function, by its path.
type Latencies = Arc<Mutex<BTreeMap<&'static str, (u64, Duration)>>>;

/// Measures the selected functions until the link is dropped.
fn latency(functions: impl Into<Selector>) -> Result<(gtramp::Link, Latencies), gtramp::Error> {
    let latencies = Latencies::default();
    let seen = Arc::clone(&latencies);
    let entry = |_: &Entry| Some(Instant::now());
    let exit = move |ctx: &Exit, begun: Instant| {
        let mut seen = seen.lock().expect("nothing panics under it");
        let (calls, time) = seen.entry(ctx.function().path()).or_default();
        *calls += 1;
        *time += begun.elapsed();
    };
    Ok((gtramp::fsession(functions, entry, exit)?, latencies))
}

#[traceable]
fn fibonacci(n: u64) -> u64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

#[traceable]
fn sleep() {
    std::thread::sleep(Duration::from_millis(20));
}

fn main() -> Result<(), gtramp::Error> {
    let (link, latencies) = latency("latency::*")?;
    assert_eq!(fibonacci(10), 55);
    sleep();
    drop(link);
    assert_eq!(fibonacci(10), 55);

    let latencies = latencies.lock().expect("nothing panics under it");
    for (path, (calls, time)) in &*latencies {
        println!("{path:20} {calls:5} calls {time:>10.1?}");
    }
    assert_eq!(latencies["latency::fibonacci"].0, 177);
    assert!(latencies["latency::sleep"].1 >= Duration::from_millis(20));
    Ok(())
}
