//! What a traceable function says of itself at run time: the texts of panics, and where they are.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::Once;

use gtramp::{Entry, traceable};

/// What a panic of `call` says, and its line.
fn panicked(call: impl FnOnce()) -> (String, u32) {
    static HOOK: Once = Once::new();
    thread_local!(static LAST: RefCell<Option<(String, u32)>> = const { RefCell::new(None) });
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let text = info.payload().downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| info.payload().downcast_ref::<String>().cloned());
            let text = text.unwrap_or_default();
            let line = info.location().map_or(0, Location::line);
            LAST.with_borrow_mut(|last| *last = Some((text, line)));
            others(info);
        }));
    });
    let payload = panic::catch_unwind(AssertUnwindSafe(call)).expect_err("it panics");
    let (text, line) = LAST.take().expect("the hook ran");
    // What catches it asks for one of the two.
    let kind = if payload.is::<&'static str>() { "" } else { " (made)" };
    (text + kind, line)
}

/// Functions of which each carries these attributes.
macro_rules! functions {
    ($name:ident $(#[$attr:meta])*) => {
        mod $name {
            use super::*;

            pub(super) struct Limits {
                pub(super) limit: usize,
                pub(super) name: Option<u8>,
            }

            impl Limits {
                $(#[$attr])*
                fn asserts(&self, count: usize) {
                    println!("{count}");
                    assert!(count<=self.limit);
                }

                $(#[$attr])*
                fn asserts_more(&self, count: usize) {
                    println!("{count}");
                    debug_assert!(self.name.is_some() && (count<= self.limit),);
                }

                $(#[$attr])*
                fn asserts_with_a_text(&self, count: usize) {
                    println!("{count}");
                    core::assert!(count <= self.limit, "{} and {}", self.limit, stringify!(self.limit));
                }

                $(#[$attr])*
                fn compares(&self, count: usize) {
                    println!("{count}");
                    assert_eq!(count, self.limit, "{}", stringify!(self.limit));
                }

                $(#[$attr])*
                fn asserts_the_text_of(&self, count: usize) {
                    println!("{count}");
                    assert!(["{self}", "self"].len() + self.limit > count);
                }

                $(#[$attr])*
                #[track_caller]
                fn unwraps(&self, count: usize) {
                    println!("{count} {:?}", self.name);
                    let limits = if count > 100 { vec![self.limit] } else { Vec::new() };
                    assert!(limits.is_empty());
                    self.name.unwrap();
                }
            }

            /// Each method, and whether it says where its caller is.
            pub(super) const METHODS: [(&str, fn(&Limits, usize)); 6] = [
                ("asserts", Limits::asserts),
                ("asserts_more", Limits::asserts_more),
                ("asserts_with_a_text", Limits::asserts_with_a_text),
                ("compares", Limits::compares),
                ("asserts_the_text_of", Limits::asserts_the_text_of),
                ("unwraps", Limits::unwraps),
            ];

            $(#[$attr])*
            #[track_caller]
            pub(super) fn caller(count: usize) -> &'static Location<'static> {
                if count > 1 {
                    println!("{count}");
                }
                Location::caller()
            }

            $(#[$attr])*
            #[track_caller]
            pub(super) fn unwraps(name: Option<u8>) -> u8 {
                assert!(name != Some(3), "three");
                name.unwrap()
            }

            impl Limits {
                $(#[$attr])*
                #[track_caller]
                pub(super) fn caller(&self, count: usize) -> &'static Location<'static> {
                    assert!(count > self.limit, "few");
                    Location::caller()
                }
            }
        }
    };
}

functions!(plain);
functions!(alone #[traceable]);

#[test]
#[cfg_attr(not(debug_assertions), ignore = "one of them is a `debug_assert!`")]
fn a_panic_says_what_it_says_in_a_plain_function() {
    let limits = plain::Limits { limit: 3, name: None };
    let twin = alone::Limits { limit: 3, name: None };
    for attached in [false, true, false] {
        let link = attached.then(|| {
            let link = gtramp::link().functions("**::texts::alone::**");
            link.fentry(|_: &Entry| ()).attach().expect("it takes any probe")
        });
        for ((name, plain), (_, method)) in plain::METHODS.into_iter().zip(alone::METHODS) {
            let (expected, _) = panicked(|| plain(&limits, 7));
            let (found, _) = panicked(|| method(&twin, 7));
            assert_eq!(found, expected, "{name}, attached: {attached}");
        }
        drop(link);
    }
}

#[test]
fn a_function_that_tracks_its_caller_finds_it_while_it_is_off() {
    let twin = alone::Limits { limit: 3, name: None };
    let plain = plain::Limits { limit: 3, name: None };
    let here = |found: &Location<'_>| (found.file() == file!()).then(|| found.line());
    for _ in 0..2 {
        assert_eq!((here(plain::caller(7)), here(plain.caller(7))), (Some(line!()), Some(line!())));
        assert_eq!((here(alone::caller(7)), here(twin.caller(7))), (Some(line!()), Some(line!())));
        let unwraps = |call: &dyn Fn()| panicked(call).1;
        assert_eq!(unwraps(&|| _ = plain::unwraps(None)), line!());
        assert_eq!(unwraps(&|| _ = alone::unwraps(None)), line!());

        // Attached, it does not.
        let link = gtramp::link().functions("**::texts::alone::**");
        let link = link.fentry(|_: &Entry| ()).attach().expect("it takes any probe");
        assert_ne!(here(alone::caller(7)), Some(line!()));
        assert_ne!(here(twin.caller(7)), Some(line!()));
        drop(link);
    }
}

impl alone::Limits {
    #[traceable]
    fn asserts_on_a_line_of_its_own(&self, line: &mut u32) {
        *line = line!() + 1;
        assert!(self.limit == 1);
    }
}

#[test]
fn an_assertion_is_where_it_was_written() {
    let limits = alone::Limits { limit: 3, name: None };
    let mut line = 0;
    let (text, found) = panicked(|| limits.asserts_on_a_line_of_its_own(&mut line));
    assert_eq!((text.as_str(), found), ("assertion failed: self.limit == 1", line));
}
