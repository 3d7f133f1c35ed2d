//! The program that is asked, and the command that asks.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::OnceLock;

use gtramp_live::Live;
use gtramp_live::protocol::{End, Event, Reply, Table};

/// Where this program listens.
pub(crate) fn socket() -> &'static Path {
    static LIVE: OnceLock<Live> = OnceLock::new();
    let live = LIVE.get_or_init(|| {
        let name = format!("gtramp-test-{}.sock", std::process::id());
        gtramp_live::start_at(std::env::temp_dir().join(name)).expect("nobody else is there")
    });
    live.socket().expect("it listens")
}

/// The command `gtramp`, told whom to ask.
pub(crate) fn gtramp(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gtramp"));
    command.arg("--socket").arg(socket()).args(arguments);
    command
}

/// What it says, and that it succeeds.
pub(crate) fn said(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = gtramp(arguments).output().expect("it runs");
    let (stdout, stderr) = (text(&stdout), text(&stderr));
    assert!(status.success(), "{stdout}{stderr}");
    stdout
}

/// Why it refuses.
pub(crate) fn refused(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = gtramp(arguments).output().expect("it runs");
    let (stdout, stderr) = (text(&stdout), text(&stderr));
    assert!(!status.success(), "{stdout}{stderr}");
    stderr
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A program of the language that is attached.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) lease: u64,
    lines: Lines<BufReader<ChildStdout>>,
}

/// All that was said of it.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) tables: Vec<Table>,
    pub(crate) events: Vec<Event>,
    pub(crate) notes: Vec<String>,
    pub(crate) end: Option<End>,
}

/// Attaches a program; when this returns, it is.
pub(crate) fn attached(program: &str) -> Running {
    // These functions do nothing else than being looked at.
    attached_by(&["run", "--json", &format!("{program} budget 100%")])
}

/// As [`attached`], by another subcommand.
pub(crate) fn attached_by(arguments: &[&str]) -> Running {
    listening(&mut gtramp(arguments))
}

/// As [`attached`], by a command that asks for JSON.
pub(crate) fn listening(command: &mut Command) -> Running {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let first = lines.next().expect("it is told what is attached").expect("it is text");
    match serde_json::from_str(&first).expect("it is a reply") {
        Reply::Lease(lease) => Running { child, lease: lease.id, lines },
        other => panic!("{other:?}"),
    }
}

impl Running {
    /// Switches it off.
    pub(crate) fn off(self) -> Found {
        said(&["off", &self.lease.to_string()]);
        self.found()
    }

    /// Waits for its end.
    pub(crate) fn found(mut self) -> Found {
        let mut found = Found::default();
        for line in self.lines {
            match serde_json::from_str(&line.expect("it is text")).expect("it is a reply") {
                Reply::Table(table) => found.tables.push(table),
                Reply::Event(event) => found.events.push(event),
                Reply::Note { text } => found.notes.push(text),
                Reply::End(end) => found.end = Some(end),
                other => panic!("{other:?}"),
            }
        }
        assert!(self.child.wait().expect("it ends").success());
        found
    }
}

impl Found {
    /// The keys of the only table, and how often each was counted.
    pub(crate) fn counts(&self) -> Vec<(String, u64)> {
        let [table] = &self.tables[..] else { panic!("{:?}", self.tables) };
        table.rows.iter().map(|row| (row.key.join(" "), row.count)).collect()
    }

    pub(crate) fn why(&self) -> &str {
        &self.end.as_ref().expect("it says how it ended").why
    }
}

/// What a command that records says, during whose lease this is done.
pub(crate) fn recorded(file: &str, arguments: &[&str], during: impl FnOnce()) -> String {
    let mut command = gtramp(arguments);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it runs");
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let first = lines.next().expect("it is told what is attached").expect("it is text");
    let lease = first.strip_prefix("lease ").and_then(|rest| rest.split(':').next());
    during();
    self::said(&["off", lease.expect("it is attached")]);
    lines.for_each(|line| said += &line.expect("it is text"));
    assert!(child.wait().expect("it ends").success());
    assert!(said.contains(file), "{said}");
    said
}
