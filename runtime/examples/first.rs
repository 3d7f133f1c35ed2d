//! The first probe: it shows the calls of one function, and then it is gone.
//!
//! Run by `cargo run --example first`.

use gtramp::{Entry, site, traceable};

#[traceable]
fn greet(name: &str, times: usize) -> String {
    format!("hello {name} ").repeat(times)
}

fn main() -> Result<(), gtramp::Error> {
    greet("nobody", 1); // no probe: an ordinary call

    let link = site!(greet).fentry(|ctx: &Entry| println!("> {}", ctx.call()))?;
    greet("ann", 2); // > greet(name="ann", times=2)
    drop(link); // when this has returned, the probe neither runs nor will run

    greet("nobody", 1);

    for function in gtramp::functions() {
        println!("{function}"); // first::greet(name: &str, times: usize) -> String   ..first.rs:8
    }
    Ok(())
}
