//! What several programs end with.

use gtramp::{Entry, Exit};

/// Runs it while nothing is attached, while a probe is at either end of every function, and once more without.
pub fn off_armed_and_off(run: fn()) {
    run();
    let everything = gtramp::link()
        .functions("**")
        .fentry(|_: &Entry<'_>| {})
        .fexit(|_: &Exit<'_>| {})
        .attach()
        .expect("attach");
    run();
    drop(everything);
    run();
}
