#![deny(warnings)]
#[gtramp::traceable]
fn f(#[cfg_attr(all(), allow(unused_variables))] a: u8) {}
fn main() {
    f(1)
}
