// Functions that return closures.
#![deny(warnings)]

#[path = "shared/everything.rs"]
mod everything;

use std::borrow::Cow;

use gtramp::traceable;

#[traceable]
fn plain() -> impl Fn(&str) -> &str {
    |x| x
}

#[traceable]
fn moving(n: usize) -> impl for<'a> Fn(&'a str) -> &'a str {
    move |x| &x[n..]
}

#[traceable]
fn annotated(n: usize) -> impl Fn(&str) -> Option<(&str, &str)> {
    move |x: &str| x.split_at_checked(n)
}

#[traceable]
fn combined<F>(f: F) -> impl Fn(&str) -> usize
where
    F: Fn(&str) -> &str,
{
    move |x| f(x).len()
}

#[traceable]
fn early(n: usize) -> impl Fn(&str) -> usize {
    if n == 0 {
        panic!("zero");
    }
    return move |x: &str| x.len() + n;
}

#[traceable]
fn in_result(n: usize) -> Result<impl Fn(&str) -> usize, String> {
    if n > 5 {
        return Err("x".into());
    }
    Ok(move |x: &str| x.len() + n)
}

#[traceable]
fn iter<'a>(v: &'a [String]) -> impl Iterator<Item = &'a str> {
    v.iter().map(|x| x.as_str())
}

#[traceable]
fn default_int() -> impl Into<u64> {
    5u32
}

#[traceable]
fn inferred_collect() -> impl IntoIterator<Item = u8> {
    let v: Vec<u8> = [1].into_iter().collect();
    v
}

#[traceable]
fn compare<T: Ord + Clone, K: Ord>(key: impl Fn(&T) -> K) -> impl Fn(&T, &T) -> std::cmp::Ordering {
    move |a, b| key(a).cmp(&key(b))
}

#[traceable]
fn unsize<T: ?Sized + ToString>() -> impl Fn(&T) -> String {
    |t: &T| t.to_string()
}

#[traceable]
fn borrowing<'a>(text: &'a str) -> impl Fn(usize) -> &'a str + Clone {
    move |n| &text[n..]
}

#[traceable]
fn mutating(mut n: u32) -> impl FnMut(&mut u32) {
    move |x| {
        n += *x;
        *x = n;
    }
}

#[traceable]
fn only() -> impl Fn(u8) -> u8 {
    u8::reverse_bits
}

struct G<T>(Vec<T>);

impl<T: PartialEq> G<T> {
    #[traceable]
    fn method_level(&self) -> impl Fn(&T) -> bool {
        move |x: &T| self.0.contains(x)
    }
}

#[traceable]
impl<T: PartialEq + Clone> G<T> {
    fn impl_level(&self) -> impl Fn(&T) -> bool {
        move |x| self.0.contains(x)
    }
    fn with_self(self) -> impl Fn(&Self) -> bool {
        move |x: &Self| self.0 == x.0
    }
}

struct S(String);

#[traceable]
impl S {
    fn cow(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
    fn res(&mut self) -> Result<&mut String, ()> {
        Ok(&mut self.0)
    }
    fn parser(&self) -> impl Fn(&str) -> bool {
        |x| x == self.0
    }
}

fn run() {
    {
        #[traceable]
        fn local(x: u32) -> u32 {
            x
        }
        local(1);
    }
    assert_eq!(plain()("a"), "a");
    assert_eq!(moving(1)("ab"), "b");
    assert!(annotated(1)("ab").is_some());
    assert_eq!(combined(|x| x)("abc"), 3);
    assert_eq!(early(1)("abc"), 4);
    assert_eq!(in_result(1).unwrap()("abc"), 4);
    assert_eq!(iter(&["a".to_string()]).count(), 1);
    let _: u64 = default_int().into();
    assert_eq!(inferred_collect().into_iter().count(), 1);
    let mut s = S("a".into());
    assert_eq!(s.cow(), "a");
    s.res().unwrap().push('b');
    assert!(s.parser()("ab"));
    assert!(compare(|x: &u8| *x)(&1, &2).is_lt());
    assert_eq!(unsize::<str>()("a"), "a");
    assert_eq!(borrowing("abc").clone()(1), "bc");
    let mut x = 3;
    mutating(1)(&mut x);
    assert_eq!(x + u32::from(only()(1)), 132);
    assert!(
        G(vec![1]).method_level()(&1)
            && G(vec![1]).impl_level()(&1)
            && G(vec![1]).with_self()(&G(vec![1]))
    );
}

fn main() {
    everything::off_armed_and_off(run);
}
