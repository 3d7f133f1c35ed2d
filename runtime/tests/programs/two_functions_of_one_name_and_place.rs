// A macro that writes two functions of one name at one place: they are two.
use gtramp::{Entry, traceable};
macro_rules! both {
    () => {
        pub fn go() -> (u64, u64) {
            let a = {
                #[traceable]
                fn helper(x: u64) -> u64 {
                    x + 1
                }
                helper(1)
            };
            let b = {
                #[traceable]
                fn helper(x: u64) -> u64 {
                    x * 100
                }
                helper(2)
            };
            (a, b)
        }
    };
}
both!();
fn main() {
    assert_eq!(go(), (2, 200));
    assert_eq!(gtramp::functions().len(), 2, "two functions");
    let link = gtramp::fentry("**::helper", |_: &Entry, _: &u64| ()).unwrap();
    assert_eq!(go(), (2, 200));
    drop(link);
}
