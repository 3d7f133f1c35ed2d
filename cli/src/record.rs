//! Calls within calls: shown, kept in a file, and written for others.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write, stderr, stdout};
use std::path::Path;

use anyhow::{Context, Result};
use gtramp_live::export::{Forest, Node, Shown, chrome, folded, graph as write_tree};
use gtramp_live::protocol::{Event, Reply};

use crate::commands::ask;
use crate::options::{Common, Form};

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

/// Writes what is said to a file, line by line.
pub(crate) fn record(program: &str, output: &Path, common: &Common) -> Result<()> {
    let what = || format!("cannot write {}", output.display());
    let mut file = BufWriter::new(File::create(output).with_context(what)?);
    let mut answers = ask(program, common)?;
    let mut shown = Shown::new(common.rows);
    let mut calls = 0_u64;
    loop {
        let (line, reply) = answers.next(Some(program))?;
        writeln!(file, "{line}").with_context(what)?;
        match &reply {
            Reply::Event(_) => calls += 1,
            reply => shown.reply(&mut std::io::sink(), &mut stderr(), reply)?,
        }
        if let Reply::End(_) = reply {
            file.flush().with_context(what)?;
            eprintln!("{calls} calls in {}", output.display());
            return Ok(());
        }
    }
}

/// Writes what was recorded for others.
pub(crate) fn export(file: &Path, form: &Form) -> Result<()> {
    let what = || format!("cannot read {}", file.display());
    let lines = BufReader::new(File::open(file).with_context(what)?).lines();
    let mut calls: Vec<Event> = Vec::new();
    for (number, line) in lines.enumerate() {
        let line = line.with_context(what)?;
        let reply = serde_json::from_str(&line);
        let where_ = || format!("{}:{}: not a recording of gtramp", file.display(), number + 1);
        if let Reply::Event(call) = reply.with_context(where_)? {
            calls.push(call);
        }
    }
    let mut out = BufWriter::new(stdout().lock());
    if form.chrome {
        chrome(&mut out, 1, &calls)?;
        return Ok(out.flush()?);
    }
    let mut forest = Forest::default();
    let mut trees = forest.take_in(calls);
    trees.append(&mut forest.rest());
    if form.folded {
        folded(&mut out, &trees)?;
    } else {
        trees.iter().try_for_each(|tree| write_tree(&mut out, tree))?;
    }
    Ok(out.flush()?)
}
