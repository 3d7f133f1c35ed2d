//! What only lives for ever can be shown is not shown while it lives shorter.

use std::fmt;
use std::sync::Mutex;

struct View<'a>(&'a str);

static KEPT: Mutex<&'static str> = Mutex::new("");

impl fmt::Debug for View<'static> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        *KEPT.lock().unwrap() = self.0;
        f.write_str(self.0)
    }
}

#[gtramp::traceable]
fn look(view: View<'_>) -> usize {
    view.0.len()
}

#[gtramp::traceable(redact(view))]
fn look_in_secret(view: View<'_>) -> usize {
    view.0.len()
}

fn main() {
    look(View("text"));
    look_in_secret(View("text"));
}
