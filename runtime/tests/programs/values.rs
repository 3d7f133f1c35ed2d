// Arguments and results of free functions.
#![deny(warnings, elided_lifetimes_in_paths)]

#[path = "shared/everything.rs"]
mod everything;

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::{self, Debug, Display};

use gtramp::traceable;

#[traceable]
fn nothing() {}

#[traceable]
fn named<'a>(hay: &'a str, needle: &str) -> Option<&'a str> {
    let at = hay.find(needle)?;
    Some(&hay[at..])
}

#[traceable]
fn elided(hay: &str) -> &str {
    if hay.is_empty() {
        return "empty";
    }
    &hay[1..]
}

#[traceable]
fn implied<'a, 'b>(text: &'a &'b str) -> &'a str {
    text
}

#[traceable]
fn invariant<'a>(list: &mut Vec<&'a str>, text: &'a str) {
    list.push(text);
}

#[traceable]
fn nested<'a, 'b: 'a>(a: &'a [&'b str], b: Option<&'b mut Vec<Cow<'a, [u8]>>>) -> usize {
    a.len() + b.map_or(0, |b| b.len())
}

#[traceable]
fn fixed(text: &'static str) -> &'static str {
    text
}

#[traceable]
fn cow<'a>(text: &'a str, upper: bool) -> Cow<'a, str> {
    if upper { text.to_uppercase().into() } else { text.into() }
}

#[traceable]
fn hidden_lifetime(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "hidden")
}

struct Hidden;

impl Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hidden_lifetime(f)
    }
}

#[traceable]
fn dynamic(
    shown: &dyn Debug,
    length: Box<dyn Fn(&str) -> usize + '_>,
    plain: fn(&u32) -> u32,
    effect: &mut dyn FnMut(u32),
) -> usize {
    effect(plain(&3));
    format!("{shown:?}").len() + length("abc")
}

#[traceable]
fn moved(make: Box<dyn FnOnce() -> String>) -> String {
    make()
}

#[traceable]
fn boxed_closure<'a>(by: &'a u32) -> Box<dyn Fn(&u32) -> u32 + 'a> {
    Box::new(move |x| x + by)
}

#[traceable]
fn coerced(n: u32) -> Result<Box<dyn Display>, Box<dyn Error>> {
    if n == 0 {
        return Err("zero".into());
    }
    if n == 1 {
        Err("one")?;
    }
    Ok(Box::new(n))
}

#[traceable]
fn option(lists: &HashMap<&str, Vec<u32>>) -> Option<u32> {
    let list = lists.get("a")?;
    Some(*list.first()?)
}

#[traceable]
fn never(code: i32) -> ! {
    std::panic::resume_unwind(Box::new(code))
}

#[traceable]
fn diverges(how: bool) -> u32 {
    if how { never(1) } else { never(2) }
}

#[traceable]
fn mutable(mut x: u32, mut list: Vec<u32>) -> Vec<u32> {
    x += 1;
    list.push(x);
    list
}

struct Point {
    x: u32,
    y: u32,
}

#[traceable]
fn patterns(
    (a, mut b): (u32, u32),
    Point { x, y: _ }: Point,
    [first, ..]: [u8; 3],
    _: String,
    &c: &u32,
    whole @ (d, _): (u32, u32),
) -> u32 {
    b += 1;
    a + b + x + u32::from(first) + c + d + whole.1
}

#[traceable]
fn empty_types((): (), _none: [u8; 0]) -> [u64; 0] {
    []
}

#[traceable]
fn large(mut numbers: [u64; 32], text: String) -> [u64; 32] {
    numbers[0] = text.len() as u64;
    numbers
}

#[traceable]
#[allow(clippy::too_many_arguments)]
fn twelve(
    a: u8,
    b: u16,
    c: u32,
    d: u64,
    e: i8,
    f: f32,
    g: f64,
    h: char,
    i: bool,
    j: &str,
    k: String,
    l: (u64, u64, u64),
) -> String {
    format!("{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l:?}")
}

macro_rules! list {
    ($item:ty) => {
        Vec<$item>
    };
}

#[traceable]
fn macro_types(numbers: list!(u32), texts: list![&str]) -> list!(u32) {
    drop(texts);
    numbers
}

fn run() {
    nothing();
    let text = String::from("hello");
    assert_eq!(named(&text, "ll"), Some("llo"));
    let pointer: for<'a> fn(&'a str) -> &'a str = elided;
    assert_eq!(pointer(&text), "ello");
    assert_eq!(implied(&text.as_str()), "hello");
    let mut list = vec![];
    invariant(&mut list, &text);
    assert_eq!(nested(&list, None), 1);
    assert_eq!(fixed("fixed"), "fixed");
    assert_eq!(cow("a", true) + cow("b", false), "Ab");
    assert_eq!(Hidden.to_string(), "hidden");
    let mut effect = 0;
    assert_eq!(dynamic(&1, Box::new(|s| s.len() + text.len()), |x| *x, &mut |x| effect = x), 9);
    assert_eq!(effect, 3);
    assert_eq!(moved(Box::new(|| "m".into())), "m");
    assert_eq!(boxed_closure(&1)(&2), 3);
    assert!(coerced(0).is_err() && coerced(1).is_err() && coerced(2).is_ok());
    assert_eq!(option(&HashMap::from([("a", vec![1])])), Some(1));
    assert!(std::panic::catch_unwind(|| diverges(true)).is_err());
    assert_eq!(mutable(1, vec![]), [2]);
    let point = Point { x: 3, y: 4 };
    assert_eq!(point.y, 4);
    assert_eq!(patterns((1, 2), point, [5; 3], String::new(), &6, (7, 8)), 33);
    assert_eq!(empty_types((), []), []);
    assert_eq!(large([1; 32], "abc".into())[..2], [3, 1]);
    assert_eq!(
        twelve(1, 2, 3, 4, 5, 6., 7., '8', true, "9", "10".into(), (1, 2, 3)),
        "12345678true910(1, 2, 3)"
    );
    assert_eq!(macro_types(vec![1], vec![]), [1]);
}

fn main() {
    everything::off_armed_and_off(run);
}
