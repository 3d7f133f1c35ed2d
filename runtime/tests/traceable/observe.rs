//! Attaching to one function and writing down what a call of it shows.

use std::thread::{self, ThreadId};

use gtramp::{Entry, Exit, Function, LinkBuilder, link};

use crate::support::Log;

/// A log that keeps what the thread that made it writes: other tests call the same functions.
#[derive(Clone)]
struct OfThisThread(Log, ThreadId);

impl OfThisThread {
    fn new(log: &Log) -> Self {
        Self(log.clone(), thread::current().id())
    }

    fn push(&self, line: impl Into<String>) {
        if thread::current().id() == self.1 {
            self.0.push(line);
        }
    }
}

/// An entry probe that writes down one argument.
pub(crate) fn argument<T: ?Sized + 'static>(
    log: &Log,
    index: usize,
    show: fn(&T) -> String,
) -> impl Fn(LinkBuilder) -> LinkBuilder {
    let log = OfThisThread::new(log);
    move |link| {
        let log = log.clone();
        link.fentry(move |ctx: &Entry| {
            log.push(match ctx.arg::<T>(index) {
                Ok(argument) => format!("{index}: {}", show(argument)),
                Err(error) => format!("{index}: {error}"),
            });
        })
    }
}

/// Calls a function that is traced, whose probes `with` adds, and returns what was written down:
/// `>` and `<` when it is entered and left, and what the probes wrote. Untraced before and after,
/// and traced twice.
#[track_caller]
pub(crate) fn watch(
    function: &'static Function,
    log: &Log,
    with: &[&dyn Fn(LinkBuilder) -> LinkBuilder],
    call: impl Fn(),
) -> Vec<String> {
    call();
    assert!(log.take().is_empty(), "nothing is attached");
    let traced = || {
        let entry = OfThisThread::new(log);
        let exit = entry.clone();
        let mut builder = link().functions(function).fentry(move |_: &Entry| entry.push(">"));
        for with in with {
            builder = with(builder);
        }
        let builder =
            builder.fexit(move |ctx: &Exit| exit.push(if ctx.unwound() { "<!" } else { "<" }));
        let link = builder.attach().unwrap();
        call();
        assert_eq!(link.info().panic, None);
        drop(link);
        log.take()
    };
    let seen = traced();
    call();
    assert!(log.take().is_empty(), "nothing is attached any more");
    assert_eq!(traced(), seen, "attached again");
    call();
    assert!(log.take().is_empty());
    seen
}

/// `observe!(path, log; 0: u64, 1: str; call)`: as [`watch`], with arguments that are written
/// down by `{:?}`.
macro_rules! observe {
    ($function:expr; $($index:literal: $type:ty),*; $call:expr) => {{
        let log = crate::support::Log::new();
        let probes: &[&dyn Fn(gtramp::LinkBuilder) -> gtramp::LinkBuilder] = &[
            $(&crate::observe::argument::<$type>(&log, $index, |argument| format!("{argument:?}"))),*
        ];
        crate::observe::watch($function, &log, probes, || $call)
    }};
}
pub(crate) use observe;
