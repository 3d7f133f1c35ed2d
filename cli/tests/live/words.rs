//! What can be asked of a call besides its arguments.

use std::panic::catch_unwind;

use gtramp::Scope;

use crate::support::{attached, attached_by, refused};

#[gtramp::traceable]
mod bank {
    #[derive(Clone, Copy, Debug)]
    pub(super) enum Kind {
        Fast,
        Slow,
    }
    #[derive(Debug)]
    pub(super) struct Denied(#[expect(dead_code, reason = "it is shown")] pub(super) u64);
    pub(super) fn pay(kind: Kind, amount: u64) -> Result<u64, Denied> {
        assert!(amount < 1000, "nobody has so much");
        if amount > 100 { Err(Denied(amount)) } else { Ok(amount * kind as u64) }
    }
}

#[test]
fn calls_that_return_an_error_or_panic_are_shown_with_arguments_and_results() {
    let running = attached_by(&["errors", "--json", "live::words::bank::*"]);
    assert!(bank::pay(bank::Kind::Slow, 7).is_ok());
    assert!(bank::pay(bank::Kind::Fast, 700).is_err());
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    assert!(catch_unwind(|| bank::pay(bank::Kind::Slow, 7000)).is_err());
    std::panic::set_hook(hook);
    let found = running.off();
    let outcomes: Vec<&str> = found.events.iter().map(|event| &*event.outcome).collect();
    assert_eq!(outcomes, ["failed", "panicked"]);
    let shown = |event: usize, name: &str| {
        let values = found.events[event].values.iter();
        values.filter(|(of, _)| of == name).map(|(_, text)| text.clone()).collect::<String>()
    };
    assert_eq!(shown(0, "args"), "kind=Fast, amount=700");
    assert_eq!(shown(0, "ret"), "Err(Denied(700))");
    assert_eq!(shown(1, "args"), "kind=Slow, amount=7000");
    assert_eq!(found.counts(), [("live::words::bank::pay".to_owned(), 2)]);
}

#[gtramp::traceable]
mod kinds {
    pub(super) fn pay(_kind: super::bank::Kind) -> Result<(), super::bank::Denied> {
        Err(super::bank::Denied(1))
    }
}

#[test]
fn what_is_no_number_and_no_text_is_a_key_by_its_debug_text() {
    let running = attached("live::words::kinds::pay { @[_kind, ret, err] = count() }");
    for kind in [bank::Kind::Fast, bank::Kind::Slow, bank::Kind::Fast] {
        assert!(kinds::pay(kind).is_err());
    }
    let counts = running.off().counts();
    let key = |kind: &str| format!("{kind} Err(Denied(1)) true");
    assert_eq!(counts, [(key("Fast"), 2), (key("Slow"), 1)]);
    // It is compared with nothing.
    let message = refused(&["run", "live::words::kinds::pay /_kind == \"Fast\"/ { count() }"]);
    assert!(message.contains("Kind"), "{message}");
}

#[gtramp::traceable]
mod scoped {
    pub(super) fn step(_number: u32) {}
}

#[test]
fn calls_of_one_request_are_told_from_the_others_by_their_scope() {
    let running =
        attached("live::words::scoped::step in req=\"7f3\", user=\"ann\" { @ = count() }");
    let by_request = attached("live::words::scoped::step { @[scope.req] = count() }");
    let requests = ["7f3", "7f4"].map(|req| Scope::new().with("req", req).with("user", "ann"));
    for (request, steps) in requests.iter().zip([2, 3]) {
        let request = request.clone();
        // The scope goes to another thread with what is handed to it.
        let work = request.wrap(move || (0..steps).for_each(scoped::step));
        std::thread::spawn(work).join().expect("it does not panic");
    }
    scoped::step(0);
    assert_eq!(running.off().counts(), [(String::new(), 2)]);
    let counts = by_request.off().counts();
    let expected = [("7f4", 3), ("7f3", 2), ("-", 1)];
    assert_eq!(counts, expected.map(|(req, count)| (req.to_owned(), count)));
}

#[gtramp::traceable]
mod nested {
    pub(super) fn outer() {
        inner();
        inner();
        sleep();
    }
    pub(super) fn inner() {
        sleep();
    }
    #[traceable(skip)]
    fn sleep() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn self_time_is_without_the_calls_within_and_depth_counts_those_around() {
    let running = attached("live::words::nested::* { print(func, latency, self_time, depth) }");
    nested::outer();
    let found = running.off();
    let number = |event: usize, value: usize| -> u64 {
        found.events[event].values[value].1.parse().expect("it is a number")
    };
    let latencies: u64 = (0..2).map(|event| number(event, 1)).sum();
    assert_eq!([0, 1, 2].map(|event| number(event, 3)), [1, 1, 0]);
    for inner in 0..2 {
        assert_eq!(number(inner, 1), number(inner, 2));
    }
    // Each of the three is rounded to the nanosecond.
    let (latency, own) = (number(2, 1), number(2, 2));
    assert!(own.abs_diff(latency - latencies) <= 3, "{:?}", found.events);
}

#[test]
fn two_leases_know_the_depths_of_their_own_calls() {
    let leases = ["two::*", "two::*", "two::inner"];
    let running: Vec<_> = leases
        .iter()
        .map(|functions| {
            attached(&format!("live::words::{functions} {{ @[func, depth] = count() }}"))
        })
        .collect();
    two::outer();
    let found: Vec<_> = running.into_iter().map(|running| running.off().counts()).collect();
    let row = |name: &str, depth| (format!("live::words::two::{name} {depth}"), 1);
    let both = vec![row("inner", 1), row("outer", 0)];
    assert_eq!(found, [both.clone(), both, vec![row("inner", 0)]]);
}

#[gtramp::traceable]
mod two {
    pub(super) fn outer() {
        inner();
    }
    fn inner() {}
}

#[gtramp::traceable]
mod waiting {
    pub(super) async fn turns(count: u32) -> Result<u32, u32> {
        for _ in 0..count {
            let mut polled = false;
            std::future::poll_fn(|_| match std::mem::replace(&mut polled, true) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            })
            .await;
        }
        Err(count)
    }
    pub(super) fn plain() {}
}

/// As `waiting`, whose lives other tests count.
#[gtramp::traceable]
mod polled {
    pub(super) async fn turns(count: u32) {
        for _ in 0..count {
            let mut polled = false;
            std::future::poll_fn(|_| match std::mem::replace(&mut polled, true) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            })
            .await;
        }
    }
}

fn finish(mut future: std::pin::Pin<&mut impl Future>) {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    while future.as_mut().poll(&mut context).is_pending() {}
}

#[test]
fn lives_tell_how_often_and_how_long_they_were_polled() {
    let running = attached(
        "live::words::waiting::*.life { @[polls] = count(); print(polls, busy, idle, longest_poll, latency) }",
    );
    for count in [0, 3, 3] {
        finish(std::pin::pin!(waiting::turns(count)));
    }
    waiting::plain();
    let found = running.off();
    assert_eq!(found.counts(), [("4".to_owned(), 2), ("1".to_owned(), 1)]);
    for event in &found.events {
        let [polls, busy, idle, longest, latency] =
            [0, 1, 2, 3, 4].map(|value| event.values[value].1.parse::<u64>().expect("a number"));
        assert!(polls > 0 && longest <= busy && busy + idle <= latency + 1_000_000, "{event:?}");
    }
}

#[test]
fn polls_tell_how_long_each_took_and_whether_it_was_the_last() {
    let mut before = std::pin::pin!(polled::turns(2));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(before.as_mut().poll(&mut context).is_pending());
    let running = attached(
        "live::words::polled::*.poll { @all[ready] = count(); @time = sum(latency); print(polls, ready, latency) }",
    );
    finish(before);
    finish(std::pin::pin!(polled::turns(1)));
    let found = running.off();
    // Of the life that began before, two polls are left, and how many there were is not known.
    let shown: Vec<_> =
        found.events.iter().map(|event| (&*event.values[0].1, &*event.values[1].1)).collect();
    assert_eq!(shown, [("-", "false"), ("-", "true"), ("1", "false"), ("2", "true")]);
    assert!(found.events.iter().all(|event| event.values[2].1.parse::<u64>().is_ok()));
}

#[test]
fn what_is_not_known_of_calls_is_refused_or_said() {
    let cases = [
        ("live::words::two::*.poll { count() }", "`.poll` is of async functions"),
        ("live::words::waiting::*.poll { @[count] = count() }", "taken its arguments"),
        ("live::words::waiting::*.poll { print(ret) }", "`ret` is not known of a poll"),
        ("live::words::waiting::*.poll { trace() }", "`print(..)` shows single polls"),
        ("live::words::waiting::*.life { @[ready] = count() }", "write `.poll`"),
        ("live::words::two::* { @[ready] = count() }", "write `.poll`"),
        ("live::words::two::*.pol { count() }", "`poll`"),
        ("live::words::two::*.life { count() }", "none of these is one"),
        ("live::words::waiting::* /polls > 1/ { count() }", "waiting::plain is none"),
        ("live::words::two::* { @[self_time] = count() }", "too many things for a key"),
        ("live::words::two::* in { count() }", "expected a key of scopes"),
        ("live::words::two::* in req=7 { count() }", "expected a text in quotes"),
        ("live::words::two::* { count() } keep 4MiB", "there is none"),
        ("live::words::two::* { trace() } keep 400MiB", "from 1MiB to 64MiB"),
        ("live::words::two::* { trace() } slow 4ms", "write both"),
        ("live::words::two::* { trace() } depth 0", "the outermost are `depth 1`"),
        ("live::words::waiting::*.poll { count() } depth 2", "`depth` is not known of a poll"),
    ];
    for (program, why) in cases {
        let message = refused(&["run", program]);
        assert!(message.contains(why), "{program}: {message}");
    }
    let running = attached("live::words::waiting::* /err/ { count() }");
    let notes = running.off().notes;
    assert!(notes.iter().any(|note| note.contains("of 1 async function(s)")), "{notes:?}");
}

#[gtramp::traceable]
mod deep {
    pub(super) fn down(number: u32) -> u32 {
        if number == 0 { 0 } else { down(number - 1) + 1 }
    }
}

#[test]
fn calls_are_followed_as_deep_as_is_said() {
    for depth in [1, 3, 9] {
        let program =
            format!("live::words::deep::down /number > 0/ {{ trace(number) }} depth {depth}");
        let running = attached(&program);
        deep::down(5);
        deep::down(1);
        let found = running.off();
        let mut seen: Vec<(u32, &str)> =
            found.events.iter().map(|event| (event.depth, &*event.values[0].1)).collect();
        seen.sort_unstable();
        let all = [(0, "1"), (0, "5"), (1, "4"), (2, "3"), (3, "2"), (4, "1")];
        assert_eq!(seen, all[..(depth + 1).min(all.len())]);
    }
}

#[gtramp::traceable]
mod stacked {
    pub(super) fn inner(number: u32) -> u32 {
        number
    }
}

#[inline(never)]
fn who_calls(number: u32) -> u32 {
    stacked::inner(number) + 1
}

#[test]
fn a_stack_begins_with_who_has_called() {
    let running = attached("live::words::stacked::inner { print(stack) }");
    assert_eq!(who_calls(1), 2);
    let found = running.off();
    let (_, stack) = &found.events[0].values[0];
    let names: Vec<&str> = stack.lines().map(str::trim).collect();
    let first = names.iter().position(|name| name.contains("who_calls")).expect("it is there");
    assert!(first <= 1, "{stack}");
    assert!(!stack.contains("__rust_begin_short_backtrace"), "{stack}");
}
