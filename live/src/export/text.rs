//! Replies as text for people.

use std::io::{self, Write};

use crate::protocol::{End, Event, Function, Lease, Reply, Row, Table};

/// Shows replies; what was shown before decides how the next is shown.
#[derive(Debug)]
pub struct Shown {
    rows: usize,
    columns: bool,
}

impl Shown {
    /// Shows so many rows of each table, or all.
    #[must_use]
    pub fn new(rows: Option<usize>) -> Self {
        Self { rows: rows.unwrap_or(usize::MAX), columns: false }
    }

    /// Writes results to `out`, and what has to be known of them to `about`.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn reply(
        &mut self,
        out: &mut impl Write,
        about: &mut impl Write,
        reply: &Reply,
    ) -> io::Result<()> {
        match reply {
            Reply::Function(function) => list_row(out, function),
            Reply::Lease(lease) => begin(about, lease),
            Reply::Event(event) => {
                if !std::mem::replace(&mut self.columns, true) {
                    header(out, event)?;
                }
                event_row(out, event)
            }
            Reply::Table(table) => self.table(out, table),
            Reply::Note { text } => writeln!(about, "{text}"),
            Reply::End(end) => {
                out.flush()?;
                finish(about, end)
            }
            _ => Ok(()),
        }
    }

    fn table(&self, out: &mut impl Write, table: &Table) -> io::Result<()> {
        let rows = table.rows.iter().take(self.rows);
        let unit = if is_time(&table.of) { duration } else { plain };
        match &*table.function {
            "hist" | "lhist" => {
                for row in rows {
                    histogram(out, row, unit)?;
                }
            }
            function => {
                for row in rows {
                    let value = match function {
                        "count" => row.count.to_string(),
                        "sum" => unit(row.sum),
                        "min" => unit(row.min),
                        "max" => unit(row.max),
                        _ => unit(row.sum / i64::try_from(row.count.max(1)).unwrap_or(i64::MAX)),
                    };
                    writeln!(out, "{value:>12}  {}", row.key.join(", "))?;
                }
            }
        }
        let left = table.rows.len().saturating_sub(self.rows);
        if left > 0 {
            writeln!(out, "{:>12}  and {left} more", "..")?;
        }
        Ok(())
    }
}

fn begin(about: &mut impl Write, lease: &Lease) -> io::Result<()> {
    let Lease { id, functions, limits, program, who, .. } = lease;
    let who = if who.is_empty() { String::new() } else { format!(", {who}") };
    writeln!(about, "lease {id}: {program} at {functions} function(s) {limits}{who}")
}

fn finish(about: &mut impl Write, end: &End) -> io::Result<()> {
    let End { why, calls, kept, thinned, held_back, lost, missed, seconds, .. } = end;
    write!(about, "{why}; {calls} calls in {seconds:.1} s, {kept} kept")?;
    let others = [
        (thinned, "not looked at (thinned out)"),
        (held_back, "not shown (over the rate)"),
        (lost, "LOST for want of room"),
        (missed, "missed (from within probes)"),
    ];
    for (count, what) in others {
        if *count > 0 {
            write!(about, ", {count} {what}")?;
        }
    }
    writeln!(about)
}

fn list_row(out: &mut impl Write, function: &Function) -> io::Result<()> {
    let Function { path, signature, file, line, copies, leases } = function;
    write!(out, "{path}{signature}   {file}:{line}")?;
    if *copies != 1 {
        write!(out, "   {copies} copies")?;
    }
    if !leases.is_empty() {
        let leases: Vec<String> = leases.iter().map(u64::to_string).collect();
        write!(out, "   lease {}", leases.join(", "))?;
    }
    writeln!(out)
}

fn header(out: &mut impl Write, event: &Event) -> io::Result<()> {
    write!(out, "{:>10}  {:>8}", "TIME", "THREAD")?;
    for (name, _) in &event.values {
        write!(out, "  {}", name.to_uppercase())?;
    }
    writeln!(out)
}

fn event_row(out: &mut impl Write, event: &Event) -> io::Result<()> {
    write!(out, "{:>10.6}  {:>8}", seconds(event.at), event.thread)?;
    for (name, value) in &event.values {
        match (&**name, value.parse()) {
            (name, Ok(nanoseconds)) if is_time(name) && name != "latency" => {
                write!(out, "  {name}={}", duration(nanoseconds))?;
            }
            ("latency", Ok(nanoseconds)) => write!(out, "  {}", duration(nanoseconds))?,
            ("func", _) => write!(out, "  {value}")?,
            ("stack", _) => write!(out, "\n{}", value.trim_end())?,
            ("args", _) => write!(out, "  ({value})")?,
            ("ret", _) => write!(out, "  -> {value}")?,
            _ => write!(out, "  {name}={value}")?,
        }
    }
    writeln!(out)
}

/// Rows as bcc's: `[1us, 2us)   3 |@@@   |`.
fn histogram(out: &mut impl Write, row: &Row, unit: fn(i64) -> String) -> io::Result<()> {
    const WIDTH: u64 = 40;
    let number = |value: u64| unit(i64::try_from(value).unwrap_or(i64::MAX));
    writeln!(out, "{}", if row.key.is_empty() { "@".to_owned() } else { row.key.join(", ") })?;
    let most = row.buckets.iter().map(|bucket| bucket.2).max().unwrap_or(1).max(1);
    for &(from, to, count) in &row.buckets {
        let bar = count * WIDTH / most;
        let bar = "@".repeat(usize::try_from(bar).unwrap_or(0));
        let end = if to == u64::MAX { "..".to_owned() } else { number(to + 1) };
        writeln!(
            out,
            "{:>10}, {:<10} {count:>10} |{bar:<40}|",
            format!("[{}", number(from)),
            end + ")"
        )?;
    }
    let average = row.sum / i64::try_from(row.count.max(1)).unwrap_or(i64::MAX);
    write!(out, "{:>10} calls, average {}", row.count, unit(average))?;
    for (name, value) in [("p50", row.p50), ("p90", row.p90), ("p99", row.p99)] {
        if let Some(value) = value {
            write!(out, ", {name} {}", number(value))?;
        }
    }
    writeln!(out, ", max {}\n", unit(row.max))
}

fn plain(number: i64) -> String {
    number.to_string()
}

/// Whether a word of the language is a length of time, in nanoseconds.
fn is_time(word: &str) -> bool {
    matches!(word, "latency" | "self_time" | "busy" | "idle" | "longest_poll")
}

/// Nanoseconds, with three digits.
#[must_use]
pub fn duration(nanoseconds: i64) -> String {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    for (size, unit) in units {
        if nanoseconds >= size {
            let (whole, rest) = (nanoseconds / size, nanoseconds % size);
            return match whole {
                100.. => format!("{whole}{unit}"),
                10..100 if rest * 10 / size > 0 => format!("{whole}.{}{unit}", rest * 10 / size),
                _ if rest * 100 / size > 0 => {
                    let digits = format!("{:02}", rest * 100 / size);
                    format!("{whole}.{}{unit}", digits.trim_end_matches('0'))
                }
                _ => format!("{whole}{unit}"),
            };
        }
    }
    format!("{nanoseconds}ns")
}

#[expect(clippy::cast_precision_loss, reason = "six digits of it are shown")]
fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_have_the_unit_that_fits() {
        let shown = [(0, "0ns"), (999, "999ns"), (1_000, "1us"), (1_536, "1.53us")];
        let more = [(20_300, "20.3us"), (1_500_000, "1.5ms"), (61_000_000_000, "61s")];
        for (nanoseconds, text) in shown.into_iter().chain(more) {
            assert_eq!(duration(nanoseconds), text);
        }
    }
}
