// Lints that are expected in a body are found there.
#![deny(warnings)]
#![expect(unsafe_op_in_unsafe_fn)]

#[gtramp::traceable]
unsafe fn read(p: *const u8) -> u8 {
    *p
}

struct Text(String);

#[gtramp::traceable]
impl Text {
    // A body of one macro keeps its braces to itself.
    #[rustfmt::skip]
    fn shown(&self) -> String { format!("{}", self.0) }
}

fn main() {
    let x = 3u8;
    assert_eq!(unsafe { read(&x) }, 3);
    assert_eq!(Text("a".to_owned()).shown(), "a");
}
