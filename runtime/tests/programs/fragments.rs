// What `macro_rules!` passes on arrives in invisible groups.
#![deny(warnings)]

use std::ops::ControlFlow;

use gtramp::{Entry, Exit, ModRet, traceable};

macro_rules! make {
    ($vis:vis $name:ident $ty:ty => $body:block) => {
        #[traceable]
        $vis fn $name(_x: $ty) -> u8 $body
    };
}
make!(pub two u8 => { 2 });
make!(pub(crate) three Option<&u8> => { 3 });
make!(borrowed &'static str => { 4 });

macro_rules! item {
    ($item:item) => {
        #[traceable]
        $item
    };
}
item!(
    fn whole(text: &str) -> usize {
        text.len()
    }
);
struct S(u8);
item!(
    impl S {
        fn method(&self, more: u8) -> u8 {
            self.0 + more
        }
    }
);

trait Shown {
    fn shown(&self, other: &Self) -> u8;
}
macro_rules! of_type {
    ($($ty:ty),*) => { $(
        #[traceable]
        impl Shown for $ty {
            fn shown(&self, other: &Self) -> u8 {
                u8::from(std::mem::size_of_val(self) == std::mem::size_of_val(other))
            }
        }
    )* };
}
of_type!(u8, S, &'static str, dyn Send);

macro_rules! patterns {
    ($pattern:pat, $ty:ty, $life:lifetime, $ret:ty, $expr:expr) => {
        #[traceable]
        fn takes_apart<$life>($pattern: $ty, text: &$life str) -> $ret {
            ($expr, text)
        }
    };
}
patterns!((a, _b), (u8, u8), 'x, (u8, &'x str), a + 1);

macro_rules! on {
    ($pattern:literal $name:ident ($($ty:ty),*) $body:block) => {
        #[gtramp::fentry($pattern)]
        fn $name(_: &Entry $(, _: $ty)*) $body
    };
}
on!("**::two" seen () {});
on!("**::two" by_value (u8) {});
on!("**::borrowed" by_reference (&str) {});
on!("**::method" of_method (&S, u8) {});

macro_rules! at_exit {
    ($pattern:literal $name:ident $ctx:ty, $arg:ty, $ret:ty => $body:block) => {
        #[gtramp::fexit($pattern)]
        fn $name(_: $ctx, _: $arg, ret: $ret) {
            let _ = ret;
            $body
        }
    };
}
at_exit!("**::two" two_left &Exit, u8, &u8 => {});
at_exit!("**::two" two_ended &Exit, u8, Option<&u8> => {});
at_exit!("**::whole" whole_left &Exit, *const str, &usize => {});

macro_rules! decide {
    ($pattern:literal $name:ident $ret:ty => $body:block) => {
        #[gtramp::fmod_ret($pattern)]
        fn $name(_: &ModRet) -> $ret $body
    };
}
decide!("**::three" decides ControlFlow<u8> => { ControlFlow::Break(9) });

fn main() {
    let text = String::from("borrowed");
    for _ in 0..2 {
        let links = [
            seen::attach().unwrap(),
            by_value::attach().unwrap(),
            by_reference::attach().unwrap(),
            of_method::attach().unwrap(),
            two_left::attach().unwrap(),
            two_ended::attach().unwrap(),
            whole_left::attach().unwrap(),
            decides::attach().unwrap(),
        ];
        assert_eq!((two(1), three(None), borrowed("a"), whole(&text)), (2, 9, 4, 8));
        assert_eq!((S(1).method(2), takes_apart((1, 2), &text)), (3, (2, &*text)));
        assert_eq!((1u8.shown(&2), S(1).shown(&S(2)), "a".shown(&"b")), (1, 1, 1));
        let object: &(dyn Send + 'static) = &1u8;
        assert_eq!(object.shown(object), 1);
        assert!(links.iter().all(|link| link.info().panic.is_none()));
        drop(links);
        assert_eq!(three(None), 3);
    }
    let objects = |_: &Entry, _: &(dyn Send + 'static)| ();
    drop(gtramp::fentry("**::Send::shown", objects).unwrap());
}
