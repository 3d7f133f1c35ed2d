//! Columns on a terminal.

use crate::common::{HEAD, say};

/// Rows under a heading, in columns as wide as they need to be.
pub(crate) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// Columns that hold numbers.
    numeric: Vec<usize>,
}

impl Table {
    pub(crate) fn new(head: &[&'static str], numeric: &[usize]) -> Table {
        Table { head: head.to_vec(), rows: Vec::new(), numeric: numeric.to_vec() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn print(&self) {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.chain([self.head[column].len()]).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..self.head.len()).map(width).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let cells = cells.zip(&widths).enumerate().map(|(column, (cell, &width))| {
                if self.numeric.contains(&column) {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        say!("{HEAD}{}{HEAD:#}", line(&mut self.head.iter().copied()));
        for row in &self.rows {
            say!("{}", line(&mut row.iter().map(String::as_str)));
        }
    }
}
