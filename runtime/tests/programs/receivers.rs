// Every form of self, and what a body may do with it.
#![deny(warnings, elided_lifetimes_in_paths)]
#![allow(clippy::needless_arbitrary_self_type)]

#[path = "shared/everything.rs"]
mod everything;

use std::fmt::{self, Display};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use gtramp::traceable;

#[derive(Clone, Debug, Default, PartialEq)]
struct Ledger {
    total: u64,
    names: Vec<String>,
}

#[traceable]
impl Ledger {
    fn new(total: u64) -> Self {
        Self { total, names: Vec::new() }
    }

    fn by_reference(&self, amount: u64) -> u64 {
        self.total + amount
    }

    fn by_unique(&mut self, at: usize) -> &mut String {
        while self.names.len() <= at {
            self.names.push(String::new());
        }
        &mut self.names[at]
    }

    fn named<'a>(&'a self, other: &'a Ledger) -> [&'a Self; 2] {
        [self, other]
    }

    fn by_value(self) -> u64 {
        let Self { total, .. } = self;
        total
    }

    fn by_mutable_value(mut self) -> Self {
        self.total += 1;
        self
    }

    fn boxed(self: Box<Self>) -> u64 {
        self.total
    }

    fn mutable_box(mut self: Box<Self>) -> Box<Self> {
        self.total += 1;
        self
    }

    fn pinned(self: Pin<&mut Self>) {
        self.get_mut().total += 1;
    }

    fn pinned_box(self: Pin<Box<Self>>) -> u64 {
        self.total
    }

    fn arc(self: &Arc<Self>) -> usize {
        Arc::strong_count(self)
    }

    fn rc(self: Rc<Self>) -> u64 {
        self.total
    }

    fn written_out(self: &mut Self, other: &mut Self) {
        std::mem::swap(self, other);
    }

    fn replaced(&mut self) {
        *self = Self { total: self.total, names: std::mem::take(&mut self.names) };
    }

    fn first(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }

    fn iterator(&self) -> impl Iterator<Item = &str> + '_ {
        self.names.iter().map(String::as_str)
    }

    fn boxed_iterator(&self) -> Box<dyn Iterator<Item = &String> + '_> {
        Box::new(self.names.iter().filter(move |name| name.len() < self.names.len()))
    }

    fn into_closure(self) -> impl FnOnce() -> u64 {
        move || self.total
    }

    fn future<'a>(&'a self, more: &'a u64) -> Pin<Box<dyn Future<Output = u64> + Send + 'a>> {
        Box::pin(async move { self.total + more })
    }
}

struct View<'a>(&'a str);

#[traceable]
impl<'a> View<'a> {
    fn get(&self) -> &'a str {
        self.0
    }

    fn or(self, other: View<'_>) -> Result<View<'a>, Self> {
        if other.0.is_empty() { Err(self) } else { Ok(self) }
    }
}

trait Named {
    fn name(&self) -> String;
}

#[traceable]
impl Named for &str {
    fn name(&self) -> String {
        (*self).to_string()
    }
}

#[traceable]
impl<T: Named, const N: usize> Named for [T; N] {
    fn name(&self) -> String {
        self.iter().map(Named::name).collect()
    }
}

#[traceable]
impl dyn Named {
    fn twice(&self) -> String {
        format!("{0}{0}", self.name())
    }
}

#[traceable]
impl dyn Named + Send + '_ {
    fn thrice(&self) -> String {
        format!("{0}{0}{0}", self.name())
    }
}

impl Display for Ledger {
    #[traceable]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "total {}", self.total)
    }
}

fn run() {
    let mut ledger = Ledger::new(5);
    assert_eq!(ledger.to_string(), "total 5");
    assert_eq!(ledger.by_reference(1), 6);
    ledger.by_unique(1).push('x');
    assert_eq!(ledger.named(&Ledger::default())[0], &ledger);
    assert_eq!(ledger.clone().by_value(), 5);
    let mut ledger = ledger.by_mutable_value();
    assert_eq!(Box::new(ledger.clone()).boxed(), 6);
    assert_eq!(Box::new(ledger.clone()).mutable_box().total, 7);
    Pin::new(&mut ledger).pinned();
    assert_eq!(Box::pin(ledger.clone()).pinned_box(), 7);
    assert_eq!(Arc::new(ledger.clone()).arc(), 1);
    assert_eq!(Rc::new(ledger.clone()).rc(), 7);
    let mut other = Ledger::default();
    ledger.written_out(&mut other);
    other.replaced();
    assert_eq!((ledger.total, other.total), (0, 7));
    assert_eq!(other.first(), Some(""));
    assert_eq!(other.iterator().count(), 2);
    assert_eq!(other.boxed_iterator().count(), 2);
    drop(other.future(&1));
    assert_eq!(other.into_closure()(), 7);
    let text = String::from("text");
    assert_eq!(View(&text).get(), "text");
    assert!(View(&text).or(View("")).is_err());
    let named: &dyn Named = &"n";
    assert_eq!(named.twice(), "nn");
    let named: &(dyn Named + Send) = &["a", "b"];
    assert_eq!(named.thrice(), "ababab");
}

fn main() {
    everything::off_armed_and_off(run);
}
