//! The machine code that one call of a row runs: what the compiler made of the callers, the probes inlined
//! in them and the loop around. A record of it is kept, so that what a change does to it is seen.
//!
//! `GTRAMP_BLESS=1 cargo test --release -p gtramp-bench --test assembly` writes what it finds.

mod executed;
mod listing;
mod program;
#[path = "../support/mod.rs"]
mod support;

use std::fmt::Write as _;

use listing::Listing;
use program::Program;
use support::callgrind::{self, TRIGGER};

/// The rows whose code is kept.
const ROWS: [&str; 6] = ["fentry", "fentry-hash", "fentry-list2", "fexit", "both-spec", "fmodret"];

#[test]
#[cfg_attr(
    any(debug_assertions, not(all(target_os = "linux", target_arch = "x86_64"))),
    ignore = "the record is of release builds for Linux x86-64"
)]
fn calls_run_the_recorded_instructions() {
    let files = callgrind::run("assembly", &ROWS.join(","), &["--dump-instr=yes"]);
    let Some(files) = files else { return };
    let program = Program::read(TRIGGER);
    let record = support::record().join("assembly");
    let mut differing = String::new();
    for (row, file) in files.iter().filter(|(row, _)| ROWS.contains(&row.as_str())) {
        let found = text(row, &listing::listings(&program, &executed::instructions(file, TRIGGER)));
        let path = record.join(format!("{row}.txt"));
        if support::blessing() {
            std::fs::create_dir_all(&record).expect("the record can be written");
            std::fs::write(&path, found).expect("the record can be written");
            continue;
        }
        let recorded = std::fs::read_to_string(&path).expect("the record has the row");
        if first_line(&recorded) != first_line(&found) {
            eprintln!("{row}: recorded with another compiler, and not compared");
        } else if recorded != found {
            differing += &difference(row, &recorded, &found);
        }
    }
    assert!(
        differing.is_empty(),
        "calls run other instructions than recorded:\n{differing}\
         If that is meant: GTRAMP_BLESS=1 cargo test --release -p gtramp-bench --test assembly"
    );
}

fn first_line(text: &str) -> Option<&str> {
    text.lines().next()
}

/// Where two listings of a row begin to differ.
fn difference(row: &str, recorded: &str, found: &str) -> String {
    let count = |text: &str| text.lines().filter(|line| line.starts_with("    ")).count();
    let same = recorded.lines().zip(found.lines()).take_while(|(was, is)| was == is).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("the end").trim().to_owned();
    format!(
        "{row}: {} instructions, recorded {}; line {} was `{}` and is `{}`\n",
        count(found),
        count(recorded),
        same + 1,
        line(recorded),
        line(found)
    )
}

/// The first line names the compiler: another one may choose otherwise.
fn text(row: &str, listings: &[Listing]) -> String {
    let mut text = format!("A call of the row {row}, with {}.\n", env!("GTRAMP_BENCH_TOOLCHAIN"));
    for Listing { name, lines } in listings {
        // Writing to a string does not fail.
        let _ = writeln!(text, "\n{name}:");
        for line in lines {
            let indent = if line.starts_with('.') { "  " } else { "    " };
            let _ = writeln!(text, "{indent}{line}");
        }
    }
    text
}
