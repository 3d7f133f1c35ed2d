//! What is to be redacted has to be there.

use gtramp::traceable;

#[traceable(redact(pasword))]
fn login(user: &str, password: &str) -> bool {
    user == password
}

#[traceable(redact)]
fn nothing() {}

#[traceable(redact(pin, user))]
mod bank {
    #[traceable(redact(amount))]
    pub fn open(user: &str) -> usize {
        user.len()
    }
}

fn main() {
    login("", "");
    nothing();
    bank::open("");
}
