//! What is asked, and that the answers are what the program did.

use std::panic::catch_unwind;

use crate::support::{attached, attached_by, refused, said};

#[gtramp::traceable]
mod counted {
    pub(super) fn often(amount: u64) -> u64 {
        amount / 2
    }
    pub(super) fn seldom() {}
    pub(super) mod audit {
        pub(crate) fn post() {}
    }
}

#[test]
fn calls_are_counted_by_function_exactly() {
    let running = attached("live::language::counted::** !**::audit::** { @[func] = count() }");
    (0..1000).for_each(|amount| _ = counted::often(amount));
    (0..3).for_each(|_| counted::seldom());
    counted::audit::post();
    let found = running.off();
    counted::seldom();
    let path = |name: &str| format!("live::language::counted::{name}");
    assert_eq!(found.counts(), [(path("often"), 1000), (path("seldom"), 3)]);
    let end = found.end.expect("it says how it ended");
    assert_eq!((end.calls, end.kept, end.lost, end.missed), (1003, 1003, 0, 0));
}

#[gtramp::traceable]
mod timed {
    pub(super) fn sleeps(milliseconds: u64) {
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
    }
}

#[test]
fn latencies_are_told_as_a_histogram() {
    let running = attached("live::language::timed::sleeps { @[func] = hist(latency) }");
    timed::sleeps(20);
    (0..9).for_each(|_| timed::sleeps(0));
    let found = running.off();
    let row = &found.tables[0].rows[0];
    assert_eq!(row.count, 10);
    assert!(row.max >= 20_000_000, "{row:?}");
    assert!(row.p99.expect("it is a histogram") >= 20_000_000, "{row:?}");
    assert!(row.min < 20_000_000, "{row:?}");
    assert_eq!(row.buckets.iter().map(|bucket| bucket.2).sum::<u64>(), 10);
}

#[gtramp::traceable]
mod slow {
    pub(super) fn sleeps(milliseconds: u64) {
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
    }
}

#[test]
fn calls_that_were_not_slow_are_not_shown() {
    let running = attached_by(&[
        "slow",
        "--json",
        "-m",
        "10",
        "live::language::slow::*",
        "-w",
        "milliseconds < 90",
    ]);
    [0, 0, 15, 100, 0].into_iter().for_each(slow::sleeps);
    let found = running.off();
    let [event] = &found.events[..] else { panic!("{:?}", found.events) };
    assert!((15_000_000..90_000_000).contains(&event.latency), "{event:?}");
}

#[gtramp::traceable]
mod argued {
    #[derive(Clone, Copy)]
    pub(super) struct Opaque;
    pub(super) fn pay(account: &str, amount: u64, _by: Opaque) -> u64 {
        account.len() as u64 + amount
    }
    pub(super) fn owe(account: String, ratio: f64) -> bool {
        account.is_empty() || ratio > 0.5
    }
}

#[test]
fn arguments_choose_calls_and_are_shown_when_asked_for() {
    let program = r#"live::language::argued::pay /account == "ann" && amount > 1000/
        { print(args, ret, account) }"#;
    let running = attached(program);
    argued::pay("ann", 1000, argued::Opaque);
    argued::pay("bob", 2000, argued::Opaque);
    argued::pay("ann", 1001, argued::Opaque);
    let found = running.off();
    let [event] = &found.events[..] else { panic!("{:?}", found.events) };
    let value =
        |name: &str| event.values.iter().find(|(of, _)| of == name).map(|(_, text)| &**text);
    assert_eq!(value("ret"), Some("1004"));
    assert_eq!(value("account"), Some("ann"));
    let args = value("args").expect("they are asked for");
    assert!(args.contains(r#"account="ann", amount=1001"#), "{args}");
}

#[gtramp::traceable]
mod members {
    #[derive(Debug, gtramp::Fields)]
    pub(super) struct Owner {
        pub(super) name: String,
        pub(super) age: Option<u32>,
    }

    #[derive(Debug, gtramp::Fields)]
    pub(super) struct Account {
        pub(super) id: u64,
        pub(super) owner: Owner,
        #[fields(redact)]
        pub(super) secret: &'static str,
    }

    #[derive(Debug)]
    pub(super) struct Unnamed(pub(super) u64);

    impl Account {
        pub(super) fn pay(&self, amount: u64, by: Unnamed) -> u64 {
            self.id + amount + by.0 + self.secret.len() as u64
        }
    }
}

#[test]
fn members_choose_calls_and_are_shown_and_added_up() {
    let account = |id, name: &str, age| members::Account {
        id,
        owner: members::Owner { name: name.to_owned(), age },
        secret: "hunter2",
    };
    let program = r#"live::language::members::Account::pay
        /self.id >= 7 && self.owner.name != "bob" && !(self.secret == "hunter2")/
        { print(self.id, self.owner.age, self.secret, ret); @[self.owner.name] = sum(self.id) }"#;
    let running = attached(program);
    for (id, name, age) in
        [(6, "ann", None), (7, "bob", None), (8, "cid", Some(40)), (9, "cid", None)]
    {
        account(id, name, age).pay(1, members::Unnamed(2));
    }
    let found = running.off();
    let shown: Vec<Vec<&str>> = found
        .events
        .iter()
        .map(|event| event.values.iter().map(|(_, text)| &**text).collect())
        .collect();
    assert_eq!(shown, [["8", "Some(40)", "-", "18"], ["9", "None", "-", "19"]]);
    let rows = format!("{:?}", found.tables);
    assert!(rows.contains("cid") && rows.contains("17"), "{rows}");
}

#[test]
fn members_of_what_shows_none_are_refused() {
    let message =
        refused(&["run", "live::language::members::Account::pay /by.0 == 1/ { count() }"]);
    assert!(message.contains("put #[derive(gtramp::Fields)] on it"), "{message}");
    let message =
        refused(&["run", "live::language::members::Account::pay /byy.0 == 1/ { count() }"]);
    assert!(message.contains("has no argument `byy`"), "{message}");
}

#[gtramp::traceable]
mod secret {
    #[traceable(redact(password, return))]
    pub(super) fn login(user: &str, password: &str) -> u64 {
        (user.len() + password.len()) as u64
    }
}

#[test]
fn what_is_redacted_is_neither_shown_nor_compared() {
    let running = attached("live::language::secret::login { print(args, ret) }");
    secret::login("ann", "hunter2");
    let found = running.off();
    let [event] = &found.events[..] else { panic!("{:?}", found.events) };
    let shown = format!("{:?}", event.values);
    assert!(shown.contains("password=<redacted>"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("10"), "{shown}");
    for program in [
        r#"live::language::secret::login /password == "hunter2"/ { count() }"#,
        "live::language::secret::login { @[password] = count() }",
    ] {
        let message = refused(&["run", program]);
        assert!(
            message.contains("`password` of live::language::secret::login is redacted"),
            "{message}"
        );
    }
    refused(&["run", "live::language::secret::login /ret == 10/ { count() }"]);
}

#[gtramp::traceable]
mod keyed {
    pub(super) fn pay(account: &str, amount: u64) -> u64 {
        account.len() as u64 + amount
    }
}

#[test]
fn arguments_are_keys_and_values() {
    let program =
        "live::language::keyed::pay { @[account] = sum(amount); @m[account] = max(amount) }";
    let running = attached(program);
    for amount in [1, 2, 3] {
        keyed::pay("ann", amount);
        keyed::pay("bob", 10 * amount);
    }
    let found = running.off();
    let rows = |table: usize| {
        let rows = found.tables[table].rows.iter();
        rows.map(|row| (row.key[0].clone(), row.sum, row.max)).collect::<Vec<_>>()
    };
    let expected = [("ann".to_owned(), 6, 3), ("bob".to_owned(), 60, 30)];
    assert_eq!(rows(0), expected);
    assert_eq!(rows(1), expected);
}

#[gtramp::traceable]
mod failing {
    pub(super) fn divide(dividend: u64, divisor: u64) -> u64 {
        dividend / divisor
    }
}

#[test]
fn panics_are_told_from_returns() {
    let running = attached_by(&["errors", "--json", "live::language::failing::*"]);
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    assert!(catch_unwind(|| failing::divide(7, 0)).is_err());
    std::panic::set_hook(quiet);
    failing::divide(7, 1);
    let found = running.off();
    let [event] = &found.events[..] else { panic!("{:?}", found.events) };
    assert_eq!(event.outcome, "panicked");
    assert_eq!(found.counts(), [("live::language::failing::divide".to_owned(), 1)]);
}

#[test]
fn a_name_that_is_wrong_is_refused_with_its_column_and_the_nearest() {
    let cases = [
        ("live::language::argued::pai { count() }", "column 1", "argued::pay"),
        ("live::language::argued::pay { conut() }", "column 31", "did you mean `count`?"),
        (
            "live::language::argued::pay /amout > 1/ { count() }",
            "column 30",
            "did you mean `amount`?",
        ),
        (
            "live::language::argued::pay /account > 1/ { count() }",
            "column 38",
            "a text is compared with a number",
        ),
        ("live::language::argued::pay /_by == 1/ { count() }", "column 30", "Opaque"),
        (
            "live::language::argued::* /amount > 1/ { count() }",
            "column 28",
            "argued::owe has no argument `amount`",
        ),
        ("live::language::argued::* /latency > 1 parsec/ { count() }", "column 40", "expected `/`"),
        (
            "live::language::argued::* /latency > 1mss/ { count() }",
            "column 38",
            "did you mean `ms`?",
        ),
        (
            "live::language::argued::*.entry { @ = hist(latency) }",
            "column 44",
            "not known at .entry",
        ),
        ("live::language::argued::* { @ = hist(account) }", "column 38", "is a text"),
        ("live::language::argued::* { count() } fro 3s", "column 39", "did you mean `for`?"),
        ("{ count() }", "column 1", "no functions"),
    ];
    for (program, column, hint) in cases {
        let why = refused(&["run", program]);
        assert!(why.contains(column) && why.contains(hint), "{program}: {why}");
    }
    assert!(
        said(&["list", "live::language::argued::*"]).lines().all(|line| !line.contains("lease"))
    );
}

#[test]
fn functions_without_an_argument_are_left_out_by_a_question_mark() {
    let running = attached("live::language::optional::* /amount? > 1/ { @[func] = count() }");
    optional::with(2);
    optional::without();
    assert_eq!(running.off().counts(), [("live::language::optional::with".to_owned(), 1)]);
}

#[gtramp::traceable]
mod optional {
    pub(super) fn with(amount: u32) -> u32 {
        amount
    }
    pub(super) fn without() {}
}

#[test]
fn functions_are_listed_with_their_signatures() {
    let listed = said(&["list", "live::language::argued::**"]);
    let lines: Vec<&str> = listed.lines().collect();
    assert!(
        lines[0].starts_with("live::language::argued::owe(account: String, ratio: f64) -> bool")
    );
    assert!(lines[1].contains("cli/tests/live/language.rs:"), "{listed}");
    assert_eq!(lines.len(), 2, "{listed}");
    argued::owe(String::new(), 0.1);
}

#[gtramp::traceable]
mod waiting {
    pub(super) async fn until(is_ready: bool) {
        if !is_ready {
            std::future::pending::<()>().await;
        }
    }
}

/// Polls it once and drops it.
fn poll_once(future: impl Future<Output = ()>) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::pin!(future).poll(&mut context).is_ready()
}

#[test]
fn futures_that_were_dropped_are_told_from_those_that_were_finished() {
    let running = attached("live::language::waiting::until { @[cancelled, is_ready] = count() }");
    assert!(poll_once(waiting::until(true)));
    assert!(!poll_once(waiting::until(false)));
    assert!(!poll_once(waiting::until(false)));
    let counts = running.off().counts();
    assert_eq!(counts, [("true false".to_owned(), 2), ("false true".to_owned(), 1)]);
}
