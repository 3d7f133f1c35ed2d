//! What has no members that can be named, and options that there are not.

use gtramp::Fields;

#[derive(Fields)]
union Either {
    one: u32,
    other: f32,
}

#[derive(Debug, Clone, Copy, Fields)]
#[repr(C, packed)]
struct Packed {
    one: u8,
    other: u32,
}

#[derive(Debug, Fields)]
struct Options {
    #[fields(hide)]
    one: u8,
}

#[derive(Debug, Fields)]
#[fields(redact)]
struct Whole {
    one: u8,
}

#[derive(Fields)]
struct NoDebug {
    one: u8,
}

fn main() {}
