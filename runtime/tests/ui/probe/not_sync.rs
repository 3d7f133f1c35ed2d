use std::cell::Cell;

use gtramp::Entry;

fn main() {
    let hits = Cell::new(0);
    let _ = gtramp::fentry("bank::**", move |_: &Entry<'_>| hits.set(hits.get() + 1));
}
