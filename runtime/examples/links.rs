//! Several links on one function: their order, one that is switched off for a while, one that panics.
//!
//! Run by `cargo run --example links`.

use std::sync::Mutex;

use gtramp::{Entry, Exit, link, site, traceable};

#[traceable]
fn work(n: u64) -> u64 {
    n * 2
}

static LOG: Mutex<Vec<&str>> = Mutex::new(Vec::new());

fn log(what: &'static str) {
    LOG.lock().expect("nothing panics under it").push(what);
}

fn logged() -> Vec<&'static str> {
    std::mem::take(&mut *LOG.lock().expect("nothing panics under it"))
}

fn main() -> Result<(), gtramp::Error> {
    // One link may have several probes; they come and go together.
    let inner = link()
        .functions(site!(work))
        .fentry(|_: &Entry| log("inner"))
        .fexit(|_: &Exit| log("inner ends"))
        .attach()?;
    // Attached later, it would run inside; a lower order runs outside.
    let outer = link()
        .functions(site!(work))
        .order(-1)
        .fentry(|_: &Entry| log("outer"))
        .fexit(|_: &Exit| log("outer ends"))
        .attach()?;
    work(1);
    assert_eq!(logged(), ["outer", "inner", "inner ends", "outer ends"]);

    inner.disable();
    work(2);
    assert_eq!(logged(), ["outer", "outer ends"]);
    inner.enable()?;

    // A panic of a probe ends in it: the call goes on, its link is off, and says why.
    std::panic::set_hook(Box::new(|_| ()));
    let faulty = site!(work).fentry(|_: &Entry, n: &u64| assert!(*n < 3, "{n} is too much"))?;
    assert_eq!(work(3), 6);
    println!("{}", faulty.info());

    outer.detach(); // as dropping it; no probe of it runs any more
    inner.leak(); // stays for as long as the program
    logged();
    work(4);
    assert_eq!(logged(), ["inner", "inner ends"]);
    Ok(())
}
