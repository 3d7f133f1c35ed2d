// A probe's types are compared with what the compiler compiled, not with what the attribute could read.
#![forbid(unsafe_code)]
#![deny(warnings)]

use std::hint::black_box;
use std::ops::ControlFlow;

use gtramp::{Entry, Error, Exit, Link, ModRet, Return, traceable};

#[track_caller]
fn refused(attach: Result<Link, Error>) {
    assert!(matches!(attach, Err(Error::TypeMismatch(_))), "{attach:?}");
}

#[track_caller]
fn accepted(attach: impl Fn() -> Result<Link, Error>) {
    for _ in 0..2 {
        drop(attach().unwrap());
    }
}

/// Has the name of a method's type parameter.
#[derive(Clone, Copy, Debug)]
pub struct T(pub u64);
pub struct Foo<X>(pub X);

#[traceable]
impl Foo<T> {
    pub fn shadowed<T: 'static>(self, _: T) -> u64 {
        self.0.0
    }
    pub fn shadowed_result<T: Default + 'static>(x: T) -> (Self, T) {
        (Foo(crate::T(7)), x)
    }
    pub fn shown<U: 'static>(self, _: U) -> u64 {
        self.0.0
    }
}

pub struct Ring<const N: usize>(pub [u8; N]);
const N: usize = 2;

#[traceable]
impl Ring<N> {
    fn of_constants<const N: usize>(&self, more: [u8; N]) -> usize {
        self.0.len() + more.len()
    }
}

pub trait Take {
    type Out;
    type Kept;
    fn take_one(&self, x: Self::Out) -> u64;
    fn give_one(&self) -> Option<Self::Out>;
    fn keep_one<V: 'static>(&self, x: Self::Kept, _: V) -> u64;
}

pub struct S;
/// As [`T`].
pub struct V(u64);

#[traceable]
impl Take for S {
    #[cfg(unix)]
    type Out = u64;
    #[cfg(not(unix))]
    type Out = String;
    type Kept = Option<V>;
    fn take_one(&self, x: Self::Out) -> u64 {
        x.wrapping_mul(3)
    }
    fn give_one(&self) -> Option<Self::Out> {
        Some(1)
    }
    fn keep_one<V: 'static>(&self, x: Self::Kept, _: V) -> u64 {
        x.map_or(0, |x| x.0)
    }
}

/// Lifetimes alone depend on what is compiled.
pub struct Lent<'a>(&'a str);

#[traceable]
impl<'a> Take for Lent<'a> {
    #[cfg(all())]
    type Out = &'a str;
    #[cfg(not(all()))]
    type Out = &'static str;
    #[cfg_attr(any(), doc = "nothing")]
    type Kept = Option<&'a str>;
    fn take_one(&self, x: Self::Out) -> u64 {
        (self.0.len() + x.len()) as u64
    }
    fn give_one(&self) -> Option<Self::Out> {
        Some(self.0)
    }
    fn keep_one<V: 'static>(&self, x: Self::Kept, _: V) -> u64 {
        x.map_or(0, |x| x.len() as u64)
    }
}

fn parameters() {
    assert_eq!(Foo(T(1)).shadowed(String::new()), 1);
    refused(gtramp::fentry("**::shadowed", |_: &Entry, foo: &Foo<String>| {
        black_box(foo.0.len());
    }));
    accepted(|| gtramp::fentry("**::shadowed", |_: &Entry| ()));

    assert_eq!(Foo::<T>::shadowed_result(String::new()).1, "");
    let path = "**::shadowed_result";
    refused(gtramp::fexit(path, |_: &Exit, _: Return<(Foo<String>, String)>| ()));
    refused(gtramp::fmod_ret(path, |_: &ModRet| -> ControlFlow<(Foo<String>, String)> {
        ControlFlow::Break((Foo(String::new()), String::new()))
    }));

    assert_eq!(Foo(T(1)).shown(1u8), 1);
    accepted(|| {
        gtramp::fentry("**::shown", |_: &Entry, foo: &Foo<T>, _: &u8| assert_eq!(foo.0.0, 2))
    });

    assert_eq!(Ring([1, 2]).of_constants([0; 3]), 5);
    let path = "**::of_constants";
    refused(gtramp::fentry(path, |_: &Entry, ring: &Ring<3>| {
        black_box(ring.0.len());
    }));
}

fn associated_types() {
    assert_eq!((S.take_one(1), S.give_one(), S.keep_one(Some(V(3)), 1u8)), (3, Some(1), 3));
    let path = "**::S::take_one";
    refused(gtramp::fentry(path, |_: &Entry, _: &S, x: &String| {
        black_box(x.len());
    }));
    accepted(|| gtramp::fentry(path, |_: &Entry, _: &S, x: &u64| assert_eq!(*x, 2)));
    let path = "**::S::give_one";
    refused(gtramp::fmod_ret(path, |_: &ModRet, _: &S| -> ControlFlow<Option<String>> {
        ControlFlow::Break(None)
    }));
    refused(gtramp::fexit(path, |_: &Exit, _: Return<Option<String>>| ()));
    accepted(|| gtramp::fexit(path, |_: &Exit, _: Return<Option<u64>>| ()));
    let path = "**::S::keep_one";
    refused(gtramp::fentry(path, |_: &Entry, _: &S, _: &Option<u8>| ()));
    refused(gtramp::fentry(path, |_: &Entry, _: &S, _: &Option<String>| ()));

    let text = String::from("a");
    let lent = Lent(&text);
    assert_eq!((lent.take_one("b"), lent.give_one(), lent.keep_one(None, 1u8)), (2, Some("a"), 0));
    refused(gtramp::fentry("**::Lent::take_one", |_: &Entry, _: &Lent<'static>| ()));
    let path = "**::Lent::give_one";
    refused(gtramp::fexit(path, |_: &Exit, _: Return<Option<&'static str>>| ()));
    refused(gtramp::fmod_ret(path, |_: &ModRet| -> ControlFlow<Option<&'static str>> {
        ControlFlow::Continue(())
    }));
    #[gtramp::fentry("**::Lent::keep_one")]
    fn kept(_: &Entry, _: &Lent<'_>, x: &Option<&'static str>) {
        black_box(x);
    }
    refused(kept::attach());
}

fn main() {
    parameters();
    associated_types();
}
