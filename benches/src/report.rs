//! What a run of the table found, ready to be shown.

use crate::bulk::Attach;
use crate::measure::Measured;
use crate::memory::Memory;
use crate::row::Row;

/// A run of the table.
#[derive(Debug)]
pub struct Report {
    /// The rows that ran, in the table's order.
    pub lines: Vec<Line>,
    /// The rows that did not, and why.
    pub left_out: Vec<(&'static str, String)>,
    /// Bulk attaching, if it was measured.
    pub attach: Option<Attach>,
    /// How many times the calls of one thread two make, if it was measured.
    pub together: Option<f64>,
    /// What it takes in memory, if it was measured.
    pub memory: Option<Memory>,
}

/// One row's figures.
#[derive(Debug)]
pub struct Line {
    /// The row.
    pub row: Row,
    /// Nanoseconds per call: the median of the rounds.
    pub ns: f64,
    /// The fastest round.
    pub min: f64,
    /// The slowest round.
    pub max: f64,
    /// The middle half of the rounds lies so far apart, as a part of the median.
    pub spread: f64,
    /// By its floor: the median of the rounds' ratios. `None` if the floor did not run.
    pub ratio: Option<f64>,
    rounds: Vec<f64>,
}

impl Report {
    /// Works the figures out.
    #[must_use]
    pub fn new(measured: Vec<Measured>, attach: Option<Attach>) -> Self {
        let mut lines = Vec::new();
        let mut left_out = Vec::new();
        for Measured { row, rounds } in measured {
            match rounds {
                Ok(rounds) if !rounds.is_empty() => lines.push(Line::new(row, rounds)),
                Ok(_) => left_out.push((row.name, "no round".to_owned())),
                Err(why) => left_out.push((row.name, why)),
            }
        }
        let mut report = Self { lines, left_out, attach, together: None, memory: None };
        let ratios: Vec<_> =
            report.lines.iter().map(|line| report.ratio(line.row.name, line.row.floor)).collect();
        for (line, ratio) in report.lines.iter_mut().zip(ratios) {
            line.ratio = ratio;
        }
        report
    }

    /// The line of a row.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.row.name == name)
    }

    /// How many times a row's time another one takes: the median of the rounds' ratios, because
    /// what disturbs a round disturbs both.
    #[must_use]
    pub fn ratio(&self, row: &str, by: &str) -> Option<f64> {
        self.each_round([row, by], |[row, by]| row / by)
    }

    /// The median over the rounds of something made of several rows.
    #[must_use]
    pub fn each_round<const N: usize>(
        &self,
        rows: [&str; N],
        of: impl Fn([f64; N]) -> f64,
    ) -> Option<f64> {
        let lines = rows.map(|row| self.line(row));
        if lines.iter().any(Option::is_none) {
            return None;
        }
        let lines = lines.map(|line| line.expect("tested above"));
        let rounds = lines.iter().map(|line| line.rounds.len()).min()?;
        let values =
            (0..rounds).map(|round| of(core::array::from_fn(|row| lines[row].rounds[round])));
        Some(quantile(&sorted(values.collect()), 0.5))
    }
}

impl Line {
    fn new(row: Row, rounds: Vec<f64>) -> Self {
        let sorted = sorted(rounds.clone());
        let ns = quantile(&sorted, 0.5);
        Self {
            row,
            ns,
            min: sorted[0],
            max: sorted[sorted.len() - 1],
            spread: (quantile(&sorted, 0.75) - quantile(&sorted, 0.25)) / ns,
            ratio: None,
            rounds,
        }
    }
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// The value that a part `at` of the sorted values lies below.
fn quantile(sorted: &[f64], at: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a short list"
    )]
    let index = ((sorted.len() - 1) as f64 * at).round() as usize;
    sorted[index]
}
