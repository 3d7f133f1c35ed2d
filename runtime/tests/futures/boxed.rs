//! Functions that return a future: those that `async_trait` makes, and those that say so.

use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use gtramp::{Entry, Exit, traceable};

use crate::steps::{Pending, in_turn, run};
use crate::support::Log;

#[async_trait]
trait Repo {
    async fn get(&self, id: u64) -> Option<String>;
}

struct Below;

#[async_trait]
impl Repo for Below {
    #[traceable]
    async fn get(&self, id: u64) -> Option<String> {
        Pending(1).await;
        let text = (id > 0).then(|| id.to_string())?;
        Some(text)
    }
}

struct Above(u64);

#[traceable]
#[async_trait]
impl Repo for Above {
    async fn get(&self, id: u64) -> Option<String> {
        Pending(1).await;
        Some((self.0 + id).to_string())
    }
}

#[traceable(future)]
fn pinned<'a>(text: &'a str, more: usize) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
    Box::pin(async move {
        Pending(1).await;
        text.len() + more
    })
}

#[traceable(future)]
#[allow(clippy::manual_async_fn, reason = "that is what is tried")]
fn hidden(amount: u64) -> impl Future<Output = Result<u32, std::num::TryFromIntError>> + Send {
    async move {
        Pending(1).await;
        let amount = u32::try_from(amount)?;
        Ok(amount + 1)
    }
}

/// Says nothing, so a call of it only makes the future.
#[traceable]
#[allow(clippy::manual_async_fn, reason = "that is what is tried")]
fn silent(amount: u64) -> impl Future<Output = u64> {
    async move {
        Pending(1).await;
        amount
    }
}

#[test]
fn their_calls_are_the_lives_of_the_futures() {
    let _turn = in_turn();
    let every = || {
        assert_eq!(run(Below.get(7)).as_deref(), Some("7"));
        assert_eq!(run(Below.get(0)), None);
        assert_eq!(run(Above(1).get(7)).as_deref(), Some("8"));
        assert_eq!(run(pinned("abc", 1)), 4);
        assert_eq!(run(hidden(1)).ok(), Some(2));
        assert!(run(hidden(u64::MAX)).is_err());
        assert_eq!(run(silent(5)), 5);
    };
    every();
    let log = Log::new();
    let (entry, exit) = (log.clone(), log.clone());
    let link = gtramp::link()
        .functions("futures::boxed::**")
        .fentry(move |ctx: &Entry| {
            entry.push(format!("{} {}", ctx.function().path(), ctx.argument_count()));
        })
        .fexit(move |ctx: &Exit| {
            exit.push(format!("{:?}", ctx.life().map(gtramp::LifeInfo::polls)));
        })
        .attach()
        .unwrap();
    every();
    let expected = [
        "futures::boxed::Below::get 2",
        "Some(2)",
        "futures::boxed::Below::get 2",
        "Some(2)",
        "futures::boxed::Above::get 2",
        "Some(2)",
        "futures::boxed::pinned 2",
        "Some(2)",
        "futures::boxed::hidden 1",
        "Some(2)",
        "futures::boxed::hidden 1",
        "Some(2)",
        "futures::boxed::silent 1",
        "None",
    ];
    assert_eq!(log.take(), expected);
    drop(link);
    every();
    assert!(log.take().is_empty());
}

#[test]
fn results_are_typed_as_what_the_future_gives() {
    let _turn = in_turn();
    let log = Log::new();
    let seen = log.clone();
    let _link = gtramp::fexit(["futures::boxed::Below::get"], move |ctx: &Exit| {
        seen.push(format!("{:?}", ctx.ret::<Option<String>>().unwrap()));
    })
    .unwrap();
    run(Below.get(3));
    assert_eq!(log.take(), ["Some(Some(\"3\"))"]);
}
