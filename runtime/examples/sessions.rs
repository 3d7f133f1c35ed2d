//! Sessions: what runs at entry leaves a value for what runs at exit of the same call.
//!
//! Run by `cargo run --example sessions`.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use gtramp::{Entry, Exit, fsession, traceable};

#[traceable]
fn fetch(page: u32) -> Result<String, String> {
    std::thread::sleep(Duration::from_millis(u64::from(page)));
    if page.is_multiple_of(2) { Ok(format!("page {page}")) } else { Err("not found".to_owned()) }
}

static SLOW: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Remembers the pages that took long.
struct Slow;

#[fsession("sessions::fetch")]
impl Slow {
    /// `None` for a page of which nothing is to be known: for that call `exit` does not run.
    fn entry(_: &Entry, page: u32) -> Option<Instant> {
        (page != 30).then(Instant::now)
    }

    fn exit(ctx: &Exit, begun: Instant, page: u32, fetched: &Result<String, String>) {
        let took = begun.elapsed();
        if took >= Duration::from_millis(20) {
            println!("{} {page} took {took:?}: {fetched:?}", ctx.function().name());
            SLOW.lock().expect("nothing panics under it").push(page);
        }
    }
}

fn main() -> Result<(), gtramp::Error> {
    let link = Slow::attach()?;
    for page in [1, 20, 25, 30] {
        let _ = fetch(page);
    }
    drop(link);
    assert_eq!(*SLOW.lock().expect("nothing panics under it"), [20, 25]);

    // The same with closures, on any functions, and without types.
    let entry = |_: &Entry| Some(Instant::now());
    let exit = |ctx: &Exit, begun: Instant| println!("{} took {:?}", ctx.call(), begun.elapsed());
    let link = gtramp::fsession("sessions::**", entry, exit)?;
    let _ = fetch(2);
    drop(link);
    Ok(())
}
