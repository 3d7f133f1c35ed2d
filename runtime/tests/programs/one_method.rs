// The attribute on one method of a generic impl or trait, which does not show it their parameters.
#![deny(warnings)]

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use gtramp::{Entry, Error, traceable};

struct Stack<T>(Vec<T>);

impl<T> Stack<T> {
    #[traceable]
    fn push(&mut self, item: T) -> usize {
        self.0.push(item);
        self.0.len()
    }
    #[traceable]
    fn of(item: T, more: Vec<T>) -> Self {
        let mut items = more;
        items.push(item);
        Stack(items)
    }
    #[traceable]
    fn count(items: &[T]) -> usize {
        items.len()
    }
}

struct Map<'m, Key, Val>(HashMap<Key, Val>, &'m str);

impl<'m, Key: Eq + Hash, Val> Map<'m, Key, Val>
where
    Val: Clone,
{
    #[traceable]
    fn put(&mut self, key: Key, val: Val) -> Option<Val> {
        self.0.insert(key, val)
    }
    #[traceable]
    fn get_all<'k>(&'m self, keys: &'k [Key]) -> Vec<(&'k Key, Option<&'m Val>)> {
        keys.iter().map(|key| (key, self.0.get(key))).collect()
    }
    #[traceable]
    fn visit(&self, each: &dyn Fn(&Key, &Val) -> bool, or: fn(Key) -> Val) -> usize {
        let _ = or;
        self.0.iter().filter(|(key, val)| each(key, val)).count()
    }
    #[traceable]
    fn named(&self) -> Cow<'m, str>
    where
        Key: Debug,
    {
        Cow::Borrowed(self.1)
    }
    #[traceable]
    fn unrelated(key: Key) -> bool
    where
        Key: PartialEq,
    {
        Self::same(&key, &key)
    }
    fn same(one: &Key, other: &Key) -> bool {
        one == other
    }
}

struct Grid<Cell, const W: usize>([Cell; W]);

impl<Cell: Copy, const W: usize> Grid<Cell, W> {
    #[traceable]
    fn row(&self, more: [Cell; W]) -> [[Cell; W]; 2] {
        [self.0, more]
    }
}

struct Pairs<It>(It);

impl<It: Iterator> Iterator for Pairs<It> {
    type Item = (It::Item, Option<It::Item>);
    #[traceable]
    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()))
    }
}

trait Keep<Item> {
    #[traceable]
    fn keep(&self, item: Item) -> (Item, u8) {
        (item, 1)
    }
}

impl<'a> Keep<&'a str> for u8 {}

/// A name that could be a parameter's, and is a type.
#[derive(Clone, Copy)]
struct Own(u64);

impl Own {
    #[traceable]
    fn add(&self, other: Own, path: self::Own, more: Result<u64, String>) -> u64 {
        self.0 + other.0 + path.0 + more.unwrap_or(0)
    }
}

#[traceable]
fn free(own: Own) -> u64 {
    own.0
}

fn main() {
    let text = String::from("borrowed");
    let mut stack = Stack(vec![]);
    stack.push(&*text);
    assert_eq!((Stack::of(1, vec![2]).0.len(), Stack::count(&[1, 2])), (2, 2));
    for path in ["push", "of", "count"] {
        for _ in 0..2 {
            let link = gtramp::fentry(format!("**::Stack::{path}"), |_: &Entry| ()).unwrap();
            assert_eq!(stack.0.len(), 1);
            drop(link);
        }
    }
    // What borrows is not handed out as if it did not; what never borrows is.
    let path = "**::Stack::push";
    let smuggles = |_: &Entry, _: &Stack<&'static str>| ();
    assert!(gtramp::fentry(path, smuggles).is_err());
    stack.push("again");
    let link = gtramp::fentry(path, |ctx: &Entry| {
        assert_eq!(ctx.arg::<str>(1).unwrap(), "again");
        assert!(ctx.arg::<&'static str>(1).is_err());
    });
    let link = link.unwrap();
    stack.push("again");
    assert_eq!(link.info().panic, None);
    drop(link);

    let mut map = Map(HashMap::new(), &text);
    assert_eq!((map.put("a", 1u8), map.put("a", 2)), (None, Some(1)));
    assert_eq!(map.get_all(&["a", "b"]), [(&"a", Some(&2)), (&"b", None)]);
    assert_eq!((map.visit(&|_, _| true, |_| 1), map.named()), (1, "borrowed".into()));
    assert!(Map::<u8, u8>::unrelated(1));
    assert_eq!(Grid([1, 2]).row([3, 4]), [[1, 2], [3, 4]]);
    assert_eq!(Pairs([1, 2, 3].into_iter()).last(), Some((3, None)));
    assert_eq!(1u8.keep(&*text), ("borrowed", 1));
    assert_eq!((Own(1).add(Own(2), Own(3), Ok(4)), free(Own(5))), (10, 5));

    let link = gtramp::fentry("**::Own::add", |ctx: &Entry| {
        assert!(matches!(ctx.arg::<Own>(1), Err(Error::TypeMismatch(_))));
        assert_eq!(ctx.arg::<Own>(2).unwrap().0, 3);
        assert_eq!(*ctx.arg::<Result<u64, String>>(3).unwrap(), Ok(4));
        assert!(ctx.arg::<Result<u64, &'static str>>(3).is_err());
    });
    let link = link.unwrap();
    assert_eq!(Own(1).add(Own(2), Own(3), Ok(4)), 10);
    assert_eq!(link.info().panic, None);
    drop(link);
    drop(gtramp::fentry("**::free", |_: &Entry, _: &Own| ()).unwrap());
}
