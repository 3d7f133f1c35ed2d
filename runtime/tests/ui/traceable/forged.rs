//! Safe code cannot describe a function as another than it is.

#![forbid(unsafe_code)]

use gtramp::__private::{Promise, Source, call_1, type_id_of};

fn kept(text: &str) {
    call_1(
        || const {
            &Source {
                text: "kept(text: &'static str)\n\ntext\n&'static str\n()",
                module: "forged",
                file: "forged.rs",
                line: 1,
                column: 1,
                ids: &[type_id_of::<fn(&'static str)>, type_id_of::<fn(())>],
                promise: Promise::new(),
            }
        },
        text,
        |_: &str| (),
    )
}

fn main() {
    kept("text");
}
