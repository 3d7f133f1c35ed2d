//! One line of the table.

use std::any::Any;

use gtramp::Link;

/// A loop of so many calls; it returns the sum of the results.
pub type Run = fn(u64) -> u64;

/// What a way of running probes can do: the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Can {
    /// Its probe sees the arguments.
    pub arguments: bool,
    /// It can run after the function.
    pub exit: bool,
    /// It sees the result.
    pub result: bool,
    /// It can decide the result.
    pub decide: bool,
    /// One probe, without a copy of its code, serves many functions.
    pub many: bool,
    /// It can be switched on while other threads run the function.
    pub live: bool,
}

impl Can {
    /// Nothing: a floor without a probe.
    pub const NOTHING: Self = Self {
        arguments: false,
        exit: false,
        result: false,
        decide: false,
        many: false,
        live: false,
    };

    /// What code written into the body can do.
    pub const BY_HAND: Self =
        Self { arguments: true, exit: true, result: true, decide: true, many: false, live: false };

    /// What gtramp can do.
    pub const GTRAMP: Self =
        Self { arguments: true, exit: true, result: true, decide: true, many: true, live: true };
}

/// Which row's time a row is divided by.
pub type Floor = &'static str;

/// A way of running a probe at a function.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name in the table.
    pub name: &'static str,
    /// The row it is compared with.
    pub floor: Floor,
    /// Its columns.
    pub can: Can,
    /// Arms it, or says why this machine does not let it.
    pub setup: fn() -> Result<Armed, String>,
}

/// A row that is ready to be called.
pub struct Armed {
    /// Calls the function.
    pub run: Run,
    /// Calls it a thousand times: says what was expected and what was found, if they differ.
    pub check: Box<dyn Fn() -> Result<(), String>>,
    /// Disarms it when dropped.
    pub keep: Box<dyn Any>,
    /// What is to be there while it has its turn, and gone while others have.
    pub turn: Option<Link>,
}
