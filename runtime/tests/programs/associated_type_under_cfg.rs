// Of two declarations of which one is compiled, the macro sees both.
#![forbid(unsafe_code)]
use gtramp::{Entry, traceable};
pub trait Tr {
    type Out;
    fn f(&self, x: Self::Out) -> u64;
}
pub struct S;
#[traceable]
impl Tr for S {
    #[cfg(unix)]
    type Out = u64;
    #[cfg(not(unix))]
    type Out = String;
    fn f(&self, x: Self::Out) -> u64 {
        x.wrapping_mul(3)
    }
}
fn main() {
    S.f(1);
    assert!(
        gtramp::fentry("**::f", |_: &Entry, _: &S, x: &String| {
            std::hint::black_box(x.len());
        })
        .is_err(),
        "a u64 was handed out as a String"
    );
    drop(
        gtramp::fentry("**::f", |_: &Entry, _: &S, x: &u64| assert_eq!(*x, 2))
            .expect("it is a u64"),
    );
}
