// A method may take more than its trait asks it to.
#![deny(warnings)]
#![forbid(unsafe_code)]

use gtramp::{Entry, traceable};

trait Name {
    fn name(&mut self, text: &'static str, more: &'static mut u8) -> String;
}

struct Any;

#[traceable]
impl Name for Any {
    fn name(&mut self, text: &str, more: &mut u8) -> String {
        *more += 1;
        format!("{text}{more}")
    }
}

fn main() {
    for round in [1, 3] {
        let more = Box::leak(Box::new(round));
        assert_eq!(Any.name("a", more), format!("a{}", round + 1));
        let link = gtramp::fentry("**::name", |_: &Entry, _: &Any| ()).expect("it is its argument");
        let more = Box::leak(Box::new(round));
        assert_eq!(Any.name("a", more), format!("a{}", round + 1));
        drop(link);
    }
}
