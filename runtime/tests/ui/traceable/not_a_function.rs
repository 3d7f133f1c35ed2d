use gtramp::traceable;

#[traceable]
struct Ledger;

fn main() {
    let _ = Ledger;
}
