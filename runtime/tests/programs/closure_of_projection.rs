// A closure may be returned whose arguments belong to a type parameter.
#![deny(warnings)]

use gtramp::traceable;

#[traceable]
fn keep<I: Iterator>(_: &I, n: u8) -> impl Fn(I::Item) -> bool {
    move |_| n > 0
}

struct Filter(u8);

#[traceable]
impl Filter {
    fn keep<I: Iterator>(&self, _: &I) -> impl Fn(I::Item) -> bool + use<I> {
        let n = self.0;
        move |_| n > 0
    }
}

fn main() {
    let items = [1u8].into_iter();
    assert!(keep(&items, 1)(2));
    assert!(!Filter(0).keep(&items)(2));
}
