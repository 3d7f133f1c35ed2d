use gtramp::traceable;

#[traceable]
unsafe extern "C" fn print(_format: *const u8, _: ...) {}

fn main() {}
