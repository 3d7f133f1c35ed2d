// A type parameter of the impl, the attribute on one method.
use gtramp::traceable;
struct Stack<T>(Vec<T>);
impl<T> Stack<T> {
    #[traceable]
    fn push(&mut self, item: T) -> usize {
        self.0.push(item);
        self.0.len()
    }
}
fn main() {
    let mut stack = Stack(vec![]);
    stack.push(1u8);
    let link = gtramp::fentry("**::push", |_: &gtramp::Entry| ()).expect("it attaches untyped");
    assert_eq!(stack.push(2), 2);
    drop(link);
}
