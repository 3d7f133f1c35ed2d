// -(1 + self.0) and 2 * (1 + self.0) must not become -1 + self.0 and 2 * 1 + self.0.
use gtramp::traceable;
struct S(i64);
macro_rules! sums { ($me:ident, $sum:expr) => { #[traceable] impl S { fn twice(&$me) -> i64 { 2 * $sum } fn minus(&$me) -> i64 { 10 - $sum } } } }
sums!(self, 1 + self.0);
fn main() {
    let s = S(3);
    assert_eq!((s.twice(), s.minus()), (8, 6));
}
