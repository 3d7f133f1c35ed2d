// The attribute under another name knows itself inside what it stands on.
#![deny(warnings)]

mod macros {
    pub use gtramp::traceable as trace;
}

use gtramp::traceable as trace;

struct S;

#[trace]
impl S {
    #[trace(skip)]
    const fn new() -> S {
        S
    }
    #[trace]
    fn one(&self) -> u8 {
        1
    }
    #[cfg_attr(all(), trace)]
    fn two(&self) -> u8 {
        2
    }
}

#[macros::trace(crate = ::gtramp)]
mod inner {
    #[macros::trace(skip)]
    pub const fn skipped() -> u8 {
        3
    }
    #[macros::trace]
    pub fn four() -> u8 {
        4
    }
}

#[cfg_attr(all(), trace)]
mod conditional {
    #[trace]
    pub fn five() -> u8 {
        5
    }
    #[trace(skip)]
    pub const fn six() -> u8 {
        6
    }
}

fn main() {
    let s = S::new();
    assert_eq!((s.one(), s.two(), inner::skipped(), inner::four()), (1, 2, 3, 4));
    assert_eq!((conditional::five(), conditional::six()), (5, 6));
    let names: Vec<_> = gtramp::functions().iter().map(|function| function.name()).collect();
    assert_eq!(names, ["one", "two", "five", "four"]);
}
