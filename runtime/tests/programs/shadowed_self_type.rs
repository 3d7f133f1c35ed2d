// `T` of the method is not `T` of the impl: a probe must not read one as the other.
#![forbid(unsafe_code)]
use gtramp::{Entry, traceable};
pub struct T(pub u64);
pub struct Foo<X>(pub X);
#[traceable]
impl Foo<T> {
    pub fn f<T: 'static>(self, _: T) -> u64 {
        self.0.0
    }
}
fn main() {
    Foo(T(1)).f(String::new());
    let link = gtramp::fentry("**::f", |_: &Entry, foo: &Foo<String>| {
        std::hint::black_box(foo.0.len());
    });
    assert!(link.is_err(), "a Foo<T> was handed out as a Foo<String>");
}
