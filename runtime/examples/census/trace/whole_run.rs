//! The probes that are attached before anything else runs, and detached after everything has.

use std::sync::Arc;

use gtramp::{Entry, Link, site};

use super::board::{self, Row};
use super::check::Check;
use super::log::Log;
use super::probes::{self, WEIGHED};
use super::sharded::Sharded;
use crate::Result;
use crate::code::facts::Facts;
use crate::code::tally::{CELLS, Tally};
use crate::code::worker::Worker;
use crate::trace::own;

/// The permanent links.
pub(crate) struct WholeRun {
    counting: Link,
    weighing: Link,
    tallying: Link,
    /// Functions by argument count, as the closure attached to `Tally::add` sees them.
    seen: Arc<[Sharded; CELLS]>,
}

impl WholeRun {
    pub(crate) fn attach(log: &mut Log) -> Result<Self> {
        let seen = Arc::new([const { Sharded::new() }; CELLS]);
        let cells = seen.clone();
        let tally = move |_: &Entry, _: &Tally, facts: &Facts| {
            cells[CELLS.min(facts.arguments as usize + 1) - 1].add(1)
        };
        Ok(Self {
            counting: log
                .attach(|| probes::count::link().cookie(board::cookies(Row::Always)).attach())?,
            weighing: log.attach(probes::weigh::attach)?,
            tallying: log.attach(|| site!(Tally::add).fentry(tally))?,
            seen,
        })
    }

    /// Detaches. Nothing traced may run after `work` was done.
    pub(crate) fn finish(self, work: &Worker, log: &mut Log) {
        log.check(self.compare_tallies(work));
        for link in [self.counting, self.weighing, self.tallying] {
            log.detach(link);
        }

        let counted = board::counts(Row::Always);
        log.check(Check::equal("every function, the whole run", &counted, &own::counts()));
        log.check(Check::same("bytes, as the results of read tell", WEIGHED.sum(), work.bytes));
    }

    fn compare_tallies(&self, work: &Worker) -> Check {
        let own = work.tally.functions.cells();
        let both = self.seen.iter().map(Sharded::sum).zip(own).enumerate();
        let wrong = both.filter(|(_, (seen, own))| seen != *own).map(|(arguments, (seen, own))| {
            format!("with {arguments} arguments: {seen} seen, {own} tallied")
        });
        let calls = self.seen.iter().map(Sharded::sum).sum();
        let what = "functions, as the arguments of Tally::add tell".into();
        Check { what, functions: 1, calls, demand: "equal", wrong: wrong.collect() }
    }
}
