#![deny(warnings)]
#![expect(unsafe_op_in_unsafe_fn)]
#[gtramp::traceable]
unsafe fn read(p: *const u8) -> u8 {
    *p
}
fn main() {
    let x = 3u8;
    assert_eq!(unsafe { read(&x) }, 3);
}
