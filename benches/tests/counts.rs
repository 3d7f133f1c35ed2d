//! The instructions per call of the callers, as callgrind counts them: they are the same on every
//! machine, and must not grow. The record has all rows; those in `HOT` are compared with it.
//!
//! `GTRAMP_BLESS=1 cargo test --release -p gtramp-bench --test counts` writes what it finds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

mod support;

use support::callgrind::{self, CALLS};

/// The rows that are counted.
const ROWS: &str = "plain,off,fentry*,fexit*,both*,fmodret*,jit*";

/// The rows whose counts are held to: those that users' calls go through most.
const HOT: [&str; 9] = [
    "off",
    "fentry",
    "fentry-closure",
    "fentry-hash",
    "fentry-multi",
    "fexit",
    "both",
    "both-spec",
    "fmodret",
];

/// What a count may exceed the record by: an eighth. Into what units the compiler splits a crate, and so
/// what it inlines around a caller, depends on where the crate lies.
fn most(recorded: f64) -> f64 {
    recorded + (recorded / 8.0).ceil()
}

#[test]
#[cfg_attr(
    any(debug_assertions, not(all(target_os = "linux", target_arch = "x86_64"))),
    ignore = "the record is of release builds for Linux x86-64"
)]
fn no_caller_has_grown() {
    let Some(rows) = callgrind::run("counts", ROWS, &[]) else { return };
    let found: BTreeMap<_, _> = rows.into_iter().map(|(row, file)| (row, count(&file))).collect();
    let record = support::record().join("instructions.txt");
    if support::blessing() {
        std::fs::write(&record, text(&found)).expect("the record can be written");
        return;
    }
    let recorded = std::fs::read_to_string(&record).expect("the record can be read");
    let recorded = recorded.lines().filter_map(|line| line.split_once(' '));
    let recorded: BTreeMap<_, f64> = recorded
        .map(|(row, count)| (row.to_owned(), count.trim().parse().expect("a number")))
        .collect();
    let grown: Vec<_> = found
        .iter()
        .filter(|(row, _)| HOT.contains(&row.as_str()))
        .map(|(row, &count)| (row, recorded[row], count))
        .filter(|&(_, before, now)| now > most(before))
        .map(|(row, before, now)| format!("{row}: {now} instructions, recorded {before}"))
        .collect();
    assert!(grown.is_empty(), "{}", grown.join("\n"));
}

/// Instructions per call, by what callgrind wrote.
fn count(file: &str) -> f64 {
    let summary = file.lines().find_map(|line| line.strip_prefix("summary: "));
    let summary: u64 = summary.expect("a summary").trim().parse().expect("a number");
    #[expect(clippy::cast_precision_loss, reason = "instructions of a thousand calls")]
    let calls = summary.div_euclid(CALLS) as f64;
    calls
}

fn text(counts: &BTreeMap<String, f64>) -> String {
    counts.iter().fold(String::new(), |mut text, (row, count)| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{row} {count}");
        text
    })
}
