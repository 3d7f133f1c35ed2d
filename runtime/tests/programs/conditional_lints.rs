// A lint level on an argument, under a condition, is about the argument.
#![deny(warnings)]

use gtramp::traceable;

#[traceable]
fn f(
    #[cfg_attr(all(), allow(unused_variables))] a: u8,
    #[cfg_attr(any(), allow(unused))] b: u8,
) -> u8 {
    b
}

struct S;

#[traceable]
impl S {
    fn method(
        #[cfg_attr(all(), allow(unused))] &self,
        #[cfg_attr(all(), allow(unused_variables))] (a, b): (u8, u8),
    ) {
    }
}

fn main() {
    assert_eq!(f(1, 2), 2);
    S.method((1, 2));
}
