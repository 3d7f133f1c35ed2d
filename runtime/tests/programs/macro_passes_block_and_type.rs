// A macro_rules! fragment arrives in an invisible group.
use gtramp::traceable;
macro_rules! make { ($name:ident $ty:ty => $body:block) => { #[traceable] fn $name(x: $ty) -> u8 $body } }
make!(two u8 => { 2 });
macro_rules! on { ($pattern:literal $name:ident $body:block) => { #[gtramp::fentry($pattern)] fn $name(_: &gtramp::Entry) $body } }
on!("**::two" seen { });
fn main() {
    let link = seen::attach().unwrap();
    assert_eq!(two(1), 2);
    drop(link);
}
