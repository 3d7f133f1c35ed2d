//! Safe code cannot describe a function as another than it is.

#![forbid(unsafe_code)]

use gtramp::__private::{Promise, Shown, Source, call_1, type_id_of};

fn kept(text: &str) {
    call_1(
        text,
        |_: &str| (),
        |_, _| {
            let source = const {
                &Source {
                    text: "kept(text: &'static str)\n\ntext\n&'static str\n()",
                    module: "forged",
                    file: "forged.rs",
                    line: 1,
                    column: 1,
                    ids: &[type_id_of::<fn(&'static str)>, type_id_of::<fn(())>],
                    promise: Promise::new(),
                    signature: None,
                }
            };
            (source, [Shown::UNKNOWN; 3])
        },
    )
}

fn main() {
    kept("text");
}
