// What a macro_rules! fragment groups stays grouped when `self` is renamed.
use gtramp::traceable;
trait V {
    fn rec(&self) -> u64;
}
macro_rules! one {
    ($t:ty, $op:expr) => {
        #[traceable]
        impl V for $t {
            fn rec(&self) -> u64 {
                $op(*self)
            }
        }
    };
}
one!(u8, |x: u8| x as u64 + 1);
struct S(u8);
impl S {
    fn addr(&self) -> *const u8 {
        &self.0
    }
}
macro_rules! view { ($me:ident, $data:expr) => { #[traceable] impl S { fn view(&$me) -> *const u8 { $data.addr() } } } }
view!(self, &self);
fn main() {
    assert_eq!(7u8.rec(), 8);
    let s = S(1);
    assert_eq!(s.view(), s.addr());
}
