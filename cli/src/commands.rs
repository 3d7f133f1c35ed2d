//! What each subcommand does.

use std::io::{BufWriter, Write, stdout};

use anyhow::Result;
use gtramp_live::protocol::{Ask, Reply};

use crate::connect::{Answers, reachable, socket};
use crate::options::{Command, Common, Options};
use crate::show::{self, Shown};

pub(crate) fn run(Options { common, command }: Options) -> Result<()> {
    match command {
        Command::Ps => ps(&common),
        Command::List { glob } => tell(&Ask::List { glob }, &common),
        Command::Run { program } => program_(program, &common),
        Command::Count { which } => program_(which.program(None, "@[func] = count()"), &common),
        Command::Hist { which, functions } => {
            let keys = if functions { "[func]" } else { "" };
            program_(which.program(None, &format!("@{keys} = hist(latency)")), &common)
        }
        Command::Slow { min, stack, which } => {
            let stack = if stack { ", stack" } else { "" };
            let slow = format!("latency >= {min}ms");
            program_(which.program(Some(&slow), &format!("print(func, latency{stack})")), &common)
        }
        Command::Errors { which } => program_(
            which.program(Some("panic"), "@[func] = count(); print(func, args, latency)"),
            &common,
        ),
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
            _ if common.json => writeln!(out, "{line}")?,
            reply => shown.reply(&mut out, &reply)?,
        }
    }
}

/// Runs a program until its end.
fn program_(program: String, common: &Common) -> Result<()> {
    let who = show::user();
    let ask = Ask::Run { program: program.clone(), seconds: common.duration, who };
    let mut answers = Answers::to(&ask, &socket(common)?, None)?;
    let mut out = BufWriter::new(stdout().lock());
    let mut shown = Shown::new(common.rows);
    loop {
        let (line, reply) = answers.next(Some(&program))?;
        if common.json {
            writeln!(out, "{line}")?;
        } else {
            shown.reply(&mut out, &reply)?;
        }
        out.flush()?;
        if let Reply::End(_) = reply {
            return Ok(());
        }
    }
}
