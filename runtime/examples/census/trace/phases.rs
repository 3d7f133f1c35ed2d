//! The phases of the run. In each, the crew works through a batch of files while other probes are
//! attached.
//!
//! Between two batches the crew rests, no thread is in any traced function, and counts can be
//! compared exactly.

use gtramp::__private::Lookup;
use gtramp::Link;
use indicatif::ProgressBar;

use super::board::{self, Row, difference};
use super::check::{Check, Seen, Window};
use super::log::Log;
use super::probes::{self, POSTPONED};
use crate::Result;
use crate::code::crew::Crew;
use crate::code::sources::SourceFile;

/// Files of more bytes are put off for a while, in one of the phases.
const LARGE: u64 = 64 << 10;

/// The run, from phase to phase.
pub(crate) struct Phases<'run> {
    pub(crate) crew: &'run Crew,
    pub(crate) bar: &'run ProgressBar,
    pub(crate) log: &'run mut Log,
}

/// Times every call.
pub(crate) fn attach_stopwatch() -> std::result::Result<Link, gtramp::Error> {
    probes::Stopwatch::link().cookie(board::cookies(Row::Started)).attach()
}

impl Phases<'_> {
    /// Works through all files.
    pub(crate) fn run(&mut self, files: Vec<SourceFile>) -> Result<()> {
        let mut batches = deal(files, 6);
        let mut next = || batches.pop().unwrap_or_default();
        self.count_only(next());
        self.stopwatch("stopwatch", next())?;
        self.two_cookies(next())?;
        self.nosy(next())?;
        self.come_and_go(next())?;
        let postponed = self.postpone(next())?;
        self.stopwatch("stopwatch, on what was postponed", postponed)
    }

    /// Nothing but the probes of the whole run.
    fn count_only(&mut self, files: Vec<SourceFile>) {
        self.bar.set_message("counting");
        self.crew.run(files);
    }

    /// Every call is timed, from entry to exit.
    fn stopwatch(&mut self, name: &'static str, files: Vec<SourceFile>) -> Result<()> {
        self.bar.set_message(name);
        self.timed(name, |this| {
            this.crew.run(files);
            Ok(())
        })
    }

    /// Does `work` with the stopwatch attached. The crew rests before and after.
    pub(crate) fn timed<T>(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let (window, begun, ended) =
            (Window::open(), Seen::from_now(Row::Started), Seen::from_now(Row::Stopped));
        let link = self.log.attach(attach_stopwatch)?;
        let result = work(self)?;
        self.log.detach(link);
        self.log.check(window.close(&format!("{name}: entries"), &begun, |_| true));
        self.log.check(window.close(&format!("{name}: exits"), &ended, |_| true));
        Ok(result)
    }

    /// A probe decides in the program's place which files it wants now. Returns those it did not.
    fn postpone(&mut self, files: Vec<SourceFile>) -> Result<Vec<SourceFile>> {
        self.bar.set_message("postponing large files");
        let before = POSTPONED.sum();
        let link = self.log.attach(|| probes::postpone::link().cookie(LARGE).attach())?;
        let postponed = self.timed("postponing large files", |this| Ok(this.crew.run(files)))?;
        self.log.detach(link);
        let decided = POSTPONED.sum() - before;
        self.log.check(Check::same("files postponed by a probe", decided, postponed.len() as u64));
        Ok(postponed)
    }

    /// The same probe twice, on sets of functions that overlap; their cookies tell them apart.
    fn two_cookies(&mut self, files: Vec<SourceFile>) -> Result<()> {
        self.bar.set_message("one probe, two cookies");
        let (window, reds, blues) =
            (Window::open(), Seen::from_now(Row::Red), Seen::from_now(Row::Blue));
        let red = probes::count::link().functions("census::code::{facts,tally}::**");
        let red = red.cookie(board::cookies(Row::Red));
        let red = self.log.attach(|| red.attach())?;
        let blue = probes::count::link()
            .functions(["census::code::**", "!census::code::{survey,text}::**"]);
        let blue = blue.cookie(board::cookies(Row::Blue)).lookup(Lookup::Hash);
        let blue = self.log.attach(|| blue.attach())?;

        self.crew.run(files);

        self.log.detach(red);
        self.log.detach(blue);
        let is_red = |path: &str| matches!(module(path), "facts" | "tally");
        let is_blue = |path: &str| !matches!(module(path), "survey" | "text");
        self.log.check(window.close("one probe, two cookies: red", &reds, is_red));
        self.log.check(window.close("one probe, two cookies: blue", &blues, is_blue));
        Ok(())
    }

    /// A probe that calls a function it is attached to itself: those calls it misses.
    fn nosy(&mut self, files: Vec<SourceFile>) -> Result<()> {
        self.bar.set_message("a probe that is traced itself");
        let (window, seen) = (Window::open(), Seen::from_now(Row::Nosy));
        let cookies = board::cookies(Row::Nosy);
        let link = self.log.attach(|| probes::nosy::link().cookie(cookies).attach())?;
        self.crew.run(files);
        let missed = self.log.detach(link);
        let is_facts = |path: &str| module(path) == "facts";
        self.log.check(window.close("a probe that is traced itself", &seen, is_facts));
        let all = window.own(|path| is_facts(path) || path.ends_with("::last_part"));
        self.log.check_missed(missed, difference(&all, &seen.until_now()));
        Ok(())
    }
}

/// The module in `census::code` that `path` belongs to.
fn module(path: &str) -> &str {
    path.split("::").nth(2).unwrap_or(path)
}

/// Deals the files out to `hands` batches, one by one, so that each gets some of every package.
fn deal(files: Vec<SourceFile>, hands: usize) -> Vec<Vec<SourceFile>> {
    let mut batches = vec![Vec::new(); hands];
    for (number, file) in files.into_iter().enumerate() {
        batches[number % hands].push(file);
    }
    batches
}
