// What a call lends for its duration must not be asked for longer.
use std::sync::Mutex;

use gtramp::Entry;

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn main() {
    let _ = gtramp::fentry("asks", |_: &Entry<'_>, text: &'static str| {
        KEPT.lock().unwrap().push(text);
    });
}
