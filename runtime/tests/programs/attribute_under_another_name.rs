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
}
fn main() {
    assert_eq!(S::new().one(), 1);
    assert_eq!(gtramp::functions().len(), 1);
}
