//! Runs rows of the program `trigger` under callgrind.

use std::path::PathBuf;
use std::process::Command;

/// How many calls the program makes of each row.
pub(crate) const CALLS: u64 = 1000;

/// The program.
pub(crate) const TRIGGER: &str = env!("CARGO_BIN_EXE_trigger");

/// Rows by name, with what callgrind wrote about each; nothing where it is not installed.
///
/// `test` tells the callers apart, which may run at the same time.
pub(crate) fn run(test: &str, rows: &str, options: &[&str]) -> Option<Vec<(String, String)>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is not installed: nothing was looked at");
        return None;
    }
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
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
        .args(options)
        .arg(TRIGGER)
        .args(["--count", "--rows", rows])
        .output()
        .expect("valgrind runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("names of rows");
    let files = names.lines().enumerate().map(|(index, row)| {
        // One file for each row, in their order.
        let file = directory.join(format!("out.{}", index + 1));
        (row.to_owned(), std::fs::read_to_string(file).expect("callgrind wrote it"))
    });
    Some(files.collect())
}
