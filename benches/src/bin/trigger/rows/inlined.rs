//! A method that is inlined, off, beside the same method without the attribute: called once, and in a
//! loop that the compiler vectorises around the plain one.

use core::hint::black_box;

use gtramp::traceable;

use crate::target::calls;
use gtramp_bench::row::{Row, Run};

use super::twins::twins;

pub(super) const ROWS: &[Row] = {
    const SETS: [[Row; 2]; 2] = [
        twins!("getter", GETTER, calls!(traced_getter; a), AMOUNT, 1),
        twins!("sum4096", SUM, calls!(traced_sum; a), AMOUNT, ELEMENTS as u64),
    ];
    SETS.as_flattened()
};

const GETTER: Run = calls!(plain_getter; a);
const SUM: Run = calls!(plain_sum; a);

const ELEMENTS: usize = 4096;

const AMOUNT: &str = concat!(module_path!(), "::Traced::amount");

struct Plain {
    amount: u32,
}

impl Plain {
    #[inline]
    fn amount(&self) -> u32 {
        self.amount
    }
}

struct Traced {
    amount: u32,
}

#[traceable]
impl Traced {
    #[inline]
    fn amount(&self) -> u32 {
        self.amount
    }
}

/// What their amounts are: nothing that could be worked out from their number.
const fn amount(number: usize) -> u32 {
    (number as u32).wrapping_mul(0x9e37_79b9) >> 7
}

static PLAIN: [Plain; ELEMENTS] = {
    let mut all = [const { Plain { amount: 0 } }; ELEMENTS];
    let mut number = 0;
    while number < ELEMENTS {
        all[number].amount = amount(number);
        number += 1;
    }
    all
};

static TRACED: [Traced; ELEMENTS] = {
    let mut all = [const { Traced { amount: 0 } }; ELEMENTS];
    let mut number = 0;
    while number < ELEMENTS {
        all[number].amount = amount(number);
        number += 1;
    }
    all
};

#[inline(always)]
fn plain_getter(number: u64) -> u64 {
    u64::from(PLAIN[number as usize % ELEMENTS].amount())
}

#[inline(always)]
fn traced_getter(number: u64) -> u64 {
    u64::from(TRACED[number as usize % ELEMENTS].amount())
}

#[inline(never)]
fn plain_sum(number: u64) -> u64 {
    let sum = black_box(&PLAIN).iter().fold(0_u32, |sum, one| sum.wrapping_add(one.amount()));
    u64::from(sum) ^ number
}

#[inline(never)]
fn traced_sum(number: u64) -> u64 {
    let sum = black_box(&TRACED).iter().fold(0_u32, |sum, one| sum.wrapping_add(one.amount()));
    u64::from(sum) ^ number
}
