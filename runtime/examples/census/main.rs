//! A census of real Rust code: what do functions look like, and how many of them could gtramp
//! trace?
//!
//! `cargo run --release --example census` reads every Rust file of the workspace and of all its
//! dependencies on two threads, and tells at the end how many arguments functions have, how many
//! are generic, `async`, methods, and so on.
//!
//! All the while it is traced by itself. Its functions carry `#[traceable]`; probes are attached to
//! all of them and to some of them, count and time the calls, make the program postpone large
//! files, and come and go while the threads work. The program also keeps counts of its own, and at
//! the end both must agree.
//!
//! - [`code`] does the work, and knows nothing of probes;
//! - [`trace`] has the probes, and attaches and detaches them in [`trace::phases`];
//! - [`report`] prints.

mod code;
mod options;
mod report;
mod trace;

use std::collections::HashSet;
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use code::crew::Crew;
use code::sources;
use options::{Options, USAGE};
use trace::log::Log;
use trace::phases::Phases;
use trace::stopwatch;
use trace::whole_run::WholeRun;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let options = match Options::from_args() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("census: {error} (try --help)");
            return ExitCode::from(2);
        }
    };
    match census(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("census: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does everything; whether the probes' counts equal the program's own.
fn census(options: &Options) -> Result<bool> {
    let started = Instant::now();
    let bar = progress_bar()?;
    let mut log = Log::default();

    let whole_run = WholeRun::attach(&mut log)?;
    let crew = Crew::start(options.threads, &bar)?;
    let mut phases = Phases { crew: &crew, bar: &bar, log: &mut log };
    let files = phases
        .timed("finding the files", |_| sources::find(options.root.as_deref(), options.limit))?;
    let packages: HashSet<_> = files.iter().map(|file| file.package.name.clone()).collect();
    bar.set_length(files.len() as u64);
    phases.run(files)?;
    bar.finish_and_clear();

    let work = crew.finish();
    let answer = report::survey::answer(&work, packages.len());
    whole_run.finish(&work, &mut log);
    stopwatch::flush();

    let report = [
        answer,
        report::tracing::functions(&log).to_string(),
        report::tracing::checks(&log).to_string(),
        report::tracing::timings(&log) + &report::tracing::disagreements(&log),
    ];
    let (time, threads) = (started.elapsed(), options.threads);
    let verdict = if log.agrees() { "yes" } else { "no" };
    let mut out = std::io::stdout();
    writeln!(out, "{}\n", report.join("\n\n"))?;
    writeln!(out, "{time:.1?} in all, with {threads} threads")?;
    writeln!(out, "probe counts equal the program's own counts: {verdict}")?;
    Ok(log.agrees())
}

/// Shown while the files are read, if standard error is a terminal.
fn progress_bar() -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files  {msg}")?;
    Ok(ProgressBar::new(0).with_style(style))
}
