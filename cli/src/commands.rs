//! What each subcommand does.

use std::io::{BufWriter, Write, stderr, stdout};

use anyhow::Result;
use clap::CommandFactory as _;
use gtramp_live::export::Shown;
use gtramp_live::protocol::{Ask, Reply};

use crate::connect::{Answers, reachable, socket};
use crate::options::{Command, Common, Options};
use crate::{record, top};

/// Does what was written.
pub(crate) fn run(Options { common, command }: Options) -> Result<()> {
    let show = |program: String| attended(&program, &common);
    match command {
        Command::Ps => ps(&common),
        Command::List { glob } => tell(&Ask::List { glob }, &common),
        Command::Run { program } => show(program),
        Command::Count { which } => show(which.program(None, "@[func] = count()")),
        Command::Hist { which, functions } => {
            let keys = if functions { "[func]" } else { "" };
            show(which.program(None, &format!("@{keys} = hist(latency)")))
        }
        Command::Slow { min, stack, which } => {
            let stack = if stack { ", stack" } else { "" };
            let slow = format!("latency >= {min}ms");
            show(which.program(Some(&slow), &format!("print(func, latency{stack})")))
        }
        Command::Errors { which } => {
            let actions = "@[func] = count(); print(func, args, ret, latency)";
            show(which.program(Some("(err || panic)"), actions))
        }
        Command::Trace { args, stack, max, which } => {
            let (args, stack) =
                (if args { ", args, ret" } else { "" }, if stack { ", stack" } else { "" });
            let actions = format!("print(func{args}, latency{stack})");
            show(format!("{} max {max}", which.program(None, &actions)))
        }
        Command::Graph { deep, min, which } => record::graph(&deep.program(&which), min, &common),
        Command::Top { which } => top::top(&which, &common),
        Command::Record { output, deep, flight, which } => {
            let program = format!("{}{}", deep.program(&which), flight.limits());
            record::record(&program, &output, &common)
        }
        Command::Report { file } => record::report(&file, common.rows),
        Command::Export { file, form } => record::export(&file, &form),
        Command::Dump { lease } => tell(&Ask::Dump { lease }, &common),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Options::command(), "gtramp", &mut stdout());
            Ok(())
        }
        Command::Leases => tell(&Ask::Leases, &common),
        Command::Off { lease, .. } => tell(&Ask::Off { lease }, &common),
    }
}

fn ps(common: &Common) -> Result<()> {
    let mut out = BufWriter::new(stdout().lock());
    if !common.json {
        writeln!(out, "{:>8}  {:<24} {:>9} {:>6}", "PID", "PROGRAM", "FUNCTIONS", "LEASES")?;
    }
    for (_, hello) in reachable()? {
        match hello {
            hello if common.json => writeln!(out, "{}", serde_json::to_string(&hello)?)?,
            Reply::Hello { pid, name, functions, leases } => {
                writeln!(out, "{pid:>8}  {name:<24} {functions:>9} {leases:>6}")?;
            }
            _ => {}
        }
    }
    Ok(out.flush()?)
}

/// Asks something that is answered at once.
fn tell(ask: &Ask, common: &Common) -> Result<()> {
    let mut answers = Answers::to(ask, &socket(common)?, None)?;
    let mut out = BufWriter::new(stdout().lock());
    let mut shown = Shown::new(common.rows);
    loop {
        let (line, reply) = answers.next(None)?;
        match reply {
            Reply::Done => return Ok(out.flush()?),
            // What was asked for is not something about it.
            Reply::Lease(_) if !common.json => {
                let mut about = Vec::new();
                shown.reply(&mut Vec::new(), &mut about, &reply)?;
                out.write_all(&about)?;
            }
            _ if common.json => writeln!(out, "{line}")?,
            reply => shown.reply(&mut out, &mut stderr(), &reply)?,
        }
    }
}

/// Runs a program until its end, and shows what it finds.
fn attended(program: &str, common: &Common) -> Result<()> {
    let mut answers = ask(program, common)?;
    let mut out = BufWriter::new(stdout().lock());
    let mut shown = Shown::new(common.rows);
    loop {
        let (line, reply) = answers.next(Some(program))?;
        if common.json {
            writeln!(out, "{line}")?;
        } else {
            shown.reply(&mut out, &mut stderr(), &reply)?;
        }
        out.flush()?;
        if let Reply::End(_) = reply {
            return Ok(());
        }
    }
}

/// Asks for a program to be run.
pub(crate) fn ask(program: &str, common: &Common) -> Result<Answers> {
    ask_for(program, false, common)
}

/// As [`ask`], and whether traced calls are told as records.
pub(crate) fn ask_for(program: &str, records: bool, common: &Common) -> Result<Answers> {
    let who = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    let budget = common.budget.map_or_else(String::new, |budget| format!(" budget {budget}%"));
    let ask =
        Ask::Run { program: format!("{program}{budget}"), seconds: common.duration, who, records };
    Answers::to(&ask, &socket(common)?, None)
}
