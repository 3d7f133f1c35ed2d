//! The list of all functions.

use gtramp::{Entry, site, traceable};

use crate::support::function;

#[traceable]
mod account {
    pub(crate) struct Stack<T>(pub(crate) Vec<T>);

    impl<T> Stack<T> {
        pub(crate) fn push(&mut self, item: T) -> usize {
            self.0.push(item);
            self.0.len()
        }
    }

    pub(crate) trait Sum {
        fn sum(&self) -> u64;

        fn double(&self) -> u64 {
            self.sum() * 2
        }
    }

    impl Sum for Stack<u8> {
        fn sum(&self) -> u64 {
            self.0.iter().map(|&item| u64::from(item)).sum()
        }
    }

    impl Sum for [u16] {
        fn sum(&self) -> u64 {
            self.iter().map(|&item| u64::from(item)).sum()
        }
    }

    pub(crate) fn generic<T, const N: usize>(items: [T; N]) -> usize {
        items.len()
    }

    pub(crate) fn plain(amount: u64, (left, _): (u8, u8)) -> Option<String> {
        (amount > 3).then(|| left.to_string())
    }
}

fn call_all() {
    use account::{Stack, Sum as _};

    let mut stack = Stack(vec![1_u8]);
    assert_eq!(stack.push(2), 2);
    assert_eq!(Stack(vec!["a"]).push("b"), 2);
    assert_eq!((stack.sum(), stack.double()), (3, 6));
    assert_eq!([1_u16, 2].as_slice().sum(), 3);
    assert_eq!(account::generic([1, 2, 3]) + account::generic(["a"]), 4);
    assert_eq!(account::plain(4, (5, 6)), Some("5".to_owned()));
}

#[test]
fn the_list_is_sorted_and_complete_and_shows_instances_without_hashes() {
    call_all();
    let all = gtramp::functions();
    assert!(all.is_sorted_by_key(|function| (function.path(), function.instance())));
    let ours: Vec<&str> = all
        .iter()
        .filter(|function| function.module().starts_with("behaviour::listing"))
        .map(|function| function.instance())
        .collect();
    assert_eq!(
        ours,
        [
            "behaviour::listing::account::Stack<u8>::double",
            "behaviour::listing::account::Stack<&str>::push",
            "behaviour::listing::account::Stack<u8>::push",
            "behaviour::listing::account::Stack<u8>::sum",
            "behaviour::listing::account::[u16]::sum",
            "behaviour::listing::account::generic<&str, 1>",
            "behaviour::listing::account::generic<i32, 3>",
            "behaviour::listing::account::plain",
        ]
    );
    for function in all {
        let text = function.to_string();
        assert!(!text.contains("::{{closure}}") && !text.contains("{closure"), "{text}");
    }
}

#[test]
fn a_function_tells_what_its_source_says() {
    call_all();
    let plain = function("behaviour::listing::account::plain");
    assert_eq!(plain.name(), "plain");
    assert_eq!(plain.module(), "behaviour::listing::account");
    assert!(plain.file().ends_with("behaviour/listing.rs"), "{}", plain.file());
    let line = include_str!("listing.rs").lines().nth(plain.line() as usize - 1).unwrap();
    assert!(line.contains("fn plain("), "{line}");
    assert_eq!(plain.argument_count(), 2);
    assert_eq!(plain.slots(), 3);
    let arguments: Vec<_> = plain
        .arguments()
        .map(|argument| (argument.name(), argument.written_type(), argument.type_name()))
        .collect();
    assert_eq!(arguments, [("amount", "u64", "u64"), ("(left, _)", "(u8, u8)", "(u8, u8)")]);
    assert_eq!(plain.argument(1).map(|argument| argument.name()), Some("(left, _)"));
    assert_eq!(plain.argument(2), None);
    assert_eq!(plain.return_type(), "core::option::Option<alloc::string::String>");
    assert_eq!(plain.trait_path(), None);
    assert!(plain.generics().is_empty());
    assert_eq!(
        plain.to_string(),
        format!(
            "behaviour::listing::account::plain(amount: u64, (left, _): (u8, u8)) -> Option<String>   {}:{}",
            plain.file(),
            plain.line()
        )
    );
    assert_eq!(plain.addresses().collect::<Vec<_>>(), [plain.address()]);

    let double = function("behaviour::listing::account::Stack::double");
    assert_eq!(double.trait_path(), Some("behaviour::listing::account::Sum"));
    let generic = site!(account::generic::<&str, 1>).function().unwrap();
    assert_eq!(generic.generics(), ["T", "N"]);
    assert_eq!(generic.instance(), "behaviour::listing::account::generic<&str, 1>");
}

#[test]
fn every_function_of_the_list_can_be_attached_and_detached() {
    call_all();
    for _ in 0..2 {
        let link = gtramp::fentry("behaviour::listing::**", |_: &Entry| ()).unwrap();
        assert_eq!(link.info().functions.len(), 8);
        call_all();
        drop(link);
        call_all();
    }
}
