// Type and const parameters, impl Trait in both places.
#![deny(warnings, elided_lifetimes_in_paths)]

#[path = "shared/everything.rs"]
mod everything;

use std::error::Error;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::num::ParseIntError;

use gtramp::traceable;

#[traceable]
fn same<T>(x: T) -> T {
    x
}

#[traceable]
fn fixed_by_the_result<T: Default>() -> T {
    T::default()
}

#[traceable]
fn counted<const N: usize, T: Copy + Default>(x: T) -> [T; N] {
    [x; N]
}

#[traceable]
fn owned<T: 'static + Debug, U>(x: T, y: &[T], z: U) -> (String, U)
where
    U: 'static,
{
    (format!("{x:?}{}", y.len()), z)
}

#[traceable]
fn sum<I>(numbers: I) -> u32
where
    I: IntoIterator,
    I::Item: Into<u32>,
{
    numbers.into_iter().map(Into::into).sum()
}

#[traceable]
fn first<I: Iterator<Item = u32>>(mut numbers: I) -> Option<I::Item> {
    numbers.next()
}

#[traceable]
fn higher_ranked<F>(f: F) -> usize
where
    F: for<'x> Fn(&'x str) -> &'x str,
{
    f("abc").len()
}

#[traceable]
fn any_error<E: From<ParseIntError>>(text: &str) -> Result<u8, E> {
    Ok(text.parse()?)
}

#[traceable]
fn takes_impl(f: impl Fn(&str) -> usize, text: &str) -> usize {
    f(text)
}

#[traceable]
fn returns_impl<'a>(items: &'a [u32], by: &'a u32) -> impl Iterator<Item = u32> + 'a {
    items.iter().map(move |x| x * by)
}

#[traceable]
fn impl_in_a_result(n: u32) -> Result<impl Iterator<Item = u32>, ParseIntError> {
    let m: u32 = "3".parse()?;
    Ok(0..n + m)
}

#[traceable]
fn returns_closure(n: u32) -> impl Fn(u32) -> u32 + Clone {
    move |x| x + n
}

#[traceable]
fn returns_future(n: &u32) -> impl Future<Output = u32> + '_ {
    async move { *n + 1 }
}

trait Ext {
    fn shown(&self) -> String;
}

#[traceable]
impl<T: ?Sized + Display> Ext for T {
    fn shown(&self) -> String {
        self.to_string()
    }
}

struct Parser<'a, T> {
    text: &'a str,
    extra: T,
}

#[traceable]
impl<'a, T: Clone> Parser<'a, T> {
    fn next(&mut self) -> Option<&'a str> {
        let (head, tail) = self.text.split_once(' ')?;
        self.text = tail;
        Some(head)
    }

    fn extra(&self) -> T {
        self.extra.clone()
    }

    fn or<'b>(&'b self, other: &'b str) -> &'b str
    where
        'a: 'b,
    {
        if other.is_empty() { self.text } else { other }
    }

    fn captures<D: Debug>(&self, d: D) -> impl Debug + use<'_, 'a, T, D> {
        (self.text, d)
    }
}

struct Ring<const N: usize>([u8; N]);

#[traceable]
impl<const N: usize> Ring<N> {
    fn sum(&self) -> u32 {
        self.0.iter().copied().map(u32::from).sum()
    }
}

#[traceable]
impl Ring<{ 1 + 1 }> {
    fn of_two(self) -> (u8, u8) {
        let [a, b] = self.0;
        (a, b)
    }
}

fn run() {
    let text = String::from("hello world");
    assert_eq!(same(&text), "hello world");
    assert_eq!(fixed_by_the_result::<u32>(), 0);
    assert_eq!(counted::<3, u8>(1), [1; 3]);
    assert_eq!(owned(1, &[2], 3), ("11".to_string(), 3));
    assert_eq!(sum([1_u8, 2]), 3);
    assert_eq!(first([1].into_iter()), Some(1));
    assert_eq!(higher_ranked(|x| &x[1..]), 2);
    assert!(any_error::<Box<dyn Error>>("x").is_err());
    assert_eq!(takes_impl(str::len, &text), 11);
    assert_eq!(returns_impl(&[1, 2], &3).sum::<u32>(), 9);
    assert_eq!(impl_in_a_result(1).expect("a number").count(), 4);
    assert_eq!(returns_closure(1)(2), 3);
    drop(returns_future(&1));
    let dynamic: &dyn Display = &4;
    assert_eq!("abc".shown() + &3.shown() + &dynamic.shown(), "abc34");
    let mut parser = Parser { text: &text, extra: 5 };
    assert_eq!(parser.next(), Some("hello"));
    assert_eq!(parser.extra(), 5);
    assert_eq!(parser.or(""), "world");
    assert_eq!(format!("{:?}", parser.captures(1)), "(\"world\", 1)");
    assert_eq!(Ring([1, 2, 3]).sum(), 6);
    assert_eq!(Ring([1, 2]).of_two(), (1, 2));
}

fn main() {
    everything::off_armed_and_off(run);
}
