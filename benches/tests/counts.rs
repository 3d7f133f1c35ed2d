//! The instructions per call of the callers, as callgrind counts them: they are the same on every
//! machine, and must not grow. The record has all rows; those in `HOT` are compared with it.
//!
//! `GTRAMP_BLESS=1 cargo test --release -p gtramp-bench --test counts` writes what it finds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The rows that are counted.
const ROWS: &str = "plain,off,fentry*,fexit*,both*,fmodret*,jit*";

/// The rows whose counts are held to: those that users' calls go through most.
const HOT: [&str; 11] = [
    "off",
    "fentry",
    "fentry-spec",
    "fentry-closure",
    "fentry-multi",
    "fexit",
    "fexit-spec",
    "both",
    "both-spec",
    "fmodret",
    "fmodret-spec",
];

/// What a count may exceed the record by: an eighth. Into what units the compiler splits a crate, and so
/// what it inlines around a caller, depends on where the crate lies.
fn most(recorded: f64) -> f64 {
    recorded + (recorded / 8.0).ceil()
}

/// How many calls the program makes of each.
const CALLS: f64 = 1000.0;

#[test]
#[cfg_attr(
    any(debug_assertions, not(all(target_os = "linux", target_arch = "x86_64"))),
    ignore = "the record is of release builds for Linux x86-64"
)]
fn no_caller_has_grown() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is not installed: nothing was counted");
        return;
    }
    let record = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("record/x86_64-unknown-linux-gnu/instructions.txt");
    let found = count();
    if std::env::var_os("GTRAMP_BLESS").is_some() {
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

/// Instructions per call, by row.
fn count() -> BTreeMap<String, f64> {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("counts");
    // It may not be there yet.
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).expect("the target directory is writable");
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        // Code is written while the program runs, to pages of its file.
        .arg("--smc-check=all")
        .arg("--toggle-collect=gtramp_bench_counted")
        .arg("--dump-after=gtramp_bench_counted")
        .arg(format!("--callgrind-out-file={}", directory.join("out").display()))
        .arg(env!("CARGO_BIN_EXE_trigger"))
        .args(["--count", "--rows", ROWS])
        .output()
        .expect("valgrind runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("names of rows");
    let counts = names.lines().enumerate().map(|(index, row)| {
        // One file for each row, in their order.
        let file = directory.join(format!("out.{}", index + 1));
        let file = std::fs::read_to_string(file).expect("callgrind wrote it");
        let summary = file.lines().find_map(|line| line.strip_prefix("summary: "));
        let summary: f64 = summary.expect("a summary").trim().parse().expect("a number");
        (row.to_owned(), (summary / CALLS).floor())
    });
    counts.collect()
}

fn text(counts: &BTreeMap<String, f64>) -> String {
    counts.iter().fold(String::new(), |mut text, (row, count)| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{row} {count}");
        text
    })
}
