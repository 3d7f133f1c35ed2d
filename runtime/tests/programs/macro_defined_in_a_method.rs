use gtramp::traceable;
struct A;
#[traceable]
impl A {
    fn f(&mut self) -> u8 {
        macro_rules! methods { ($($n:ident)*) => { $(fn $n(&mut self) -> u8 { 1 })* } }
        struct B;
        impl B {
            methods!(x y);
        }
        B.x() + B.y()
    }
}
fn main() {
    assert_eq!(A.f(), 2);
}
