use gtramp::traceable;

#[traceable]
unsafe extern "C" fn print(_format: *const u8, ...) {}

fn main() {}
