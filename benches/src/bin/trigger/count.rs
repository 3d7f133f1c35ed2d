//! Running rows under callgrind, which counts the instructions of [`gtramp_bench_counted`].

use std::error::Error;
use std::io::Write as _;

use gtramp_bench::row::{Row, Run};

/// How many calls are counted.
const CALLS: u64 = 1000;

/// Calls every row so often, and prints its name before.
///
/// # Errors
///
/// The standard output is closed.
pub(crate) fn count(rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for row in rows {
        let Ok(armed) = (row.setup)() else { continue };
        // The first call of a thread registers it.
        (armed.run)(CALLS);
        writeln!(out, "{}", row.name)?;
        gtramp_bench_counted(armed.run, CALLS);
    }
    Ok(())
}

/// What callgrind is told to look at, by this name.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[inline(never)]
fn gtramp_bench_counted(run: Run, calls: u64) -> u64 {
    run(calls)
}
