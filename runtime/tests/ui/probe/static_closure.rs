// What a call lends for its duration must not be kept.
use std::sync::Mutex;

use gtramp::Entry;

struct Parser<'a>(&'a str);

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn main() {
    let _ = gtramp::fentry("asks", |_: &Entry<'_>, text: &'static str| {
        KEPT.lock().unwrap().push(text);
    });
    let _ = gtramp::fentry("keeps", |_: &Entry<'_>, text: &str| {
        KEPT.lock().unwrap().push(text);
    });
    let _ = gtramp::fentry("keeps inner", |_: &Entry<'_>, parser: &Parser<'_>| {
        KEPT.lock().unwrap().push(parser.0);
    });
}
