use gtramp::{Entry, Exit, fentry, fexit};

#[fentry]
fn raise(_ctx: &Entry<'_>, amount: &mut u64) {
    *amount += 1;
}

#[fexit]
fn change(_ctx: &Exit<'_>, ret: &mut u64) {
    *ret += 1;
}

fn main() {}
