//! The table as text.

use core::fmt::{self, Display, Formatter};

use crate::bounds::BOUNDS;
use crate::machine::Machine;
use crate::report::{Line, Report};
use crate::row::Can;

/// A report, to be printed.
#[derive(Debug)]
pub struct Table<'r> {
    /// What was found.
    pub report: &'r Report,
    /// Where.
    pub machine: &'r Machine,
}

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        writeln!(
            f,
            "\n{:<22} {:>8} {:>8} {:>8} {:>7}  {:>6} of {:<18}  args exit ret decide many live",
            "row", "ns", "min", "max", "spread", "ratio", "floor"
        )?;
        for line in &self.report.lines {
            writeln!(f, "{}", Row(line))?;
        }
        for (name, why) in &self.report.left_out {
            writeln!(f, "{name:<22} left out: {why}")?;
        }
        if let Some(attach) = self.report.attach {
            writeln!(
                f,
                "\n{} functions in one link: attach {:.2} ms, detach {:.2} ms; per function {:.2} times as much for 100",
                attach.functions, attach.attach, attach.detach, attach.growth
            )?;
        }
        if let Some(memory) = self.report.memory {
            writeln!(
                f,
                "a site takes {:.0} bytes of data and {:.0} of code, an attached function {:.0} bytes more",
                memory.data, memory.code, memory.attached
            )?;
        }
        writeln!(f, "\n{:<36} {:>7} {:>7} {:>7}", "held to", "found", "bound", "aim")?;
        for bound in BOUNDS {
            let Some(found) = bound.found(self.report) else { continue };
            let aim = bound.aim.map(|aim| format!("{aim:.2}")).unwrap_or_default();
            let verdict = match bound.aim {
                _ if !bound.is_kept(found) => "missed",
                Some(aim) if bound.is_within(found, aim) => "ok, aim reached",
                _ => "ok",
            };
            writeln!(
                f,
                "{:<36} {found:>7.3} {:>7.2} {aim:>7}  {verdict}",
                bound.name, bound.bound
            )?;
        }
        Ok(())
    }
}

struct Row<'r>(&'r Line);

impl Display for Row<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let line = self.0;
        let ratio = line.ratio.map(|ratio| format!("{ratio:.3}")).unwrap_or_default();
        write!(
            f,
            "{:<22} {:>8.3} {:>8.3} {:>8.3} {:>6.1}%  {ratio:>6} of {:<18}  ",
            line.row.name,
            line.ns,
            line.min,
            line.max,
            line.spread * 100.0,
            line.row.floor
        )?;
        let Can { arguments, exit, result, decide, many, live } = line.row.can;
        let columns = [(arguments, 4), (exit, 4), (result, 3), (decide, 6), (many, 4), (live, 4)];
        for (can, width) in columns {
            write!(f, "{:<width$} ", if can { "yes" } else { "-" })?;
        }
        Ok(())
    }
}
