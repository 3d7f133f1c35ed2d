// What a macro was handed stays together, wherever it stands in a body: annotating changes no result.
#![deny(warnings)]
#![allow(redundant_semicolons, reason = "the macro does not know what a statement ends with")]

use gtramp::{Entry, traceable};

/// The same methods three times: plain, in a block that carries the attribute, and with an attribute each.
macro_rules! methods {
    ($me:ident, $sum:expr, $data:expr, $two:literal, $ty:ty, $block:block, $pattern:pat, $path:path, $name:ident,
     $statement:stmt, $kept:ident) => {
        #[traceable]
        impl Block {
            fn times(&$me) -> i64 { 2 * $sum }
            fn minus(&$me) -> i64 { 10 - $sum }
            fn negated(&$me) -> i64 { -$sum }
            fn method(&$me) -> i64 { $sum.pow($two) }
            fn cast(&$me) -> $ty { $sum as $ty }
            fn place(&$me) -> *const i64 { $data.address() }
            fn of_block(&$me) -> i64 { 3 * $block }
            fn matched(&$me) -> bool { matches!(Some($sum), $pattern) }
            fn called(&$me) -> i64 { $path($sum) * 2 }
            fn field(&$me) -> i64 { $me.$name * 2 }
            fn in_macro(&$me) -> String { format!("{}", 2 * $sum) }
            fn after(&$me) -> i64 { $statement; $kept * 2 }
        }

        impl Single {
            #[traceable] fn times(&$me) -> i64 { 2 * $sum }
            #[traceable] fn minus(&$me) -> i64 { 10 - $sum }
            #[traceable] fn negated(&$me) -> i64 { -$sum }
            #[traceable] fn method(&$me) -> i64 { $sum.pow($two) }
            #[traceable] fn cast(&$me) -> $ty { $sum as $ty }
            #[traceable] fn place(&$me) -> *const i64 { $data.address() }
            #[traceable] fn of_block(&$me) -> i64 { 3 * $block }
            #[traceable] fn matched(&$me) -> bool { matches!(Some($sum), $pattern) }
            #[traceable] fn called(&$me) -> i64 { $path($sum) * 2 }
            #[traceable] fn field(&$me) -> i64 { $me.$name * 2 }
            #[traceable] fn in_macro(&$me) -> String { format!("{}", 2 * $sum) }
            #[traceable] fn after(&$me) -> i64 { $statement; $kept * 2 }
        }

        impl Plain {
            fn times(&$me) -> i64 { 2 * $sum }
            fn minus(&$me) -> i64 { 10 - $sum }
            fn negated(&$me) -> i64 { -$sum }
            fn method(&$me) -> i64 { $sum.pow($two) }
            fn cast(&$me) -> $ty { $sum as $ty }
            fn place(&$me) -> *const i64 { $data.address() }
            fn of_block(&$me) -> i64 { 3 * $block }
            fn matched(&$me) -> bool { matches!(Some($sum), $pattern) }
            fn called(&$me) -> i64 { $path($sum) * 2 }
            fn field(&$me) -> i64 { $me.$name * 2 }
            fn in_macro(&$me) -> String { format!("{}", 2 * $sum) }
            fn after(&$me) -> i64 { $statement; $kept * 2 }
        }
    };
}

struct Plain {
    value: i64,
}
struct Block {
    value: i64,
}
struct Single {
    value: i64,
}

trait Address {
    fn address(&self) -> *const i64;
}

impl Address for i64 {
    fn address(&self) -> *const i64 {
        self
    }
}

methods!(self, 1 + self.value, &self.value, 2, u32, { self.value + 1 }, Some(4 | 5), i64::abs, value,
    let kept = 1 + self.value, kept);

fn main() {
    for armed in [false, true] {
        let link =
            armed.then(|| gtramp::fentry("**", |_: &Entry| ()).expect("it takes any function"));
        let (plain, block, single) = (Plain { value: 3 }, Block { value: 3 }, Single { value: 3 });
        macro_rules! same {
            ($($method:ident)*) => { $(
                assert_eq!(block.$method(), plain.$method(), stringify!($method));
                assert_eq!(single.$method(), plain.$method(), stringify!($method));
            )* };
        }
        same!(times minus negated method cast of_block matched called field in_macro after);
        assert_eq!(block.place(), &raw const block.value);
        assert_eq!(single.place(), &raw const single.value);
        assert_eq!(plain.place(), &raw const plain.value);
        assert_eq!((plain.times(), plain.minus()), (8, 6));
        drop(link);
    }
}
