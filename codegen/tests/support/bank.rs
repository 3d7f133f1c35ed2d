//! A crate to look through.

use gtramp::traceable;

mod vault;
mod broken;
#[cfg(feature = "slow")]
mod not_there;
mod gone;
#[path = "elsewhere.rs"]
mod here;

/// Free, with a function inside that has a function inside.
#[traceable]
pub fn transfer<T, const N: usize>(from: [T; N], to: u32) -> u32 {
    #[traceable]
    fn inner() {
        fn not_marked() {}
    }
    to
}

#[traceable]
pub struct Ledger;

#[traceable]
impl Ledger {
    pub fn fee(&self, amount: u64) -> u64 {
        amount
    }
    #[traceable(skip)]
    pub fn left_out(&self) {}
    #[test]
    fn a_test() {}
}

impl<T> Account for Vec<T> {
    #[traceable]
    fn name(&self) {}
    fn not_marked(&self) {}
}

#[gtramp::traceable]
pub trait Account {
    fn name(&self);
    fn shown(&self, width: usize, fill: char, wide: bool) {}
    fn not_marked(&self);
}

#[cfg(feature = "slow")]
#[traceable]
mod slow {
    pub fn one() {}
    pub mod deeper {
        pub fn two() {}
        impl super::super::Ledger {
            fn three(&mut self) {}
        }
    }
    #[traceable(skip)]
    mod still {
        fn left_out() {}
    }
}
