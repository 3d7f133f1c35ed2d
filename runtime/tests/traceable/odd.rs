//! Functions of odd shapes compute what their plain twins compute, off and while a probe is attached.

use std::cell::RefCell;
use std::fmt::{Debug, Display};

use gtramp::{Entry, Exit, traceable};

thread_local!(static DROPPED: RefCell<String> = const { RefCell::new(String::new()) });

/// Says that it is dropped.
struct Noted(&'static str);

impl Drop for Noted {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push_str(self.0));
    }
}

/// A function of this name, whose argument is this pattern.
macro_rules! function_of_a_pattern {
    ([$(#[$attr:meta])*] $name:ident($pattern:pat => $ty:ty) $value:expr) => {
        $(#[$attr])*
        pub(super) fn $name($pattern: $ty) -> u32 {
            2 * $value
        }
    };
}

/// A macro that defines functions by a macro.
macro_rules! functions_of_names {
    ($attrs:tt $($name:ident = $value:expr),*) => {
        $(function_of_names!($attrs $name, $value, { let more = $value; more });)*
    };
}

macro_rules! function_of_names {
    ([$(#[$attr:meta])*] $name:ident, $value:expr, $body:block) => {
        $(#[$attr])*
        pub(super) fn $name<const N: usize>(items: [u32; N]) -> u32 $body
    };
}

macro_rules! early {
    ($value:expr) => {
        match $value {
            Some(value) => value,
            None => return "none".to_owned(),
        }
    };
}

trait Lending {
    const SIZE: usize;
    type Lent<'a>: Debug
    where
        Self: 'a;
    type Of<T>;

    fn lend<'a>(&'a mut self, extra: &'a str) -> Self::Lent<'a>;
    fn make<T>(&self, item: T) -> Self::Of<T>;
}

struct Words(Vec<String>);

#[derive(Clone, Debug, PartialEq)]
struct Wrapped<T = u8, const N: usize = 2>([T; N]);

/// The functions, each under these attributes, in a module under those.
macro_rules! functions {
    ($module:ident [$(#[$outer:meta])*] [$($attrs:tt)*] $(#[$attr:meta])*) => {
        $(#[$outer])*
        mod $module {
            use super::*;

            function_of_a_pattern!([$($attrs)*] tuple((a, b) => (u32, u32)) a + b);
            function_of_a_pattern!([$($attrs)*] bound(whole @ 0..=u32::MAX => u32) whole + 1);
            function_of_a_pattern!([$($attrs)*] sliced([first, .., last] => [u32; 4]) first - last);
            function_of_a_pattern!([$($attrs)*] by_reference(&(ref a, b) => &(u32, u32)) *a + b);
            functions_of_names!([$($attrs)*] one = 1 + 2, two = 2 * 3);

            $(#[$attr])*
            pub(super) fn expressions_in_types<const N: usize>(
                Wrapped(items): Wrapped<u32, { 1 + 2 }>,
                r#type: [u8; N],
            ) -> [u32; 2 + { 1 }] {
                let r#fn = N as u32;
                items.map(|item| item + r#fn + u32::from(r#type[0]))
            }

            $(#[$attr])*
            pub(super) fn r#match(r#self_: u8, r#async: &mut u8) -> u8 {
                *r#async += r#self_;
                *r#async
            }

            $(#[$attr])*
            pub(super) fn takes_anything(
                shown: impl Display + Copy,
                mut call: impl FnMut(u32) -> u32,
                dynamic: &mut (dyn Iterator<Item = u32> + '_),
                boxed: Box<dyn for<'a> Fn(&'a str) -> &'a str + Send>,
            ) -> String {
                let summed: u32 = dynamic.map(&mut call).sum();
                format!("{shown} {} {summed} {}", call(1), boxed(" a ").trim())
            }

            $(#[$attr])*
            pub(super) unsafe extern "C" fn through_c(pointer: *const u32, count: usize) -> u32 {
                // SAFETY: the caller's promise.
                unsafe { std::slice::from_raw_parts(pointer, count) }.iter().sum()
            }

            $(#[$attr])*
            pub(super) fn loops(limit: u32) -> u32 {
                let found = 'outer: loop {
                    for at in 0.. {
                        if at * at > limit {
                            break 'outer at;
                        }
                        if at == 100 {
                            continue 'outer;
                        }
                    }
                };
                let block = 'block: {
                    if found > 3 {
                        break 'block found;
                    }
                    1
                };
                while let Some(_) = Some(block).filter(|block| *block > 1000) {}
                found + block
            }

            $(#[$attr])*
            pub(super) fn waits(amount: u32) -> u32 {
                let doubled = async move |more: u32| amount * 2 + more;
                let future = async { doubled(1).await + 1 };
                let mut future = std::pin::pin!(future);
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                match Future::poll(future.as_mut(), &mut context) {
                    std::task::Poll::Ready(ready) => ready,
                    std::task::Poll::Pending => 0,
                }
            }

            $(#[$attr])*
            pub(super) fn asks(text: Option<&str>, number: Result<u32, std::num::ParseIntError>) -> Option<u32> {
                const LENGTH: usize = match Some(3) {
                    Some(length) => length,
                    None => 0,
                };
                let Some(text) = text else { return Some(7) };
                let parsed = || -> Option<u32> { text.parse().ok() };
                let number = number.ok()?;
                Some(parsed()? + number + LENGTH as u32)
            }

            $(#[$attr])*
            pub(super) fn conditional(number: u32) -> String {
                #[cfg(any())]
                let number = "gone";
                #[cfg(all())]
                let number = number + 1;
                let text = [
                    #[cfg(any())]
                    compile_error!("gone"),
                    #[cfg(all())]
                    "here",
                ];
                match number {
                    #[cfg(any())]
                    _ => String::new(),
                    number => format!("{number} {text:?} {}", early!(Some(number))),
                }
            }

            $(#[$attr])*
            #[allow(non_camel_case_types, dead_code, clippy::upper_case_acronyms, reason = "they shadow")]
            pub(super) fn shadows(count: u32) -> String {
                enum Option { None, Some(u32) }
                struct Result(u32);
                fn drop(more: u32) -> u32 { more * 3 }
                macro_rules! format { ($e:expr) => { std::format!("own {}", $e) } }
                let option = if count > 1 { Option::Some(count) } else { Option::None };
                match option {
                    Option::Some(count) => format!(Result(drop(count)).0),
                    Option::None => String::new(),
                }
            }

            /// A line.
            ///
            /// ```ignore
            /// fn documented() { }
            /// ```
            $(#[$attr])*
            #[doc = concat!("more", "text")]
            pub(super) fn nested(
                count: u32,
            ) -> u32 {
                //! And inside.
                struct Inner(u32);
                impl Inner {
                    const MORE: u32 = 2;
                    fn new(count: u32) -> Self { Self(count + Self::MORE) }
                    fn get(&self) -> u32 { self.0 }
                }
                impl From<u32> for Inner {
                    fn from(count: u32) -> Self { Self::new(count) }
                }
                mod deep { pub(super) fn more(count: u32) -> u32 { count + self::LEFT } const LEFT: u32 = 1; }
                deep::more(Inner::from(count).get())
            }

            $(#[$attr])*
            pub(super) fn higher_ranked<F>(call: F, text: &str) -> usize
            where
                F: for<'a> Fn(&'a str, &dyn for<'b> Fn(&'b str) -> &'b str) -> &'a str,
                [u8; 4]: AsRef<[u8]>,
            {
                let inner = |text: &str| text.len();
                inner(call(text, &|text| text.trim()))
            }

            $(#[$attr])*
            pub(super) fn drops_patterns((first, _): (Noted, Noted), _: Noted, last: Noted, unused: Noted) {
                DROPPED.with_borrow_mut(|dropped| dropped.push_str(&format!("[{}{}]", first.0, last.0)));
            }

            $(#[$attr])*
            #[expect(clippy::toplevel_ref_arg, reason = "the pattern is what is tested")]
            pub(super) fn drops_unused(first: Noted, unused: Noted, _: Noted, (_, third): (Noted, Noted), ref last: Noted) {
                DROPPED.with_borrow_mut(|dropped| {
                    dropped.push_str(&format!("[{}{}]", first.0, last.0));
                    let _ = &third;
                });
            }

            $(#[$attr])*
            pub(super) fn drops_a_temporary(first: Noted, second: Noted) -> usize {
                let _ = Noted("t");
                let _held = first;
                Noted("tail").0.len() + second.0.len()
            }

            pub(super) struct Ledger<'a, T: ?Sized + 'a = str> {
                pub(super) name: &'a T,
                pub(super) total: u32,
            }

            impl<'a, T: Debug + ?Sized> Ledger<'a, T> {
                const STEP: u32 = 3;

                $(#[$attr])*
                pub(super) fn step(&mut self, Ledger { name, total }: &Ledger<'_, T>) -> String
                where
                    [(); 3]: Sized,
                {
                    self.total += Self::STEP * total;
                    format!("{:?} {name:?} {}", self.name, self.total)
                }

                $(#[$attr])*
                pub(super) fn picks<'b>(&self, other: &'b Self) -> &'b Self
                where
                    'a: 'b,
                {
                    macro_rules! either { ($this:ident, $that:expr) => { if $this.total > 1000 { unreachable!() } else { $that } } }
                    either!(self, other)
                }
            }

            pub(super) struct Held(pub(super) Words);

            impl Lending for Held {
                const SIZE: usize = 2;
                type Lent<'a> = (&'a mut String, &'a str) where Self: 'a;
                type Of<T> = Vec<T>;

                $(#[$attr])*
                fn lend<'a>(&'a mut self, extra: &'a str) -> Self::Lent<'a> {
                    let Self(Words(words)) = self;
                    words.resize(<Self as Lending>::SIZE, String::from("w"));
                    (&mut words[Self::SIZE - 1], extra)
                }

                $(#[$attr])*
                fn make<T>(&self, item: T) -> Self::Of<T> {
                    let mut made = Self::Of::<T>::with_capacity(Self::SIZE);
                    made.push(item);
                    made
                }
            }

            impl std::ops::Index<std::ops::RangeFull> for Held {
                type Output = [String];

                $(#[$attr])*
                fn index(&self, _: std::ops::RangeFull) -> &[String] {
                    &self.0.0[..]
                }
            }

            /// What all of them compute.
            pub(super) fn computed() -> Vec<String> {
                let mut all = vec![
                    format!("{:?}", (tuple((1, 2)), bound(3), sliced([9, 8, 7, 6]), by_reference(&(3, 4)))),
                    format!("{:?}", (one([1, 2]), two([3]))),
                    format!("{:?}", expressions_in_types(Wrapped([1, 2, 3]), [4, 5])),
                    format!("{:?}", r#match(1, &mut 2)),
                    takes_anything('c', |x| x + 1, &mut (0..4), Box::new(|text| &text[1..])),
                    // SAFETY: it points to two.
                    format!("{:?}", unsafe { through_c([5, 6].as_ptr(), 2) }),
                    format!("{:?}", (loops(3), loops(50))),
                    format!("{:?}", waits(4)),
                    format!("{:?}", (asks(None, Ok(1)), asks(Some("4"), Ok(1)), asks(Some("x"), Ok(1)))),
                    conditional(3),
                    shadows(4),
                    format!("{}", nested(3)),
                    format!("{}", higher_ranked(|text, _| &text[1..], "abc")),
                    format!("{}", drops_a_temporary(Noted("a"), Noted("b"))),
                ];
                drops_patterns((Noted("a"), Noted("b")), Noted("c"), Noted("d"), Noted("e"));
                DROPPED.with_borrow_mut(|dropped| dropped.push('|'));
                drops_unused(Noted("a"), Noted("b"), Noted("c"), (Noted("d"), Noted("e")), Noted("f"));
                all.push(DROPPED.take());
                let mut ledger = Ledger { name: "own", total: 1 };
                all.push(ledger.step(&Ledger { name: "other", total: 2 }));
                all.push(ledger.picks(&Ledger { name: "other", total: 2 }).name.to_owned());
                let mut held = Held(Words(Vec::new()));
                all.push(format!("{:?}", held.lend("extra")));
                all.push(format!("{:?}", held.make(3)));
                all.push(format!("{:?}", &held[..]));
                all
            }
        }
    };
}

functions!(plain [#[allow(unused_variables, reason = "that is tested")]] []);
functions!(alone [#[allow(unused_variables, reason = "that is tested")]] [#[traceable]] #[traceable]);
functions!(whole [#[traceable] #[allow(unused_variables, reason = "that is tested")]] []);

#[test]
fn functions_of_odd_shapes_compute_what_they_compute_without_the_attribute() {
    let expected = plain::computed();
    for attached in [false, true, false] {
        let link = attached.then(|| {
            let link = gtramp::link().functions("**::odd::{alone,whole}::**");
            link.fentry(|_: &Entry| ()).fexit(|_: &Exit| ()).attach().expect("it takes any probe")
        });
        assert_eq!(alone::computed(), expected, "each, attached: {attached}");
        assert_eq!(whole::computed(), expected, "all, attached: {attached}");
        drop(link);
    }
}
