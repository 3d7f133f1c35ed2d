//! Async functions of every form compile, are what they were, and are seen.

use std::future::Future;
use std::mem::size_of_val;

use gtramp::{Entry, traceable};

use crate::steps::{Boxed, Pending, in_turn, run};
use crate::support::Log;

#[derive(Debug, PartialEq)]
struct Denied(u64);

#[traceable]
async fn nothing() {}

#[traceable]
async fn borrowed<'a>(text: &'a str, other: &str) -> &'a str {
    Pending(1).await;
    let _ = other.len();
    text
}

#[traceable]
async fn elided(text: &str) -> &str {
    Pending(1).await;
    &text[1..]
}

#[traceable]
async fn generic<T: ToString + Send>(value: T, _: u8) -> String {
    Pending(1).await;
    value.to_string()
}

#[traceable]
async fn hidden(values: impl Iterator<Item = u64> + Send) -> impl Iterator<Item = u64> {
    Pending(1).await;
    values.map(|value| value + 1)
}

#[traceable]
async fn early(amount: u64) -> Result<u64, Denied> {
    if amount == 0 {
        return Ok(0);
    }
    let checked = check(amount)?;
    Pending(1).await;
    Ok(checked.into())
}

fn check(amount: u64) -> Result<u32, Denied> {
    u32::try_from(amount).map_err(|_| Denied(amount))
}

#[traceable]
async fn sum(to: u64) -> u64 {
    if to == 0 { 0 } else { to + Box::pin(sum(to - 1)).await }
}

#[traceable]
async fn mutable(mut list: Vec<u64>, (a, mut b): (u64, u64)) -> Vec<u64> {
    b += 1;
    list.push(a);
    Pending(1).await;
    list.push(b);
    list
}

#[derive(Debug, Default)]
struct Ledger {
    total: u64,
}

trait Account {
    async fn balance(&self) -> u64;

    async fn doubled(&self) -> u64 {
        self.balance().await * 2
    }
}

#[traceable]
impl Ledger {
    async fn post(&mut self, amount: u64) -> u64 {
        Pending(1).await;
        self.total += amount;
        assert!(self.total >= amount);
        self.total
    }

    async fn into_total(self) -> u64 {
        self.total
    }
}

#[traceable]
impl Account for Ledger {
    async fn balance(&self) -> u64 {
        Pending(1).await;
        self.total
    }
}

#[traceable]
trait Named {
    async fn name(&self) -> String;

    async fn greeting(&self) -> String {
        format!("hello, {}", self.name().await)
    }
}

impl Named for Ledger {
    async fn name(&self) -> String {
        "ledger".to_owned()
    }
}

#[test]
fn functions_of_every_form_give_what_they_gave_off_and_armed() {
    let _turn = in_turn();
    let every = || {
        run(nothing());
        assert_eq!(run(borrowed("a", &String::from("b"))), "a");
        assert_eq!(run(elided("xyz")), "yz");
        assert_eq!(run(generic(17, 0)), "17");
        assert_eq!(run(hidden([1, 2].into_iter())).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(run(early(0)), Ok(0));
        assert_eq!(run(early(3)), Ok(3));
        assert_eq!(run(early(u64::MAX)), Err(Denied(u64::MAX)));
        assert_eq!(run(sum(10)), 55);
        assert_eq!(run(mutable(vec![1], (2, 3))), [1, 2, 4]);
        let mut ledger = Ledger::default();
        assert_eq!(run(ledger.post(5)), 5);
        assert_eq!(run(ledger.doubled()), 10);
        assert_eq!(run(ledger.greeting()), "hello, ledger");
        assert_eq!(run(ledger.into_total()), 5);
    };
    every();
    let log = Log::new();
    let seen = log.clone();
    let link = gtramp::fentry(["futures::forms::**"], move |ctx: &Entry| {
        seen.push(ctx.function().name());
    })
    .unwrap();
    every();
    let mut names = log.take();
    names.dedup();
    let expected = [
        "nothing",
        "borrowed",
        "elided",
        "generic",
        "hidden",
        "early",
        "sum",
        "mutable",
        "post",
        "balance",
        "greeting",
        "into_total",
    ];
    assert_eq!(names, expected);
    drop(link);
    every();
    assert!(log.take().is_empty());
}

/// Of the same body, without the attribute.
async fn plain(text: String, amount: u64) -> usize {
    Pending(1).await;
    text.len() + usize::try_from(amount).unwrap()
}

#[traceable]
async fn traced(text: String, amount: u64) -> usize {
    Pending(1).await;
    text.len() + usize::try_from(amount).unwrap()
}

#[test]
fn a_future_is_at_most_a_word_larger_and_can_be_sent() {
    let _turn = in_turn();
    fn sent<F: Future + Send + 'static>(future: F) -> F {
        future
    }
    let (plain, traced) = (plain(String::new(), 1), sent(traced(String::new(), 1)));
    assert!(size_of_val(&traced) <= size_of_val(&plain) + 8, "{}", size_of_val(&traced));
    let boxed: Boxed<u64> = Box::pin(sum(1));
    assert_eq!(run(boxed), 1);
}

#[test]
fn listings_say_that_a_function_is_async() {
    let functions = gtramp::functions();
    let of = |name: &str| {
        functions.iter().find(|function| function.name() == name).map(ToString::to_string).unwrap()
    };
    assert!(
        of("traced")
            .starts_with("async futures::forms::traced(text: String, amount: u64) -> usize ")
    );
}
