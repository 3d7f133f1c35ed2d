// At exit the arguments are gone, except for what is Copy and borrows nothing.
use gtramp::{Exit, fexit};

#[fexit]
fn by_value(_ctx: &Exit<'_>, name: String, ret: &u32) {
    println!("{name} {ret}");
}

#[fexit]
fn by_reference(_ctx: &Exit<'_>, name: &String, ret: &u32) {
    println!("{name} {ret}");
}

#[fexit]
fn borrowing(_ctx: &Exit<'_>, name: Option<&str>, parts: [&str; 2], ret: &u32) {
    println!("{name:?} {parts:?} {ret}");
}

#[derive(Clone, Copy)]
struct Hidden<'a>(Option<&'a str>);

#[fexit]
#[allow(elided_lifetimes_in_paths)]
fn hidden(_ctx: &Exit<'_>, name: Hidden, ret: &u32) {
    println!("{:?} {ret}", name.0);
}

fn main() {}
