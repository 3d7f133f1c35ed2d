//! What the code is like: the answer that the program was written for.

use std::fmt::Write;
use std::iter::repeat_n;

use gtramp::traceable;

use crate::code::facts::{Obstacle, Place, Property};
use crate::code::histogram::Histogram;
use crate::code::label::Label;
use crate::code::tally::{CELLS, Tally};
use crate::code::worker::{Failure, Worker};
use crate::trace::own::ran;

/// How wide names are.
const COLUMN: usize = 30;

/// How wide a full bar is.
const BAR: usize = 40;

/// How many of the largest and of the unreadable are named.
const NAMED: usize = 5;

/// The whole answer.
#[traceable]
pub(crate) fn answer(work: &Worker, packages: usize) -> String {
    ran!("answer");
    let (tally, lines) = (&work.tally, work.tally.lines);
    let mut text = String::new();
    let facts = [
        format!("{} files of {packages} packages, {} bytes", work.files, work.bytes),
        format!(
            "{} lines: {} of code, {} of comment, {} blank",
            lines.total(),
            lines.code,
            lines.comment,
            lines.blank
        ),
        format!(
            "{} functions with a body, {} without, {} closures",
            tally.functions.total(),
            tally.declared,
            tally.closures
        ),
        format!("{} statements, {} expressions", tally.statements, tally.expressions),
        format!("{} macro calls, not looked into", tally.macros),
    ];
    for fact in facts {
        let _ = writeln!(text, "{fact}");
    }
    failures(&mut text, &work.failures);
    text.push('\n');
    by_arguments(&mut text, "functions by argument count", &tally.functions);
    by_arguments(&mut text, "calls by argument count", &tally.calls);
    what_they_are(&mut text, tally);
    traceable_today(&mut text, tally);
    text
}

#[traceable]
fn failures(text: &mut String, failures: &[Failure]) {
    ran!("failures");
    if !failures.is_empty() {
        let _ = writeln!(text, "{} files could not be read or parsed:", failures.len());
    }
    for failure in failures.iter().take(NAMED) {
        let file = &failure.file;
        let path = file.path.strip_prefix(&file.package.root).unwrap_or(&file.path).display();
        let _ = writeln!(text, "  {path} of {}: {}", file.package.name, failure.reason);
    }
    if failures.len() > NAMED {
        let _ = writeln!(text, "  and {} more", failures.len() - NAMED);
    }
}

#[traceable]
fn by_arguments(text: &mut String, title: &str, histogram: &Histogram<CELLS>) {
    ran!("by_arguments");
    let _ = writeln!(text, "{title}");
    let total = histogram.total();
    for (arguments, &count) in histogram.cells().iter().enumerate() {
        let name =
            if arguments == CELLS - 1 { format!("{arguments}+") } else { arguments.to_string() };
        row(text, &name, count, total, 6, BAR, '#');
    }
    text.push('\n');
}

#[traceable]
fn what_they_are(text: &mut String, tally: &Tally) {
    ran!("what_they_are");
    let total = tally.functions.total();
    text.push_str("where functions stand, and what they are\n");
    labelled(text, Place::ALL, tally.places.cells(), total, COLUMN, 1);
    text.push('\n');
    labelled(text, Property::ALL, tally.properties.cells(), total, COLUMN, 1);
    text.push('\n');
}

#[traceable]
fn traceable_today(text: &mut String, tally: &Tally) {
    ran!("traceable_today");
    let (total, refused) = (tally.functions.total(), tally.obstacles.total());
    text.push_str("traceable today\n");
    row(text, "  yes", total - refused, total, COLUMN, BAR, '#');
    row(text, "  no", refused, total, COLUMN, BAR, '#');
    labelled(text, Obstacle::ALL, tally.obstacles.cells(), total, COLUMN, 2);
    text.push_str("\nmost arguments, by package");
    for (package, arguments, place) in tally.largest.top(NAMED) {
        let _ = write!(text, "\n{arguments:>5}  {place} of {package}");
    }
}

/// A row for each thing that has a label.
#[traceable]
fn labelled<L: Label, const N: usize>(
    text: &mut String,
    labels: [L; N],
    counts: &[u64; N],
    total: u64,
    column: usize,
    depth: usize,
) {
    ran!("labelled");
    for (label, &count) in labels.iter().zip(counts) {
        row(text, &label.heading(depth), count, total, column, BAR, '#');
    }
}

#[traceable]
fn row(
    text: &mut String,
    name: &str,
    part: u64,
    whole: u64,
    column: usize,
    bar: usize,
    glyph: char,
) {
    ran!("row");
    let share = share(part, whole);
    let bar = bar_of(share, bar, glyph);
    let line = format!("{name:column$} {part:>9} {:>6.2} %  {bar}", share * 100.0);
    let _ = writeln!(text, "{}", line.trim_end());
}

#[traceable]
fn share(part: u64, whole: u64) -> f64 {
    ran!("share");
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[traceable]
fn bar_of(share: f64, width: usize, glyph: char) -> String {
    ran!("bar_of");
    repeat_n(glyph, (share * width as f64).round() as usize).collect()
}
