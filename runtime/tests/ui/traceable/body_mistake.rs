// A mistake in the body is reported where it is, once.
use gtramp::traceable;

struct Ledger {
    total: u64,
}

#[traceable]
impl Ledger {
    fn total(&self) -> u32 {
        self.total
    }

    fn unknown(&self) -> u64 {
        self.nothing
    }
}

#[traceable]
fn outlives<'a>(short: &str, _long: &'a str) -> &'a str {
    short
}

fn main() {}
