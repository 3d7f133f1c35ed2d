//! Prints the table: what a call costs, with every way of probing it.

mod cells;
mod check;
mod count;
mod rows;
mod target;

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use gtramp_bench::addresses;
use gtramp_bench::bulk;
use gtramp_bench::csv::csv;
use gtramp_bench::json::json;
use gtramp_bench::machine::Machine;
use gtramp_bench::measure::{Effort, measure};
use gtramp_bench::memory;
use gtramp_bench::report::Report;
use gtramp_bench::svg::svg;
use gtramp_bench::table::Table;
use gtramp_bench::together;
use lexopt::prelude::*;

const HELP: &str = "\
trigger: what a call costs, with every way of probing it

  --quick          fewer and shorter rounds: a look, in less than 40 seconds
  --rows PATTERN   the rows that match (as `fentry*`, several with commas), with their floors
  --json FILE      writes the table as JSON
  --csv FILE       writes it as comma-separated values
  --svg FILE       draws it as a bar chart
  --bulk           no rows: how long many functions take to attach to, two threads, memory
  --count          runs every row for the program callgrind, see tests/counts.rs
";

fn main() -> Result<(), Box<dyn Error>> {
    let Some(options) = Options::parse()? else { return Ok(()) };
    if !options.count {
        addresses::fix();
    }
    let machine = Machine::bind();
    let rows = if options.bulk { Vec::new() } else { rows::select(options.rows.as_deref()) };
    if rows.is_empty() && !options.bulk {
        return Err("no row matches".into());
    }
    if options.count {
        return count::count(&rows);
    }
    let effort = if options.quick { Effort::QUICK } else { Effort::FULL };
    let whole = options.rows.is_none();
    // First of all, because what is attached to for the first time stays.
    let memory = if whole { Some(memory::measure()?) } else { None };
    let measured = if options.bulk {
        Vec::new()
    } else {
        let measured = measure(&rows, effort, |round| {
            eprint!("\rround {} of {}", round + 1, effort.rounds);
        });
        eprintln!();
        measured
    };
    let mut report = Report::new(measured, None);
    if whole {
        report.attach = Some(bulk::measure(effort.rounds / 3)?);
        report.together = together::measure(effort.rounds / 3, &machine.allowed)?;
        report.memory = memory;
    }

    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", Table { report: &report, machine: &machine })?;
    write(options.json.as_deref(), || format!("{:#}\n", json(&report, &machine)))?;
    write(options.csv.as_deref(), || csv(&report, &machine))?;
    write(options.svg.as_deref(), || svg(&report, &machine))?;
    Ok(())
}

fn write(path: Option<&Path>, text: impl FnOnce() -> String) -> Result<(), Box<dyn Error>> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, text()).map_err(|error| format!("{}: {error}", path.display()).into())
}

#[derive(Default)]
struct Options {
    quick: bool,
    rows: Option<String>,
    json: Option<PathBuf>,
    csv: Option<PathBuf>,
    svg: Option<PathBuf>,
    bulk: bool,
    count: bool,
}

impl Options {
    fn parse() -> Result<Option<Self>, lexopt::Error> {
        let mut options = Self::default();
        let mut parser = lexopt::Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Long("quick") => options.quick = true,
                Long("rows") => options.rows = Some(parser.value()?.string()?),
                Long("json") => options.json = Some(parser.value()?.into()),
                Long("csv") => options.csv = Some(parser.value()?.into()),
                Long("svg") => options.svg = Some(parser.value()?.into()),
                Long("bulk") => options.bulk = true,
                Long("count") => options.count = true,
                Short('h') | Long("help") => {
                    print!("{HELP}");
                    return Ok(None);
                }
                _ => return Err(arg.unexpected()),
            }
        }
        Ok(Some(options))
    }
}
