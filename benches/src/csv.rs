//! The table as comma-separated values, as it is kept in `record/`.

use core::fmt::Write as _;

use crate::machine::Machine;
use crate::report::Report;

/// The rows, after three comment lines that say how they came to be.
#[must_use]
pub fn csv(report: &Report, machine: &Machine) -> String {
    let mut text = format!(
        "# {}\n# {}, {}\n# {}\nrow,ns,min,max,floor,ratio\n",
        machine.command,
        machine.description(),
        machine.date,
        machine.toolchain,
    );
    for line in &report.lines {
        let ratio = line.ratio.map(|ratio| format!("{ratio:.3}")).unwrap_or_default();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{},{:.3},{:.3},{:.3},{},{ratio}",
            line.row.name, line.ns, line.min, line.max, line.row.floor
        );
    }
    if let Some(attach) = report.attach {
        let _ = writeln!(text, "# {} functions in one link, milliseconds", attach.functions);
        let _ = writeln!(text, "attach,{:.3},,,,", attach.attach);
        let _ = writeln!(text, "detach,{:.3},,,,", attach.detach);
    }
    text
}
