//! The phase in which probes come and go while the crew works, as often as they can.
//!
//! No moment is quiet enough to count exactly. But a probe may not miss a call that began and ended
//! while it was attached, nor see one that began after its detach.

use std::thread;
use std::time::Duration;

use super::board::{self, Row, difference};
use super::check::{Check, Seen, each};
use super::own::{self, Counts};
use super::phases::{Phases, attach_stopwatch};
use super::probes;
use crate::Result;
use crate::code::sources::SourceFile;

impl Phases<'_> {
    /// Attaches and detaches over and over while the crew works, now at entries, now at entries and
    /// exits.
    pub(crate) fn come_and_go(&mut self, files: Vec<SourceFile>) -> Result<()> {
        self.bar.set_message("attaching and detaching");
        let rows = [Row::Passing, Row::Started];
        let before = rows.map(Seen::from_now);
        let (mut sum, mut wrong) = (Counts::new(), Vec::new());
        let mut running = self.crew.begin(files);
        for row in rows.into_iter().cycle() {
            let passage = self.pass(row)?;
            wrong.extend(passage.wrong(self.crew.threads() as u64));
            add(&mut sum, passage.probed);
            if running.is_over() {
                break;
            }
        }
        running.wait();
        self.log.check(Check::new("coming and going while the crew works", &sum, "limits", wrong));

        let mut in_the_end = Counts::new();
        before.iter().for_each(|seen| add(&mut in_the_end, seen.until_now()));
        self.log.check(Check::equal("no call seen after a detach", &in_the_end, &sum));
        Ok(())
    }

    /// Attaches, waits a moment, detaches.
    fn pass(&mut self, row: Row) -> Result<Passage> {
        let seen = Seen::from_now(row);
        let before_attach = own::counts();
        let link = self.log.attach(|| match row {
            Row::Started => attach_stopwatch(),
            _ => probes::count::link().cookie(board::cookies(row)).attach(),
        })?;
        let attached = own::counts();
        thread::sleep(Duration::from_millis(2));
        let before_detach = own::counts();
        self.log.detach(link);
        let probed = seen.until_now();
        let detached = own::counts();
        thread::sleep(Duration::from_millis(1));
        Ok(Passage { before_attach, attached, before_detach, detached, probed })
    }
}

/// An attachment that came and went while the workers worked, and the program's own counts around
/// it.
struct Passage {
    before_attach: Counts,
    attached: Counts,
    before_detach: Counts,
    detached: Counts,
    probed: Counts,
}

impl Passage {
    /// What cannot be: the probes missed a call that began and ended while they were attached, or
    /// counted one that did not happen. A thread may stand between its entry probe and its own
    /// count, hence `threads` calls of leeway.
    fn wrong(&self, threads: u64) -> Vec<String> {
        let least = difference(&self.before_detach, &self.attached);
        let most = difference(&self.detached, &self.before_attach);
        let too_few = each(&self.probed, &least)
            .filter(|&(_, probed, least)| probed + threads < least)
            .map(|(path, probed, least)| {
                format!("{path}: probes counted {probed}, the program at least {least}")
            });
        let too_many = each(&self.probed, &most)
            .filter(|&(_, probed, most)| probed > most + threads)
            .map(|(path, probed, most)| {
                format!("{path}: probes counted {probed}, the program at most {most}")
            });
        too_few.chain(too_many).collect()
    }
}

fn add(sum: &mut Counts, counts: Counts) {
    for (path, count) in counts {
        *sum.entry(path).or_default() += count;
    }
}
