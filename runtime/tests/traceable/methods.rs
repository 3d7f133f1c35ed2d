//! Methods: every form of `self`.

use std::fmt::{self, Display};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use gtramp::{site, traceable};

use crate::observe::observe;
use crate::support::function;

fn local(name: &str) -> &'static gtramp::Function {
    function(&format!("traceable::methods::{name}"))
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Ledger {
    total: u64,
    names: Vec<String>,
}

#[traceable]
impl Ledger {
    const FEE: u64 = 3;

    fn new(total: u64) -> Self {
        Self { total, names: Vec::new() }
    }

    fn fee(&self, amount: u64) -> u64 {
        self.total + amount + Self::FEE
    }

    fn name_mut(&mut self, at: usize) -> &mut String {
        while self.names.len() <= at {
            self.names.push(String::new());
        }
        &mut self.names[at]
    }

    fn into_total(self) -> u64 {
        let Self { total, .. } = self;
        total
    }

    fn bumped(mut self) -> Self {
        self.total += 1;
        self
    }

    #[expect(clippy::boxed_local, reason = "the receiver is what is tested")]
    fn boxed(self: Box<Self>) -> u64 {
        self.total
    }

    fn boxed_mut(mut self: Box<Self>) -> Box<Self> {
        self.total += 1;
        self
    }

    fn pinned(self: Pin<&mut Self>) -> u64 {
        let this = self.get_mut();
        this.total += 1;
        this.total
    }

    fn arced(self: &Arc<Self>) -> usize {
        Arc::strong_count(self)
    }

    fn counted(self: Rc<Self>) -> u64 {
        self.total
    }

    #[expect(clippy::needless_arbitrary_self_type, reason = "a form to be tried")]
    fn typed(self: &Self) -> u64 {
        self.total
    }

    fn formatted(&self) -> String {
        let text = format!("{self} {self:?}|{{self}}");
        assert!(!text.is_empty(), "{self}");
        text
    }

    fn with_closures(&mut self) -> u64 {
        let mut add = |n| self.total += n;
        add(1);
        add(2);
        let get = || self.total;
        get()
    }

    fn with_macro(&self) -> u64 {
        macro_rules! total {
            () => {
                self.total
            };
        }
        total!() + total!()
    }

    fn names(&self) -> impl Iterator<Item = &str> + '_ {
        self.names.iter().map(String::as_str)
    }

    fn both<'a>(&'a self, other: &'a Ledger) -> [&'a Self; 2] {
        [self, other]
    }

    #[traceable(skip)]
    const fn left_out() -> u64 {
        4
    }
}

impl Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "total {}", self.total)
    }
}

const FIVE: &str = "0: Ledger { total: 5, names: [] }";

#[test]
fn self_by_reference() {
    let seen = observe!(local("Ledger::new"); 0: u64; assert_eq!(Ledger::new(5).total, 5));
    assert_eq!(seen, [">", "0: 5", "<"]);
    let seen =
        observe!(local("Ledger::fee"); 0: Ledger, 1: u64; assert_eq!(Ledger::new(5).fee(1), 9));
    assert_eq!(seen, [">", FIVE, "1: 1", "<"]);
    let seen = observe!(local("Ledger::name_mut"); 0: Ledger, 1: usize; {
        let mut ledger = Ledger::new(5);
        ledger.name_mut(1).push('x');
        assert_eq!(ledger.names, ["", "x"]);
    });
    assert_eq!(seen, [">", FIVE, "1: 1", "<"]);
    let seen = observe!(local("Ledger::typed"); 0: Ledger; assert_eq!(Ledger::new(5).typed(), 5));
    assert_eq!(seen, [">", FIVE, "<"]);
    let seen = observe!(local("Ledger::both"); 0: Ledger, 1: Ledger; {
        let (a, b) = (Ledger::new(5), Ledger::new(6));
        assert_eq!(a.both(&b), [&a, &b]);
    });
    assert_eq!(seen, [">", FIVE, "1: Ledger { total: 6, names: [] }", "<"]);
}

#[test]
fn self_by_value_and_in_pointers() {
    let new = || Ledger::new(5);
    let seen = observe!(local("Ledger::into_total"); 0: Ledger; assert_eq!(new().into_total(), 5));
    assert_eq!(seen, [">", FIVE, "<"]);
    let seen = observe!(local("Ledger::bumped"); 0: Ledger; assert_eq!(new().bumped().total, 6));
    assert_eq!(seen, [">", FIVE, "<"]);
    let seen =
        observe!(local("Ledger::boxed"); 0: Box<Ledger>; assert_eq!(Box::new(new()).boxed(), 5));
    assert_eq!(seen, [">", FIVE, "<"]);
    let seen = observe!(local("Ledger::boxed_mut"); 0: Box<Ledger>; {
        assert_eq!(Box::new(new()).boxed_mut().total, 6);
    });
    assert_eq!(seen, [">", FIVE, "<"]);
    let seen = observe!(local("Ledger::pinned"); ; assert_eq!(Pin::new(&mut new()).pinned(), 6));
    assert_eq!(seen, [">", "<"]);
    let seen =
        observe!(local("Ledger::arced"); 0: Arc<Ledger>; assert_eq!(Arc::new(new()).arced(), 1));
    assert_eq!(seen, [">", FIVE, "<"]);
    let seen =
        observe!(local("Ledger::counted"); 0: Rc<Ledger>; assert_eq!(Rc::new(new()).counted(), 5));
    assert_eq!(seen, [">", FIVE, "<"]);
}

#[test]
fn self_in_formats_closures_and_macros() {
    let seen = observe!(local("Ledger::formatted"); 0: Ledger; {
        assert_eq!(Ledger::new(5).formatted(), "total 5 Ledger { total: 5, names: [] }|{self}");
    });
    assert_eq!(seen, [">", FIVE, "<"]);
    let seen = observe!(local("Ledger::with_closures"); 0: Ledger; assert_eq!(Ledger::new(5).with_closures(), 8));
    assert_eq!(seen, [">", FIVE, "<"]);
    let seen = observe!(local("Ledger::with_macro"); 0: Ledger; assert_eq!(Ledger::new(5).with_macro(), 10));
    assert_eq!(seen, [">", FIVE, "<"]);
    let seen =
        observe!(local("Ledger::names"); 0: Ledger; assert_eq!(Ledger::new(5).names().count(), 0));
    assert_eq!(seen, [">", FIVE, "<"]);
    assert_eq!(Ledger::left_out(), 4);
    assert!(!gtramp::functions().iter().any(|function| function.name() == "left_out"));
}

#[derive(Debug)]
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

    fn peek<'b>(&'b self, other: &'b str) -> &'b str
    where
        'a: 'b,
    {
        if other.is_empty() { self.text } else { other }
    }
}

#[test]
fn methods_of_a_type_with_parameters() {
    let seen = observe!(local("Parser::next"); ; {
        let text = String::from("a b");
        let mut parser = Parser { text: &text, extra: 1 };
        let head = parser.next();
        assert_eq!((head, parser.next()), (Some("a"), None));
    });
    assert_eq!(seen, [">", "<", ">", "<"]);
    let seen = observe!(local("Parser::peek"); 1: str; {
        assert_eq!(Parser { text: "t", extra: 1 }.peek(""), "t");
    });
    assert_eq!(seen, [">", "1: \"\"", "<"]);
    let seen = observe!(site!(Parser::<'static, u8>::extra).function().unwrap(); ; {
        assert_eq!(Parser { text: "t", extra: 1_u8 }.extra(), 1);
    });
    assert_eq!(seen, [">", "<"]);
}

#[traceable]
trait Animal {
    type Food: Default;

    fn name(&self) -> String;

    fn speak(&self, loud: bool) -> String {
        if loud { self.name().to_uppercase() } else { self.name() }
    }

    fn food(&self) -> Self::Food {
        Self::Food::default()
    }

    fn consume(self) -> String
    where
        Self: Sized,
    {
        self.name()
    }

    fn make() -> Self
    where
        Self: Default + Sized,
    {
        Self::default()
    }

    fn generic<T: Display>(&self, extra: T) -> String
    where
        Self: Sized,
    {
        format!("{}{extra}", self.name())
    }
}

#[derive(Debug, Default)]
struct Dog;

#[traceable]
impl Animal for Dog {
    type Food = Vec<u8>;

    fn name(&self) -> String {
        "dog".into()
    }

    fn food(&self) -> Self::Food {
        vec![1]
    }
}

#[traceable]
impl<const N: usize> Animal for [u8; N] {
    type Food = ();

    fn name(&self) -> String {
        format!("{N}")
    }
}

#[test]
fn methods_of_traits_their_defaults_and_calls_through_dyn() {
    let seen = observe!(local("Dog::name"); 0: Dog; assert_eq!(Dog.name(), "dog"));
    assert_eq!(seen, [">", "0: Dog", "<"]);
    assert_eq!(local("Dog::name").trait_path(), Some("traceable::methods::Animal"));
    let animal: &dyn Animal<Food = Vec<u8>> = std::hint::black_box(&Dog);
    let seen = observe!(local("Dog::name"); ; assert_eq!(animal.name(), "dog"));
    assert_eq!(seen, [">", "<"]);
    let seen = observe!(local("Dog::speak"); 1: bool; assert_eq!(animal.speak(true), "DOG"));
    assert_eq!(seen, [">", "1: true", "<"]);
    let seen = observe!(local("Dog::food"); ; assert_eq!(Dog.food(), [1]));
    assert_eq!(seen, [">", "<"]);
    let seen = observe!(local("Dog::consume"); ; assert_eq!(Dog.consume(), "dog"));
    assert_eq!(seen, [">", "<"]);
    let seen = observe!(local("Dog::make"); ; assert_eq!(Dog::make().name(), "dog"));
    assert_eq!(seen, [">", "<"]);
    let seen = observe!(local("Dog::generic"); 1: u32; assert_eq!(Dog.generic(3_u32), "dog3"));
    assert_eq!(seen, [">", "1: 3", "<"]);
    let default = site!(<[u8; 2] as Animal>::speak);
    assert_eq!([0; 2].speak(false), "2");
    let seen = observe!(default.function().unwrap(); ; assert_eq!([0; 2].speak(false), "2"));
    assert_eq!(seen, [">", "<"]);
    <[u8; 2]>::food(&[1, 2]);
}

struct Countdown(u32);

impl Iterator for Countdown {
    type Item = u32;

    #[traceable]
    fn next(&mut self) -> Option<Self::Item> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

impl Drop for Countdown {
    #[traceable]
    fn drop(&mut self) {
        self.0 = 0;
    }
}

#[test]
fn single_methods_of_foreign_traits() {
    let seen = observe!(local("Countdown::next"); ; assert_eq!(Countdown(1).count(), 1));
    assert_eq!(seen, [">", "<", ">", "<"]);
    let seen = observe!(local("Countdown::drop"); ; drop(Countdown(1)));
    assert_eq!(seen, [">", "<"]);
}
