//! One client, who may say anything.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use gtramp::Selector;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::lease::{self, Client, Request};
use crate::protocol::{self, Ask, Reply};

/// A question is no longer than this, in bytes.
const LONGEST: u64 = 64 * 1024;
/// So long a question may take to arrive, and an answer to be taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads a question and answers it.
pub(super) fn serve(stream: UnixStream, who: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = Vec::new();
    BufReader::new(&stream).take(LONGEST).read_until(b'\n', &mut line)?;
    let mut peer = Peer { writer: BufWriter::new(&stream), stream: &stream };
    let wrong = |message: String| Reply::Wrong { message, column: None };
    if !line.ends_with(b"\n") {
        peer.tell(&wrong(format!("expected one line of at most {LONGEST} bytes")))?;
        return peer.writer.flush();
    }
    match serde_json::from_slice::<Ask>(&line) {
        Err(error) => peer.tell(&wrong(format!("not a question: {error}")))?,
        Ok(ask) => answer(ask, who, &mut peer)?,
    }
    peer.writer.flush()
}

fn answer(ask: Ask, peer: &str, client: &mut Peer<'_>) -> io::Result<()> {
    match ask {
        Ask::Hello => client.tell(&Reply::Hello {
            pid: std::process::id(),
            name: protocol::program(),
            functions: gtramp::functions().len(),
            leases: lease::all().len(),
        }),
        Ask::List { glob } => list(glob.as_deref(), client),
        Ask::Run { program, seconds, who, records } => {
            let who = if who.is_empty() { peer.to_owned() } else { format!("{who} ({peer})") };
            lease::run(Request { program, seconds, who, records }, client)
        }
        Ask::Leases => {
            lease::all().into_iter().try_for_each(|lease| client.tell(&Reply::Lease(lease)))?;
            client.tell(&Reply::Done)
        }
        Ask::Dump { lease } => {
            let asked = lease::dump(lease, &format!("{peer} has asked for it"));
            if asked == 0 {
                let message = match lease {
                    Some(id) => format!("there is no lease {id} that keeps something"),
                    None => "no lease keeps something: `trace() keep 4MiB` does".to_owned(),
                };
                return client.tell(&Reply::Wrong { message, column: None });
            }
            client.tell(&Reply::Note { text: format!("{asked} lease(s) tell what they keep") })?;
            client.tell(&Reply::Done)
        }
        Ask::Off { lease } => {
            let ended = lease::off(lease, &format!("switched off by {peer}"));
            if let (0, Some(id)) = (ended, lease) {
                let message = format!("there is no lease {id}");
                return client.tell(&Reply::Wrong { message, column: None });
            }
            client.tell(&Reply::Note { text: format!("{ended} lease(s) switched off") })?;
            client.tell(&Reply::Done)
        }
    }
}

fn list(glob: Option<&str>, client: &mut Peer<'_>) -> io::Result<()> {
    let selected = Selector::from(glob.unwrap_or("**")).resolve();
    let functions = match selected {
        Ok(functions) => functions,
        // There are none at all.
        Err(gtramp::Error::NoMatch { .. }) if glob.is_none() => Vec::new(),
        Err(error) => {
            return client.tell(&Reply::Wrong { message: error.to_string(), column: None });
        }
    };
    let leases = lease::by_function();
    for function in functions {
        let signature = function.signature();
        let signature = signature.find('(').map_or(signature, |open| &signature[open..]);
        client.tell(&Reply::Function(protocol::Function {
            path: function.instance().to_owned(),
            signature: signature.to_owned(),
            file: function.file().to_owned(),
            line: function.line(),
            copies: function.copies().count(),
            leases: leases.get(&core::ptr::from_ref(function)).cloned().unwrap_or_default(),
        }))?;
    }
    client.tell(&Reply::Done)
}

/// The other end of a connection.
struct Peer<'s> {
    stream: &'s UnixStream,
    writer: BufWriter<&'s UnixStream>,
}

impl Client for Peer<'_> {
    fn tell(&mut self, reply: &Reply) -> io::Result<()> {
        serde_json::to_writer(&mut self.writer, reply)?;
        self.writer.write_all(b"\n")
    }

    fn records(&mut self, words: &[u64]) -> io::Result<()> {
        self.tell(&Reply::Records { bytes: 8 * words.len() as u64 })?;
        words.iter().try_for_each(|word| self.writer.write_all(&word.to_le_bytes()))
    }

    fn wait(&mut self, time: Duration) -> io::Result<bool> {
        self.writer.flush()?;
        let time = Timespec::try_from(time).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut fds = [PollFd::from_borrowed_fd(self.stream.as_fd(), PollFlags::IN)];
        if poll(&mut fds, Some(&time)).unwrap_or(0) == 0 {
            return Ok(true);
        }
        // Whoever has asked has nothing more to say: it is gone, or talks nonsense.
        Err(io::ErrorKind::ConnectionReset.into())
    }
}
