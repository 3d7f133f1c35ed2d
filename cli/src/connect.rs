//! Finding a program and talking to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gtramp_live::protocol::{Ask, Reply};
use gtramp_live::{directory, socket_of};

use crate::options::Common;

/// So long a program may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// A question that was asked; its answers.
pub(crate) struct Answers {
    from: BufReader<UnixStream>,
}

impl Answers {
    /// Asks whoever listens there.
    pub(crate) fn to(ask: &Ask, socket: &Path, patience: Option<Duration>) -> Result<Self> {
        let whom = || format!("cannot reach {}", socket.display());
        let mut stream = UnixStream::connect(socket).with_context(whom)?;
        stream.set_read_timeout(patience)?;
        let mut line = serde_json::to_vec(ask)?;
        line.push(b'\n');
        stream.write_all(&line)?;
        Ok(Self { from: BufReader::new(stream) })
    }

    /// The next answer as it was said, and what it is.
    ///
    /// # Errors
    ///
    /// The program is gone, or refuses.
    pub(crate) fn next(&mut self, program: Option<&str>) -> Result<(String, Reply)> {
        let mut line = String::new();
        if self.from.read_line(&mut line).context("the program is gone")? == 0 {
            bail!("the program is gone");
        }
        let line = line.trim_end().to_owned();
        let reply = serde_json::from_str(&line)
            .with_context(|| format!("the program speaks another version: {line}"))?;
        if let Reply::Wrong { message, column } = reply {
            match (program, column) {
                (Some(program), Some(column)) => {
                    let blank = " ".repeat(column.saturating_sub(1));
                    bail!("column {column}: {message}\n  {program}\n  {blank}^")
                }
                _ => bail!(message),
            }
        }
        Ok((line, reply))
    }
}

impl Answers {
    /// The records that follow an answer.
    ///
    /// # Errors
    ///
    /// The program is gone.
    pub(crate) fn records(&mut self, bytes: u64) -> Result<Vec<u8>> {
        let mut records = Vec::new();
        let read = (&mut self.from).take(bytes).read_to_end(&mut records);
        if read.context("the program is gone")? as u64 != bytes {
            bail!("the program is gone");
        }
        Ok(records)
    }
}

/// The socket of the program that is meant.
pub(crate) fn socket(common: &Common) -> Result<PathBuf> {
    if let Some(socket) = &common.socket {
        return Ok(socket.clone());
    }
    if let Some(pid) = common.pid {
        let socket = socket_of(pid);
        if !socket.exists() {
            bail!(
                "process {pid} does not listen at {}: does it call gtramp_live::start(), and as this user?",
                socket.display()
            );
        }
        return Ok(socket);
    }
    match &reachable()?[..] {
        [(socket, _)] => Ok(socket.clone()),
        [] => {
            bail!("no program can be reached: does it call gtramp_live::start(), and as this user?")
        }
        several => {
            let names: Vec<String> = several
                .iter()
                .filter_map(|(_, hello)| match hello {
                    Reply::Hello { pid, name, .. } => Some(format!("-p {pid} ({name})")),
                    _ => None,
                })
                .collect();
            bail!("several programs can be reached; say which: {}", names.join(", "))
        }
    }
}

/// Every program of this user's that answers, and what it says of itself.
pub(crate) fn reachable() -> Result<Vec<(PathBuf, Reply)>> {
    let directory = directory();
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => bail!("{}: {error}", directory.display()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "sock") {
            continue;
        }
        // One that is gone, or does not answer in time, cannot be reached.
        let answer = Answers::to(&Ask::Hello, &path, Some(PATIENCE)).and_then(|mut a| a.next(None));
        if let Ok((_, hello)) = answer {
            found.push((path, hello));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}
