//! One line of the table.

use std::any::Any;

use crate::cells::{self, Seen};
use crate::target::Run;

/// How many calls check a row before it is measured.
const CHECKED: u64 = 1000;

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
    pub const NOTHING: Self =
        Self { arguments: false, exit: false, result: false, decide: false, many: false, live: false };

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
#[derive(Debug)]
pub struct Armed {
    /// Calls the function.
    pub run: Run,
    /// Calls a function that has no probe at all: what `run` must return.
    pub same_as: Run,
    /// What a thousand calls must leave behind.
    pub expect: Expect,
    /// Disarms it when dropped.
    pub keep: Box<dyn Any>,
}

/// What the calls of a row leave behind.
#[derive(Clone, Copy, Debug)]
pub enum Expect {
    /// Cells as this loop leaves them, so many times.
    Cells(Run, u64),
    /// So many hits per call, counted elsewhere: the row is handed no arguments.
    Hits(fn() -> u64, u64),
}

impl Armed {
    /// Calls it a thousand times and compares.
    ///
    /// # Errors
    ///
    /// Says what was expected and what was found.
    pub fn check(&self) -> Result<(), String> {
        let result = (self.same_as)(CHECKED);
        let (expected, before) = match self.expect {
            Expect::Cells(reference, hits) => {
                cells::reset();
                reference(CHECKED);
                let mut seen = cells::seen();
                seen.iter_mut().for_each(|cell| cell.count *= hits);
                (seen, 0)
            }
            Expect::Hits(count, _) => (Vec::new(), count()),
        };
        cells::reset();
        let found = (self.run)(CHECKED);
        if found != result {
            return Err(format!("{CHECKED} calls returned {found}, not {result}"));
        }
        match self.expect {
            Expect::Cells(..) => compare(&expected, &cells::seen()),
            Expect::Hits(count, hits) => match count() - before {
                found if found == hits * CHECKED => Ok(()),
                found => Err(format!("{CHECKED} calls gave {found} hits, not {}", hits * CHECKED)),
            },
        }
    }
}

fn compare(expected: &[Seen], found: &[Seen]) -> Result<(), String> {
    let hits = |cells: &[Seen]| cells.iter().map(|cell| cell.count).sum::<u64>();
    if hits(expected) != hits(found) {
        return Err(format!("{CHECKED} calls gave {} hits, not {}", hits(found), hits(expected)));
    }
    match expected.iter().zip(found).find(|(expected, found)| expected != found) {
        None => Ok(()),
        Some((expected, found)) => Err(format!("a cell has {found:?}, not {expected:?}")),
    }
}

impl Armed {
    /// A row that calls a function of two arguments, and whose one probe runs before it.
    #[must_use]
    pub fn before(run: Run, keep: impl Any) -> Self {
        Self::hits(run, keep, 1)
    }

    /// The same with so many probes.
    #[must_use]
    pub fn hits(run: Run, keep: impl Any, hits: u64) -> Self {
        let expect = Expect::Cells(reference::BEFORE, hits);
        Self { run, same_as: reference::NOTHING, expect, keep: Box::new(keep) }
    }

    /// A row whose probe runs after the function, and of which `hits` run for every call.
    #[must_use]
    pub fn after(run: Run, keep: impl Any, hits: u64) -> Self {
        let expect = Expect::Cells(reference::AFTER, hits);
        Self { run, same_as: reference::NOTHING, expect, keep: Box::new(keep) }
    }

    /// A row without a probe.
    #[must_use]
    pub fn nothing(run: Run, keep: impl Any) -> Self {
        let expect = Expect::Cells(reference::NOTHING, 0);
        Self { run, same_as: reference::NOTHING, expect, keep: Box::new(keep) }
    }
}

/// Loops of a function of two arguments that leave behind what a row's calls must.
mod reference {
    use crate::calls;
    use crate::cells::{hit, hit_exit};
    use crate::target::{Run, body};

    fn nothing(a: u64, b: u64) -> u64 {
        body([a, b])
    }

    fn before(a: u64, b: u64) -> u64 {
        hit([a, b]);
        body([a, b])
    }

    fn after(a: u64, b: u64) -> u64 {
        let ret = body([a, b]);
        hit_exit([a, b], ret);
        ret
    }

    pub(super) const NOTHING: Run = calls!(nothing; a b);
    pub(super) const BEFORE: Run = calls!(before; a b);
    pub(super) const AFTER: Run = calls!(after; a b);
}
