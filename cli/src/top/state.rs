//! What is known, and what of it is looked at.

use std::collections::BTreeMap;
use std::time::Instant;

use gtramp_live::protocol::{Reply, Row, Table};

/// By what functions are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum By {
    #[default]
    Calls,
    Time,
    P99,
    Max,
    Failed,
}

impl By {
    const ALL: [Self; 5] = [Self::Calls, Self::Time, Self::P99, Self::Max, Self::Failed];
}

/// One function.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) row: Row,
    /// Calls in a second, of late.
    pub(super) rate: f64,
    /// Seconds of calls in a second, of late.
    pub(super) load: f64,
    /// Calls that returned an `Err` or panicked.
    pub(super) failed: u64,
}

/// Everything that is shown.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) title: String,
    pub(super) notes: Vec<String>,
    pub(super) by: By,
    lines: BTreeMap<String, Line>,
    /// When the lines are of.
    taken: Option<Instant>,
    selected: usize,
    /// The function that is looked at alone.
    opened: Option<String>,
    ended: Option<String>,
}

impl State {
    pub(super) fn take_in(&mut self, reply: Reply, now: Instant) {
        match reply {
            Reply::Lease(lease) => {
                self.title = format!("lease {} at {} functions", lease.id, lease.functions);
                self.taken = Some(now);
            }
            Reply::Table(table) if table.name.is_empty() => self.take_in_calls(table, now),
            Reply::Table(table) => self.take_in_failed(&table),
            Reply::Note { text } => self.notes.push(text),
            Reply::End(end) => self.ended = Some(end.why),
            _ => {}
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
    fn take_in_calls(&mut self, table: Table, now: Instant) {
        let passed = self.taken.replace(now).map(|before| (now - before).as_secs_f64());
        for row in table.rows {
            let Some(func) = row.key.first() else { continue };
            let line = self.lines.entry(func.clone()).or_default();
            if let Some(passed) = passed.filter(|passed| *passed > 0.0) {
                line.rate = (row.count - line.row.count.min(row.count)) as f64 / passed;
                line.load = row.sum.saturating_sub(line.row.sum) as f64 / 1e9 / passed;
            }
            line.row = row;
        }
    }

    fn take_in_failed(&mut self, table: &Table) {
        let mut failed: BTreeMap<&String, u64> = BTreeMap::new();
        for row in &table.rows {
            if let [func, outcomes @ ..] = &row.key[..]
                && outcomes.iter().any(|outcome| outcome == "true")
            {
                *failed.entry(func).or_default() += row.count;
            }
        }
        for (func, count) in failed {
            self.lines.entry(func.clone()).or_default().failed = count;
        }
    }

    /// The functions as they are sorted.
    pub(super) fn sorted(&self) -> Vec<(&str, &Line)> {
        let mut lines: Vec<(&str, &Line)> =
            self.lines.iter().map(|(func, line)| (&**func, line)).collect();
        #[expect(clippy::cast_precision_loss, reason = "it is compared alone")]
        let key = |line: &Line| match self.by {
            By::Calls => line.rate,
            By::Time => line.load,
            By::P99 => line.row.p99.unwrap_or(0) as f64,
            By::Max => line.row.max as f64,
            By::Failed => line.failed as f64,
        };
        lines.sort_by(|one, other| key(other.1).total_cmp(&key(one.1)));
        lines
    }

    pub(super) fn sort_by_next(&mut self) {
        let at = By::ALL.iter().position(|by| *by == self.by).unwrap_or(0);
        self.by = By::ALL[(at + 1) % By::ALL.len()];
    }

    pub(super) fn selected(&self) -> usize {
        self.selected.min(self.lines.len().saturating_sub(1))
    }

    pub(super) fn down(&mut self) {
        self.selected = (self.selected() + 1).min(self.lines.len().saturating_sub(1));
    }

    pub(super) fn up(&mut self) {
        self.selected = self.selected().saturating_sub(1);
    }

    /// Looks at the selected function alone.
    pub(super) fn open(&mut self) {
        let func = self.sorted().get(self.selected()).map(|(func, _)| (*func).to_owned());
        self.opened = func;
    }

    /// Looks at all again; whether it did not already.
    pub(super) fn close(&mut self) -> bool {
        self.opened.take().is_some()
    }

    pub(super) fn opened(&self) -> Option<(&str, &Line)> {
        let func = self.opened.as_deref()?;
        Some((func, self.lines.get(func)?))
    }

    pub(super) fn ended(&self) -> Option<&str> {
        self.ended.as_deref()
    }
}
