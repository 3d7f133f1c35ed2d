//! What the tracing of the run has to tell at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use gtramp::Link;

use super::check::Check;
use super::own::Counts;
use crate::Result;

/// Everything that was found out.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) checks: Vec<Check>,
    /// The callers that ran a function's probes, by name.
    pub(crate) callers: BTreeMap<&'static str, BTreeSet<&'static str>>,
    pub(crate) missed: Counts,
    pub(crate) attaching: Timing,
    pub(crate) detaching: Timing,
}

/// How long something took that was done several times.
#[derive(Default)]
pub(crate) struct Timing {
    pub(crate) times: u32,
    pub(crate) total: Duration,
    pub(crate) longest: Duration,
}

impl Log {
    /// Attaches, by the clock.
    pub(crate) fn attach(
        &mut self,
        attach: impl FnOnce() -> Result<Link, gtramp::Error>,
    ) -> Result<Link, gtramp::Error> {
        let link = self.attaching.time(attach)?;
        for linked in link.info().functions {
            let callers = self.callers.entry(linked.function.path()).or_default();
            callers.insert(linked.caller);
        }
        Ok(link)
    }

    /// Detaches, by the clock. Returns how many hits the link missed.
    pub(crate) fn detach(&mut self, link: Link) -> u64 {
        let info = link.info();
        if let Some(panic) = &info.panic {
            self.fail("a probe panicked", panic);
        }
        self.detaching.time(|| link.detach());
        info.missed
    }

    /// A link said that it `missed` some hits; `by_function` is what the program found missing.
    pub(crate) fn check_missed(&mut self, missed: u64, by_function: Counts) {
        let what = "calls it missed, being its own";
        self.check(Check::same(what, missed, by_function.values().sum()));
        self.missed.extend(by_function);
    }

    pub(crate) fn check(&mut self, check: Check) {
        self.checks.push(check);
    }

    pub(crate) fn fail(&mut self, what: &str, why: &str) {
        let check = Check {
            what: what.into(),
            functions: 0,
            calls: 0,
            demand: "none",
            wrong: vec![why.into()],
        };
        self.checks.push(check);
    }

    pub(crate) fn agrees(&self) -> bool {
        self.checks.iter().all(|check| check.wrong.is_empty())
    }
}

impl Timing {
    fn time<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = act();
        let time = start.elapsed();
        self.times += 1;
        self.total += time;
        self.longest = self.longest.max(time);
        result
    }

    pub(crate) fn mean(&self) -> Duration {
        self.total / self.times.max(1)
    }
}
