//! What must agree at the end.

use std::time::Duration;

/// Numbers that were compared.
#[derive(Debug, Default)]
pub(crate) struct Check {
    lines: Vec<String>,
    failed: usize,
}

impl Check {
    /// Both are the same.
    pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, own: T, seen: T) {
        let agrees = own == seen;
        self.note(agrees, format!("{what}: {own:?}, {seen:?}"));
    }

    /// It is at least so much.
    pub(crate) fn at_least(&mut self, what: &str, least: u64, seen: u64) {
        self.note(seen >= least, format!("{what}: {seen}, at least {least}"));
    }

    fn note(&mut self, agrees: bool, line: String) {
        self.failed += usize::from(!agrees);
        self.lines.push(format!("  {} {line}", if agrees { " " } else { "!" }));
    }

    pub(crate) fn agrees(&self) -> bool {
        self.failed == 0
    }

    /// Prints all, and last whether all agrees.
    pub(crate) fn say(&self, requests: u64, time: Duration) {
        println!("the program's counts and the probes':\n{}", self.lines.join("\n"));
        let rate = requests as f64 / time.as_secs_f64();
        println!("{requests} requests in {time:.1?}, {rate:.0} each second");
        let verdict = if self.agrees() { "yes" } else { "no" };
        println!("probe counts equal the program's own counts: {verdict}");
    }
}
