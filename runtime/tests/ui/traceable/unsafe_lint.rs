// An unsafe function's body is as safe or unsafe as it is without the attribute.
#![deny(unsafe_op_in_unsafe_fn)]

#[gtramp::traceable]
unsafe fn first(p: *const u8) -> u8 {
    *p
}

fn main() {
    let x = 3u8;
    println!("{}", unsafe { first(&x) });
}
