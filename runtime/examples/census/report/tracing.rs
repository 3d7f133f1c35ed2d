//! What the probes saw, and whether that is the truth. Nothing in here is traced.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use hdrhistogram::Histogram;

use crate::trace::board::{self, Row};
use crate::trace::log::{Log, Timing};
use crate::trace::stopwatch;

/// How many disagreements of one comparison are shown.
const SHOWN: usize = 10;

/// One line for each traced function.
pub(crate) fn functions(log: &Log) -> Table {
    let (calls, times) = (board::counts(Row::Always), stopwatch::times());
    let functions = gtramp::functions();
    let shapes: BTreeMap<_, _> = functions.iter().map(|f| (f.path(), f.slots())).collect();
    let mut table = table(&["function", "shape", "caller", "calls", "p50", "p99", "missed"]);
    for (path, slots) in shapes {
        let times = times.get(path);
        let callers = log.callers.get(path).into_iter().flatten();
        table.add_row([
            path.trim_start_matches("census::").to_owned(),
            slots.to_string(),
            callers.copied().collect::<Vec<_>>().join(", "),
            calls.get(path).copied().unwrap_or(0).to_string(),
            quantile(times, 0.5),
            quantile(times, 0.99),
            log.missed.get(path).copied().unwrap_or(0).to_string(),
        ]);
    }
    align(&mut table, &[1, 3, 4, 5, 6]);
    table
}

fn quantile(times: Option<&Histogram<u64>>, quantile: f64) -> String {
    match times.map(|times| times.value_at_quantile(quantile)) {
        None => "-".into(),
        Some(nanoseconds @ ..1000) => format!("{nanoseconds}ns"),
        Some(nanoseconds) => format!("{:.1?}", Duration::from_nanos(nanoseconds)),
    }
}

/// One line for each comparison.
pub(crate) fn checks(log: &Log) -> Table {
    let mut table = table(&["what was compared", "functions", "calls", "demand", "holds"]);
    for check in &log.checks {
        let holds = if check.wrong.is_empty() { "yes" } else { "no" };
        let (functions, calls) = (check.functions.to_string(), check.calls.to_string());
        table.add_row([&check.what, &functions, &calls, check.demand, holds]);
    }
    align(&mut table, &[1, 2]);
    table
}

/// What does not agree.
pub(crate) fn disagreements(log: &Log) -> String {
    let mut text = String::new();
    for check in log.checks.iter().filter(|check| !check.wrong.is_empty()) {
        let _ = writeln!(text, "\n{} ({}):", check.what, check.demand);
        for wrong in check.wrong.iter().take(SHOWN) {
            let _ = writeln!(text, "  {wrong}");
        }
        if check.wrong.len() > SHOWN {
            let _ = writeln!(text, "  and {} more", check.wrong.len() - SHOWN);
        }
    }
    text
}

/// How long attaching and detaching took.
pub(crate) fn timings(log: &Log) -> String {
    let say = |timing: &Timing| {
        let Timing { times, longest, .. } = timing;
        format!("{times} times, mean {:.1?}, longest {longest:.1?}", timing.mean())
    };
    format!("attached {}\ndetached {}", say(&log.attaching), say(&log.detaching))
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    let rule = LineStyle::none().fill('─').junction('─');
    table.load_style(TableStyle::new().header_separator(rule)).set_header(header);
    table
}

/// Aligns the numbers in `columns`.
fn align(table: &mut Table, columns: &[usize]) {
    for &column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
