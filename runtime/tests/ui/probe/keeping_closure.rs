// What a call lends for its duration must not be kept.
use std::sync::Mutex;

use gtramp::Entry;

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn main() {
    let _ = gtramp::fentry("keeps", |_: &Entry<'_>, text: &str| {
        KEPT.lock().unwrap().push(text);
    });
}
