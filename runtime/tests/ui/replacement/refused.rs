//! What `replacement!` does not take.

use gtramp::replacement;

fn main() {
    let _ = replacement!(|amount| -> u64 { amount });
    let _ = replacement!(async |amount: u64| -> u64 { amount });
    let _ = replacement!(|one: &'a str, _: &str| -> &'a str { one });
    let _ = replacement!(|one: impl Copy| -> u64 { 1 });
    let _ = replacement!(fee);
}
