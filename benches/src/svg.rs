//! The table as a bar chart.

use core::fmt::Write as _;

use crate::machine::Machine;
use crate::report::{Line, Report};
use crate::row::Can;

/// Bars end here: what takes longer is shown with a broken bar and its number.
const LONGEST: f64 = 25.0;

const WIDTH: f64 = 760.0;
const LABEL: f64 = 160.0;
const BAR: f64 = 14.0;
const PITCH: f64 = 20.0;
const TOP: f64 = 44.0;

/// A chart of all rows without a place in it for argument counts.
#[must_use]
pub fn svg(report: &Report, machine: &Machine) -> String {
    let lines: Vec<&Line> =
        report.lines.iter().filter(|line| !line.row.name.contains('/')).collect();
    let longest = lines.iter().map(|line| line.ns).fold(1.0, f64::max).min(LONGEST);
    #[expect(clippy::cast_precision_loss, reason = "a few dozen rows")]
    let height = TOP + PITCH * lines.len() as f64 + 28.0;
    let mut text = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">
<style>text{{fill:#333}}.ours{{fill:#c2571a}}.theirs{{fill:#7d8a99}}.floor{{fill:#c9ced6}}@media(prefers-color-scheme:dark){{text{{fill:#ddd}}}}</style>
<text x="8" y="20" font-size="14">Nanoseconds per call of a function that adds two numbers, probed</text>
"##
    );
    let scale = (WIDTH - LABEL - 80.0) / longest;
    let mut top = TOP;
    for line in lines {
        let broken = line.ns > longest;
        let width = line.ns.min(longest) * scale;
        let class = class(line);
        let middle = top + BAR - 3.0;
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            r#"<text x="{}" y="{middle}" text-anchor="end">{}</text><rect class="{class}" x="{LABEL}" y="{top}" width="{width:.1}" height="{BAR}"/><text x="{:.1}" y="{middle}">{}{:.2}</text>"#,
            LABEL - 6.0,
            line.row.name,
            LABEL + width + 5.0,
            if broken { "… " } else { "" },
            line.ns,
        );
        top += PITCH;
    }
    let _ = write!(
        text,
        "<text x=\"8\" y=\"{}\" font-size=\"10\">{}, {}</text>\n</svg>\n",
        top + 16.0,
        machine.description(),
        machine.date
    );
    text
}

fn class(line: &Line) -> &'static str {
    match line.row.name {
        "usermode-count" | "plain" => "floor",
        name if name.starts_with("hand-") => "floor",
        _ if line.row.can == Can::GTRAMP && !line.row.name.starts_with("jit-") => "ours",
        _ => "theirs",
    }
}
