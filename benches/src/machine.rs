//! Where and when the figures were made.

use core::fmt::{self, Display, Formatter};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::addresses;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where, when and with what.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many of them there are.
    pub processors: usize,
    /// The operating system's release.
    pub system: String,
    /// The compiler.
    pub toolchain: &'static str,
    /// Today, as in 2026-01-31.
    pub date: String,
    /// The command line, without where the results are written to.
    pub command: String,
    /// The processor the program is bound to, if it could be.
    pub pinned: Option<usize>,
    /// Whether its addresses are those of every run.
    pub fixed: bool,
    /// The processors that it might use before.
    pub allowed: Vec<usize>,
}

impl Machine {
    /// This machine. Binds the calling thread to one processor, where that is allowed.
    #[must_use]
    pub fn bind() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let names: Vec<_> = cpus
            .lines()
            .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map(|(_, name)| name.to_owned())
            .collect();
        let system = read("/proc/sys/kernel/osrelease");
        let allowed = allowed();
        Self {
            processors: names.len(),
            processor: names.into_iter().next().unwrap_or_else(|| "unknown".to_owned()),
            system: format!("Linux {}", system.trim()),
            toolchain: env!("GTRAMP_BENCH_TOOLCHAIN"),
            date: today(),
            command: command(),
            pinned: pin(&allowed),
            fixed: addresses::are_fixed(),
            allowed,
        }
    }

    /// In one line.
    #[must_use]
    pub fn description(&self) -> String {
        format!("{} x {}, {}", self.processors, self.processor, self.system)
    }
}

impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let pinned = match self.pinned {
            Some(cpu) => format!("bound to processor {cpu}"),
            None => "not bound to a processor".to_owned(),
        };
        let addresses = if self.fixed { "fixed" } else { "randomised" };
        let (machine, toolchain, date) = (self.description(), self.toolchain, &self.date);
        write!(f, "{machine}; {toolchain}; {date}; {pinned}; {addresses} addresses")
    }
}

fn command() -> String {
    let mut command = "cargo run --release -p gtramp-bench --bin trigger".to_owned();
    let mut separated = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if ["--json", "--csv", "--svg"].contains(&argument.as_str()) {
            arguments.next();
        } else {
            if !separated {
                command.push_str(" --");
                separated = true;
            }
            command.push(' ');
            command.push_str(&argument);
        }
    }
    command
}

/// The processors that the calling thread may use.
fn allowed() -> Vec<usize> {
    let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu)).collect()
}

/// Binds the calling thread to the last processor it may use: the first has the most to do
/// for others.
fn pin(allowed: &[usize]) -> Option<usize> {
    let last = *allowed.last()?;
    let mut one = CpuSet::new();
    one.set(last);
    sched_setaffinity(None, &one).ok().map(|()| last)
}

/// Today's date in the calendar of ISO 8601.
#[must_use]
pub fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    // Years begin in March here, so that the leap day is their last.
    let days = now / 86_400 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year_of_era + next)
}
