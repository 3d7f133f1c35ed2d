// What is no probe is told what one looks like.
use gtramp::{Entry, ModRet, traceable};

#[traceable]
fn fee(amount: u64) -> u64 {
    amount / 100
}

fn main() {
    fee(1);
    let _ = gtramp::fentry("**::fee", "not a closure");
    let _ = gtramp::fentry("**::fee", |_: &Entry, amount: u64| println!("{amount}"));
    let _ = gtramp::fmod_ret("**::fee", |_: &ModRet, _: &u64| ());
}
