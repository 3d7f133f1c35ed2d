use gtramp::traceable;
#[traceable]
fn keep<I: Iterator>(_: &I, n: u8) -> impl Fn(I::Item) -> bool {
    move |_| n > 0
}
fn main() {
    let items = [1u8].into_iter();
    assert!(keep(&items, 1)(2));
}
