//! What the table is held to.

use crate::memory::Memory;
use crate::report::Report;

/// A figure of one run that must not be larger than its bound, or not smaller.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// What is compared.
    pub name: &'static str,
    /// What it must not exceed, or fall short of.
    pub bound: f64,
    /// What it should not exceed.
    pub aim: Option<f64>,
    /// Whether more is better.
    pub at_least: bool,
    of: Of,
}

#[derive(Clone, Copy, Debug)]
enum Of {
    /// The first row's time by the second's.
    Ratio(&'static str, &'static str),
    /// The first row's extra time over the third by the second's.
    Extra(&'static str, &'static str, &'static str),
    /// Milliseconds to attach.
    Attach,
    /// Milliseconds to detach.
    Detach,
    /// The price of a function in a small attach by that in a large one.
    Growth,
    /// How many times the calls of one thread two make.
    Together,
    /// Bytes.
    Memory(fn(&Memory) -> f64),
}

const fn ratio(row: &'static str, by: &'static str) -> Of {
    Of::Ratio(row, by)
}

const fn bound(name: &'static str, of: Of, bound: f64, aim: Option<f64>) -> Bound {
    Bound { name, bound, aim, at_least: matches!(of, Of::Together), of }
}

/// A function that is off by its plain twin.
const fn off(name: &'static str, row: &'static str, twin: &'static str, most: f64) -> Bound {
    bound(name, ratio(row, twin), most, Some(1.0))
}

/// What a probe adds to a function of many arguments, by what one written by hand adds.
const fn extra(
    name: &'static str,
    row: &'static str,
    hand: &'static str,
    plain: &'static str,
) -> Bound {
    bound(name, Of::Extra(row, hand, plain), 2.0, None)
}

/// All of them.
pub const BOUNDS: &[Bound] = &[
    bound("off / plain", ratio("off", "plain"), 1.03, Some(1.0)),
    off("off/strs / plain/strs", "off/strs", "plain/strs", 1.03),
    off("off/slice / plain/slice", "off/slice", "plain/slice", 1.03),
    off("off/owned / plain/owned", "off/owned", "plain/owned", 1.03),
    off("off/floats / plain/floats", "off/floats", "plain/floats", 1.03),
    off("off/struct64 / plain/struct64", "off/struct64", "plain/struct64", 1.03),
    off("off/getter / plain/getter", "off/getter", "plain/getter", 1.15),
    off("off/crate / plain/crate", "off/crate", "plain/crate", 1.03),
    off("off/recursion / plain/recursion", "off/recursion", "plain/recursion", 1.03),
    off("off/cold / plain/cold", "off/cold", "plain/cold", 1.05),
    off("off/ready / plain/ready", "off/ready", "plain/ready", 1.05),
    off("off/pending / plain/pending", "off/pending", "plain/pending", 1.05),
    bound("fentry-scoped / fentry", ratio("fentry-scoped", "fentry"), 1.15, Some(1.0)),
    bound("fentry-elsewhere / fentry", ratio("fentry-elsewhere", "fentry"), 1.1, Some(0.9)),
    bound("fentry / hand-fentry", ratio("fentry", "hand-fentry"), 1.30, Some(1.15)),
    bound("both-spec / hand-fexit", ratio("both-spec", "hand-fexit"), 1.30, Some(1.1)),
    bound("both-spec / detour", ratio("both-spec", "detour"), 1.0, Some(0.9)),
    bound("fsession / both-spec", ratio("fsession", "both-spec"), 1.15, Some(1.0)),
    bound("fentry / jit-dedicated-jmp", ratio("fentry", "jit-dedicated-jmp"), 1.0, None),
    bound("fentry-multi / fentry", ratio("fentry-multi", "fentry"), 1.02, Some(1.0)),
    bound(
        "fentry-multi-all / fentry-multi",
        ratio("fentry-multi-all", "fentry-multi"),
        1.02,
        Some(1.0),
    ),
    bound("fentry-hash / hand-fentry", ratio("fentry-hash", "hand-fentry"), 2.1, Some(1.6)),
    bound("fexit / hand-fentry", ratio("fexit", "hand-fentry"), 2.1, Some(1.8)),
    bound("fmodret / fexit", ratio("fmodret", "fexit"), 1.1, Some(1.0)),
    extra("fentry/6, over plain, by hand's", "fentry/6", "hand-fentry/6", "plain/6"),
    extra("fentry/8, over plain, by hand's", "fentry/8", "hand-fentry/8", "plain/8"),
    extra("fentry/12, over plain, by hand's", "fentry/12", "hand-fentry/12", "plain/12"),
    extra("both/6, over plain, by hand's", "both/6", "hand-fexit/6", "plain/6"),
    extra("both/8, over plain, by hand's", "both/8", "hand-fexit/8", "plain/8"),
    extra("both/12, over plain, by hand's", "both/12", "hand-fexit/12", "plain/12"),
    bound("off-all / plain", ratio("off-all", "plain"), 1.03, Some(1.0)),
    bound("attach 50,000, ms", Of::Attach, 10.0, Some(5.0)),
    bound("detach 50,000, ms", Of::Detach, 10.0, Some(5.0)),
    bound("attach per function, 100 / 50,000", Of::Growth, 1.5, None),
    bound("calls of 2 threads / 1, at least", Of::Together, 1.95, Some(2.0)),
    bound("site, bytes of data", Of::Memory(|memory| memory.data), 64.0, Some(32.0)),
    bound("site, bytes of code", Of::Memory(|memory| memory.code), 64.0, Some(32.0)),
    bound("attached function, bytes more", Of::Memory(|memory| memory.attached), 160.0, Some(80.0)),
];

impl Bound {
    /// What the run found; `None` if a row of it did not run.
    #[must_use]
    pub fn found(&self, report: &Report) -> Option<f64> {
        match self.of {
            Of::Ratio(row, by) => report.ratio(row, by),
            Of::Extra(row, by, floor) => {
                report.each_round([row, by, floor], |[row, by, floor]| (row - floor) / (by - floor))
            }
            Of::Attach => report.attach.map(|attach| attach.attach),
            Of::Detach => report.attach.map(|attach| attach.detach),
            Of::Growth => report.attach.map(|attach| attach.growth),
            Of::Together => report.together,
            Of::Memory(part) => report.memory.as_ref().map(part),
        }
    }

    /// Whether what was found is within the bound.
    #[must_use]
    pub fn is_kept(&self, found: f64) -> bool {
        self.is_within(found, self.bound)
    }

    /// Whether what was found is on the good side of this limit.
    #[must_use]
    pub fn is_within(&self, found: f64, limit: f64) -> bool {
        if self.at_least { found >= limit } else { found <= limit }
    }
}
