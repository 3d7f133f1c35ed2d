//! Calls within calls: shown, kept in a file, and written for others.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write, stderr, stdout};
use std::path::Path;

use anyhow::{Context, Result};
use gtramp_live::export::{
    Forest, Node, Recording, Shown, chrome, folded, graph as write_tree, records_in,
    report as write_report,
};
use gtramp_live::protocol::{Event, Reply};

use crate::commands::{ask, ask_for};
use crate::options::{Common, Form};
use crate::perfetto::perfetto;

/// Shows trees of calls as they end.
pub(crate) fn graph(program: &str, min: f64, common: &Common) -> Result<()> {
    let mut answers = ask(program, common)?;
    let mut out = BufWriter::new(stdout().lock());
    let mut shown = Shown::new(common.rows);
    let mut forest = Forest::default();
    let mut left = common.rows.unwrap_or(usize::MAX);
    #[expect(clippy::cast_precision_loss, reason = "it is compared with what somebody typed")]
    let is_long = |node: &&Node| node.call.latency as f64 >= min * 1e6;
    loop {
        let (line, reply) = answers.next(Some(program))?;
        if common.json {
            writeln!(out, "{line}")?;
        }
        let ended = matches!(reply, Reply::End(_));
        let whole = match reply {
            _ if common.json => Vec::new(),
            Reply::Event(call) => forest.take_in(vec![call]),
            reply => {
                let rest = if ended { forest.rest() } else { Vec::new() };
                shown.reply(&mut out, &mut stderr(), &reply)?;
                rest
            }
        };
        for tree in whole.iter().filter(is_long).take(left) {
            left -= 1;
            write_tree(&mut out, tree)?;
        }
        out.flush()?;
        if ended || left == 0 {
            return Ok(());
        }
    }
}

/// Writes what is said to a file, as it is said.
pub(crate) fn record(program: &str, output: &Path, common: &Common) -> Result<()> {
    let what = || format!("cannot write {}", output.display());
    let mut file = BufWriter::new(File::create(output).with_context(what)?);
    let mut answers = ask_for(program, true, common)?;
    let mut shown = Shown::new(common.rows);
    let mut calls = 0;
    loop {
        let (line, reply) = answers.next(Some(program))?;
        writeln!(file, "{line}").with_context(what)?;
        match &reply {
            Reply::Event(_) => calls += 1,
            Reply::Records { bytes } => {
                let records = answers.records(*bytes)?;
                calls += records_in(&records);
                file.write_all(&records).with_context(what)?;
            }
            Reply::Note { .. } => {
                // What was kept is in the file when it is said that it was told.
                file.flush().with_context(what)?;
                shown.reply(&mut std::io::sink(), &mut stderr(), &reply)?;
            }
            reply => shown.reply(&mut std::io::sink(), &mut stderr(), reply)?,
        }
        if let Reply::End(_) = reply {
            file.flush().with_context(what)?;
            eprintln!("{calls} calls in {}", output.display());
            return Ok(());
        }
    }
}

fn read(file: &Path) -> Result<Recording> {
    let what = || format!("cannot read {}", file.display());
    let bytes = BufReader::new(File::open(file).with_context(what)?);
    Recording::read(bytes).with_context(what)
}

fn trees(calls: Vec<Event>) -> Vec<Node> {
    let mut forest = Forest::default();
    let mut trees = forest.take_in(calls);
    trees.append(&mut forest.rest());
    trees
}

/// Writes what was recorded, by function.
pub(crate) fn report(file: &Path, rows: Option<usize>) -> Result<()> {
    let recording = read(file)?;
    let mut out = BufWriter::new(stdout().lock());
    write_report(&mut out, &trees(recording.calls), rows.unwrap_or(usize::MAX))?;
    Ok(out.flush()?)
}

/// Writes what was recorded for others.
pub(crate) fn export(file: &Path, form: &Form) -> Result<()> {
    let recording = read(file)?;
    let mut out = BufWriter::new(stdout().lock());
    match form {
        Form { chrome: true, .. } => chrome(&mut out, recording.names.pid, &recording.calls)?,
        Form { perfetto: true, .. } => perfetto(&mut out, &recording)?,
        Form { folded: true, .. } => folded(&mut out, &trees(recording.calls))?,
        _ => trees(recording.calls).iter().try_for_each(|tree| write_tree(&mut out, tree))?,
    }
    Ok(out.flush()?)
}
