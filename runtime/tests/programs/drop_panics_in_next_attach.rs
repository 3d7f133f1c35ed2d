// What a deferred detach left is dropped by a later transaction. If that drop panics, the later attach is whole or not at all.
#![forbid(unsafe_code)]
use gtramp::{Entry, Link, site, traceable};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
#[traceable]
#[inline(never)]
fn f(x: u64) -> u64 {
    x + 1
}
struct Bomb;
impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("the user's Drop panics");
        }
    }
}
static SELF: Mutex<Option<Link>> = Mutex::new(None);
fn main() {
    f(1);
    let bomb = Bomb;
    let a = site!(f)
        .fentry(move |_: &Entry| {
            let _ = &bomb;
            SELF.lock().unwrap().take().map(Link::detach);
        })
        .unwrap();
    *SELF.lock().unwrap() = Some(a);
    f(1);
    let runs = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&runs);
    let b = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        site!(f).fentry(move |_: &Entry| {
            seen.fetch_add(1, Ordering::Relaxed);
        })
    }));
    let attached = matches!(&b, Ok(Ok(_)));
    f(2);
    assert_eq!(
        runs.load(Ordering::Relaxed),
        u32::from(attached),
        "a probe whose attach failed has run"
    );
}
