//! A program that nobody asks for over the socket, but the environment.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::export::Shown;
use crate::lease::{Client, Request, run};
use crate::protocol::Reply;

/// The thread that runs it. Dropping this ends the lease and writes what it has found.
#[derive(Debug)]
pub(crate) struct Unasked {
    thread: Option<JoinHandle<()>>,
    ending: Option<Sender<()>>,
    process: u32,
}

impl Unasked {
    /// Runs it; when this returns, it is attached or refused.
    pub(crate) fn start(program: String, output: Option<PathBuf>) -> io::Result<Self> {
        let out: Box<dyn Write + Send> = match output {
            Some(path) => Box::new(BufWriter::new(File::create(path)?)),
            None => Box::new(io::stderr()),
        };
        let (ending, end) = channel();
        let (attached, is_attached) = channel();
        let thread = Builder::new().name("gtramp-live".to_owned()).spawn(move || {
            let _unprobed = gtramp::ignore_current_thread();
            let mut writer = Writer { out, shown: Shown::new(None), end, attached, failed: false };
            let request = Request::of_environment(program);
            // Who cannot write has been told so.
            let _ = run(request, &mut writer);
        })?;
        // Refused, if nothing comes.
        let _ = is_attached.recv();
        Ok(Self { thread: Some(thread), ending: Some(ending), process: std::process::id() })
    }
}

impl Drop for Unasked {
    fn drop(&mut self) {
        self.ending = None;
        // In a child of a fork the thread is the parent's.
        if self.process == std::process::id()
            && let Some(thread) = self.thread.take()
        {
            // It has panicked, and said so.
            let _ = thread.join();
        }
    }
}

struct Writer {
    out: Box<dyn Write + Send>,
    shown: Shown,
    end: Receiver<()>,
    attached: Sender<()>,
    /// It cannot be written: what is found from then on is lost.
    failed: bool,
}

impl Client for Writer {
    fn tell(&mut self, reply: &Reply) -> io::Result<()> {
        let mut about = Vec::new();
        let written = match reply {
            Reply::Wrong { message, column } => {
                let column = column.map_or_else(String::new, |column| format!("column {column}: "));
                writeln!(about, "gtramp: GTRAMP is not run: {column}{message}")
            }
            reply => self.shown.reply(&mut self.out, &mut about, reply),
        };
        let written = written.and_then(|()| self.out.write_all(&about));
        // Nobody waits for it any more, after the first.
        let _ = self.attached.send(());
        self.checked(written)
    }

    fn records(&mut self, _: &[u64]) -> io::Result<()> {
        // It has not asked for any.
        Ok(())
    }

    fn wait(&mut self, time: Duration) -> io::Result<bool> {
        let flushed = self.out.flush();
        self.checked(flushed)?;
        Ok(self.end.recv_timeout(time) != Err(RecvTimeoutError::Disconnected))
    }
}

impl Writer {
    /// Says once that it cannot be written.
    fn checked(&mut self, written: io::Result<()>) -> io::Result<()> {
        if let Err(error) = &written
            && !std::mem::replace(&mut self.failed, true)
        {
            eprintln!("gtramp: what GTRAMP finds cannot be written, and is switched off: {error}");
        }
        written
    }
}
