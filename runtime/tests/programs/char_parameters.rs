// A `char` in a type's name does not keep functions from being found.
#![deny(warnings)]

use gtramp::{Entry, traceable};

struct Tag<const C: char>;

trait Parse {
    fn parse(&self, text: &str) -> bool;
}

macro_rules! tags {
    ($($c:literal),*) => { $(
        #[traceable]
        impl Parse for Tag<$c> {
            fn parse(&self, text: &str) -> bool {
                text.starts_with($c)
            }
        }
    )* };
}
tags!('(', ')', '<', '>', '[', ']', ':', ',', '\'', '"', '\\', '\n', '_', ' ', 'é');

#[traceable]
fn free<const OPEN: char, const CLOSE: char>(text: &str) -> bool {
    text.starts_with(OPEN) && text.ends_with(CLOSE)
}

fn main() {
    macro_rules! parse {
        ($($c:literal),*) => { [$(Tag::<$c>.parse(&String::from($c))),*] };
    }
    let call = || {
        assert!(!parse!('(', ')', '<', '>', '[', ']', ':', ',').contains(&false));
        assert!(!parse!('\'', '"', '\\', '\n', '_', ' ', 'é').contains(&false));
        assert!(free::<'<', '>'>("<>"));
    };
    call();
    let own = module_path!();
    for function in gtramp::functions() {
        let path = function.path();
        assert!(
            [format!("{own}::Tag::parse"), format!("{own}::free")].contains(&path.to_owned()),
            "{path}"
        );
    }
    for _ in 0..2 {
        let link = gtramp::fentry(format!("{own}::**"), |_: &Entry| ()).unwrap();
        assert_eq!(link.info().functions.len(), 16);
        call();
        drop(link);
    }
    let link = gtramp::site!(<Tag<'('> as Parse>::parse).fentry(|_: &Entry| ()).unwrap();
    assert_eq!(link.info().functions.len(), 1);
}
