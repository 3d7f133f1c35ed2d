// What a call lends for its duration must not be kept.
use std::sync::Mutex;

use gtramp::{Entry, fentry};

struct Parser<'a>(&'a str);

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

#[fentry]
fn asks_for_static(_ctx: &Entry<'_>, text: &'static str) {
    KEPT.lock().unwrap().push(text);
}

#[fentry]
fn keeps(_ctx: &Entry<'_>, text: &str) {
    KEPT.lock().unwrap().push(text);
}

#[fentry]
fn keeps_inner(_ctx: &Entry<'_>, parser: &Parser<'_>) {
    KEPT.lock().unwrap().push(parser.0);
}

#[fentry]
fn keeps_copied(_ctx: &Entry<'_>, text: Option<&str>) {
    KEPT.lock().unwrap().extend(text);
}

fn main() {}
