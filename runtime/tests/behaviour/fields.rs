//! Members of arguments and of results by their paths.

use std::rc::Rc;
use std::sync::Arc;

use gtramp::{Context, Entry, Exit, Fields, Link, Selector, site, traceable};

use crate::support::Log;

#[derive(Debug, Fields)]
struct Owner {
    name: String,
    age: Option<u32>,
}

/// Has neither `Debug` nor members.
struct Opaque;

#[derive(Fields)]
struct Account<'a> {
    id: u64,
    owner: Owner,
    heir: Option<Box<Owner>>,
    partner: Arc<Owner>,
    label: &'a str,
    #[fields(redact)]
    secret: &'static str,
    #[fields(skip)]
    #[expect(dead_code, reason = "nobody looks")]
    cache: u64,
    opaque: Opaque,
    r#type: u8,
}

impl std::fmt::Debug for Account<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = (&self.opaque, self.secret);
        f.write_str("account")
    }
}

impl Account<'_> {
    #[traceable]
    fn pay(&self, amount: u64) -> u64 {
        self.id + amount + u64::from(self.r#type) + self.label.len() as u64
    }

    #[traceable(redact(self))]
    fn kept_back(&self) -> u64 {
        self.id
    }
}

fn account() -> Account<'static> {
    Account {
        id: 7,
        owner: Owner { name: "ann".to_owned(), age: Some(30) },
        heir: Some(Box::new(Owner { name: "bob".to_owned(), age: None })),
        partner: Arc::new(Owner { name: "cid".to_owned(), age: None }),
        label: "main",
        secret: "hunter2",
        cache: 1,
        opaque: Opaque,
        r#type: 3,
    }
}

#[derive(Clone, Copy, Debug, Fields)]
struct Point(i32, i32);

#[derive(Clone, Copy, Debug, Fields)]
enum Shape {
    Dot(Point),
    Disc { centre: Point, radius: u32 },
    Nothing,
}

#[traceable]
fn area(shape: Shape) -> u32 {
    match shape {
        Shape::Dot(Point(x, y)) => x.abs_diff(y),
        Shape::Disc { centre, radius } => radius * radius * 3 + centre.0.unsigned_abs(),
        Shape::Nothing => 0,
    }
}

#[derive(Debug, Fields)]
struct Pair<A, B> {
    first: A,
    second: B,
}

#[traceable]
fn pair(pair: Rc<Pair<u8, Point>>, plain: u64) -> Pair<u64, Owner> {
    let second = Owner { name: "dot".to_owned(), age: Some(u32::from(pair.first)) };
    Pair { first: plain, second }
}

#[traceable]
fn maybe(owner: Option<&Owner>) -> Option<Owner> {
    owner.map(|owner| Owner { name: owner.name.clone(), age: owner.age })
}

/// What is at these paths, as text.
fn texts(ctx: &Context<'_>, paths: &[&str]) -> Vec<String> {
    let text = |path: &&str| match ctx.field(path) {
        Some(field) => format!("{path}={field}"),
        None => format!("{path}: none"),
    };
    paths.iter().map(text).collect()
}

/// Looks at entry at calls of this thread: the functions are those of several tests.
fn at_entry(
    functions: impl Into<Selector>,
    look: impl Fn(&Context<'_>) -> Vec<String> + Send + Sync + 'static,
) -> (Link, Log) {
    let seen = Log::new();
    let log = seen.clone();
    let probe = move |ctx: &Entry<'_>| look(ctx).into_iter().for_each(|line| log.push(line));
    let link = gtramp::link().functions(functions).on_this_thread().fentry(probe).attach();
    (link.expect("attaches"), seen)
}

/// As [`at_entry`], at exit.
fn at_exit(
    functions: impl Into<Selector>,
    look: impl Fn(&Context<'_>) -> Vec<String> + Send + Sync + 'static,
) -> (Link, Log) {
    let seen = Log::new();
    let log = seen.clone();
    let probe = move |ctx: &Exit<'_>| look(ctx).into_iter().for_each(|line| log.push(line));
    let link = gtramp::link().functions(functions).on_this_thread().fexit(probe).attach();
    (link.expect("attaches"), seen)
}

#[test]
fn members_are_found_at_entry_by_their_paths() {
    let (_link, seen) = at_entry(site!(Account::pay), |ctx| {
        let paths = [
            "self",
            "self.id",
            "self.owner.name",
            "self.owner.age",
            "self.heir.name",
            "self.partner.name",
            "self.label",
            "self.secret",
            "self.opaque",
            "self.type",
            "amount",
        ];
        texts(ctx, &paths)
    });
    account().pay(500);
    assert_eq!(
        seen.take(),
        [
            "self=account",
            "self.id=7",
            "self.owner.name=\"ann\"",
            "self.owner.age=Some(30)",
            "self.heir.name=\"bob\"",
            "self.partner.name=\"cid\"",
            "self.label=\"main\"",
            "self.secret=<redacted>",
            "self.opaque=_",
            "self.type=3",
            "amount=500",
        ]
    );
}

#[test]
fn what_is_no_member_is_none() {
    let paths = [
        "",
        "self.",
        "self.ID",
        "self.cache",
        "self.secret.0",
        "self.opaque.0",
        "self.owner.age.0",
        "self.id.0",
        "amount.0",
        "other",
        "return",
        ".self",
        "self..id",
    ];
    let (_link, seen) = at_entry(site!(Account::pay), move |ctx| texts(ctx, &paths));
    account().pay(1);
    assert_eq!(seen.take(), paths.map(|path| format!("{path}: none")));
}

#[test]
fn a_member_is_read_as_its_own_type_and_as_no_other() {
    let (_link, seen) = at_entry(site!(Account::pay), |ctx| {
        let [id, name, owner, label, secret] = ["id", "owner.name", "owner", "label", "secret"]
            .map(|member| ctx.field(&format!("self.{member}")).expect("there is such a member"));
        let is_right = [
            id.get::<u64>() == Some(&7),
            id.get::<i64>().is_none(),
            name.get::<String>().is_some_and(|name| name == "ann"),
            owner.get::<Owner>().is_some_and(|owner| owner.age == Some(30)),
            // What borrows is not handed out as if it did not.
            label.get::<&'static str>().is_none(),
            secret.get::<&'static str>().is_none(),
        ];
        is_right.map(|is_right| is_right.to_string()).to_vec()
    });
    account().pay(1);
    assert_eq!(seen.take(), ["true"; 6]);
}

#[test]
fn a_member_of_a_variant_is_there_while_the_value_is_of_it() {
    let paths = ["shape.0.1", "shape.centre.0", "shape.radius"];
    let (_link, seen) = at_entry(site!(area), move |ctx| texts(ctx, &paths));
    area(Shape::Dot(Point(3, -4)));
    assert_eq!(seen.take(), ["shape.0.1=-4", "shape.centre.0: none", "shape.radius: none"]);
    area(Shape::Disc { centre: Point(5, 6), radius: 2 });
    assert_eq!(seen.take(), ["shape.0.1: none", "shape.centre.0=5", "shape.radius=2"]);
    area(Shape::Nothing);
    assert_eq!(seen.take(), ["shape.0.1: none", "shape.centre.0: none", "shape.radius: none"]);
}

#[test]
fn at_exit_there_are_the_results_members_and_those_of_what_is_copied() {
    let (_link, seen) =
        at_exit(site!(area), |ctx| texts(ctx, &["shape.radius", "return", "return.0"]));
    area(Shape::Disc { centre: Point(0, 0), radius: 2 });
    assert_eq!(seen.take(), ["shape.radius=2", "return=12", "return.0: none"]);

    let (_link, seen) = at_exit(site!(pair), |ctx| {
        texts(ctx, &["pair.first", "plain", "return.second", "return.first"])
    });
    pair(Rc::new(Pair { first: 9, second: Point(1, 2) }), 5);
    let owner = "Owner { name: \"dot\", age: Some(9) }";
    let second = format!("return.second={owner}");
    assert_eq!(seen.take(), ["pair.first: none", "plain=5", &second, "return.first=5"]);

    let (_link, seen) = at_exit(site!(maybe), |ctx| texts(ctx, &["owner.name", "return.name"]));
    maybe(Some(&Owner { name: "eve".to_owned(), age: None }));
    assert_eq!(seen.take(), ["owner.name: none", "return.name=\"eve\""]);
    maybe(None);
    assert_eq!(seen.take(), ["owner.name: none", "return.name: none"]);
}

#[test]
fn members_of_a_generic_type_are_followed_if_its_own_bounds_allow_it() {
    #[derive(Debug, Fields)]
    struct Wrapped<T: Fields> {
        value: T,
    }
    #[traceable]
    fn count(wrapped: Rc<Wrapped<Point>>, pair: &Pair<u8, Point>) -> u32 {
        wrapped.value.0.unsigned_abs() + u32::from(pair.first) + pair.second.0.unsigned_abs()
    }
    let paths = ["wrapped.value.1", "pair.first", "pair.second", "pair.second.1"];
    let (_link, seen) = at_entry(site!(count), move |ctx| texts(ctx, &paths));
    count(Rc::new(Wrapped { value: Point(3, 4) }), &Pair { first: 9, second: Point(1, 2) });
    let expected =
        ["wrapped.value.1=4", "pair.first=9", "pair.second=Point(1, 2)", "pair.second.1: none"];
    assert_eq!(seen.take(), expected);
}

/// Names that the expansion might take for its own.
#[test]
fn members_may_be_called_as_anything_is() {
    #[derive(Debug, Fields)]
    struct Odd<'a, T: ?Sized, const N: usize = 2>
    where
        T: 'a,
    {
        __name: u8,
        __0: [u8; N],
        some: &'a T,
        run: fn(&str) -> Option<u8>,
    }
    #[derive(Debug, Fields)]
    enum Never {}
    #[allow(dead_code, non_upper_case_globals, reason = "it is only there")]
    const __1: u8 = 1;
    #[traceable]
    fn odd(odd: &Odd<'_, str>, never: Option<Never>) -> usize {
        usize::from(odd.__name) + odd.__0.len() + odd.some.len() + usize::from(never.is_some())
    }
    let paths = ["odd.__name", "odd.__0", "odd.some", "never.x"];
    let (_link, seen) = at_entry(site!(odd), move |ctx| {
        let run = ctx.field("odd.run").and_then(|run| run.get::<fn(&str) -> Option<u8>>().copied());
        let text = format!("{:?}", run.and_then(|run| run("abc")));
        texts(ctx, &paths).into_iter().chain([text]).collect()
    });
    let run = |text: &str| u8::try_from(text.len()).ok();
    odd(&Odd { __name: 7, __0: [8; 2], some: "text", run }, None);
    let expected =
        ["odd.__name=7", "odd.__0=[8, 8]", "odd.some=\"text\"", "never.x: none", "Some(3)"];
    assert_eq!(seen.take(), expected);
}

#[test]
fn a_type_whose_debug_asks_for_more_than_that_of_its_parameters_has_members() {
    #[derive(Debug, Fields)]
    struct Peeked<I: Iterator> {
        head: Option<I::Item>,
        rest: I,
    }
    #[derive(Fields)]
    struct Tail<T: ?Sized> {
        length: usize,
        tail: T,
    }
    impl<T: AsRef<[u8]> + ?Sized> std::fmt::Debug for Tail<T> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{} of {}", self.length, self.tail.as_ref().len())
        }
    }
    #[derive(Debug, Fields)]
    struct Directory {
        depth: usize,
        path: std::path::Path,
    }
    #[traceable]
    fn look(
        peeked: &Peeked<std::ops::Range<u8>>,
        tail: &Tail<[u8]>,
        directory: Option<&Directory>,
    ) -> usize {
        peeked.rest.len()
            + usize::from(peeked.head.unwrap_or(0))
            + tail.tail.len()
            + directory.map_or(0, |directory| directory.depth)
    }
    let paths = ["peeked.head", "peeked.rest", "tail.length", "tail.tail", "directory.depth"];
    let (_link, seen) = at_entry(site!(look), move |ctx| texts(ctx, &paths));
    look(&Peeked { head: Some(1), rest: 2..5 }, &Tail { length: 2, tail: [7, 8] }, None);
    let expected = [
        "peeked.head=_",
        "peeked.rest=2..5",
        "tail.length=2",
        "tail.tail=_",
        "directory.depth: none",
    ];
    assert_eq!(seen.take(), expected);
}

#[test]
fn a_member_that_is_a_text_is_had_as_one_whatever_holds_it() {
    #[derive(Debug, Fields)]
    struct Request<'a> {
        path: &'a str,
        host: std::borrow::Cow<'a, str>,
        agent: Arc<str>,
        body: String,
        port: u16,
        #[fields(redact)]
        token: &'a str,
    }
    #[traceable]
    fn serve(request: &Request<'_>) -> usize {
        let Request { path, host, agent, body, port, token } = request;
        path.len() + host.len() + agent.len() + body.len() + usize::from(*port) + token.len()
    }
    let (_link, seen) = at_entry(site!(serve), |ctx| {
        ["path", "host", "agent", "body", "port", "token"]
            .map(|member| {
                let field = ctx.field(&format!("request.{member}")).expect("there is one");
                field.as_str().unwrap_or("none").to_owned()
            })
            .to_vec()
    });
    let request = Request {
        path: "/x",
        host: "a.b".into(),
        agent: "curl".into(),
        body: "{}".to_owned(),
        port: 80,
        token: "hunter2",
    };
    serve(&request);
    assert_eq!(seen.take(), ["/x", "a.b", "curl", "{}", "none", "none"]);
}

#[test]
fn what_is_redacted_has_no_members() {
    let (_link, seen) = at_entry(site!(Account::kept_back), |ctx| texts(ctx, &["self", "self.id"]));
    account().kept_back();
    assert_eq!(seen.take(), ["self=<redacted>", "self.id: none"]);
}

#[test]
fn a_long_member_is_cut() {
    #[derive(Debug, Fields)]
    struct Long {
        text: String,
    }
    #[traceable]
    fn length(long: &Long) -> usize {
        long.text.len()
    }
    let (_link, seen) = at_entry(site!(length), |ctx| texts(ctx, &["long.text"]));
    length(&Long { text: "x".repeat(1000) });
    assert_eq!(seen.take(), [format!("long.text=\"{}…", "x".repeat(199))]);
}
