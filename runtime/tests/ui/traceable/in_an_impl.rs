use gtramp::traceable;

struct Ledger(u64);

#[traceable]
impl Ledger {
    const fn new() -> Self {
        Self(0)
    }

    fn total(&self) -> u64 {
        self.0
    }

    #[traceable(skip)]
    const fn left_out() {}
}

fn main() {
    const LEDGER: Ledger = Ledger::new();
    LEDGER.total();
    Ledger::left_out();
}
