//! Fifteen questions to a service that has one line for them in its `main`, while it works; the answers are what it
//! has counted itself.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::support::{Found, Running, listening};

#[path = "../../../live/examples/service.rs"]
mod service;

#[test]
#[ignore = "the service that is asked"]
fn program() {
    service::main();
}

/// The service, and where it listens.
struct Service {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
    socket: PathBuf,
    folder: tempfile::TempDir,
}

impl Service {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let socket = folder.path().join("service.sock");
        let mut command = Command::new(std::env::current_exe().expect("it has a path"));
        command.args(["--exact", "questions::program", "--ignored", "--nocapture"]);
        command.env("GTRAMP_SOCKET", &socket).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let says = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut service = Self { child, says, socket, folder };
        // It listens before it works.
        service.works(1);
        service
    }

    /// Has each client make so many requests; what the service has counted since it began.
    fn works(&mut self, requests: u64) -> BTreeMap<String, u64> {
        let stdin = self.child.stdin.as_mut().expect("it is piped");
        writeln!(stdin, "{requests}").expect("it listens");
        let line = self.says.find_map(|line| {
            let line = line.expect("it is text");
            line.split_once("Counts { ").map(|(_, counts)| counts.trim_end_matches(" }").to_owned())
        });
        let line = line.expect("it says what it has counted");
        let counts = line.split(", ").map(|count| count.split_once(": ").expect("name and number"));
        counts.map(|(name, count)| (name.to_owned(), count.parse().expect("a number"))).collect()
    }

    fn gtramp(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gtramp"));
        command.arg("--socket").arg(&self.socket).args(arguments);
        command
    }

    fn said(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.gtramp(arguments).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Asks; when this returns, the question is attached.
    fn ask(&self, arguments: &[&str]) -> Running {
        listening(self.gtramp(arguments).args(["--json", "--budget", "100"]))
    }

    fn answer(&self, asked: Running) -> Found {
        self.said(&["off", &asked.lease.to_string()]);
        asked.found()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // At the end of its input it ends.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What `gtramp top` shows on a terminal.
struct Screen {
    child: Child,
    shown: BufReader<ChildStdout>,
}

impl Screen {
    fn of_top(service: &Service) -> Self {
        let gtramp = env!("CARGO_BIN_EXE_gtramp");
        let socket = service.socket.to_str().expect("it is text");
        let top = format!("exec {gtramp} --socket {socket} --budget 100 top '{BANK}'");
        let mut script = Command::new("script");
        script.args(["-qefc", &format!("stty rows 30 cols 120; {top}"), "/dev/null"]);
        let mut child =
            script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
        let shown = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut screen = Self { child, shown };
        // It is attached when it draws.
        screen.shows("FUNCTION");
        screen
    }

    /// Waits until this is drawn.
    fn shows(&mut self, what: &str) {
        let mut drawn = Vec::new();
        while !drawn.ends_with(what.as_bytes()) {
            let mut byte = [0];
            let read = self.shown.read_exact(&mut byte);
            assert!(read.is_ok(), "{what}: {}", String::from_utf8_lossy(&drawn));
            drawn.push(byte[0]);
        }
    }

    fn closed_by(mut self, key: &str) {
        let mut stdin = self.child.stdin.take().expect("it is piped");
        stdin.write_all(key.as_bytes()).expect("it listens");
        let mut rest = Vec::new();
        self.shown.read_to_end(&mut rest).expect("it ends");
        assert!(self.child.wait().expect("it ends").success());
    }
}

const SERVICE: &str = "live::questions::service::**";
const BANK: &str = "live::questions::service::bank::**";
const TRANSFER: &str = "live::questions::service::bank::transfer";
const COURIER: &str = "live::questions::service::courier::**";

fn path(name: &str) -> String {
    format!("live::questions::service::{name}")
}

/// The rows of one table, by key: count, sum and largest.
fn rows(found: &Found, name: &str) -> BTreeMap<String, (u64, i64, i64)> {
    let table = found.tables.iter().find(|table| table.name == name).expect("it is told");
    let rows = table.rows.iter();
    rows.map(|row| (row.key.join(" "), (row.count, row.sum, row.max))).collect()
}

#[test]
fn fifteen_questions_are_answered_as_the_service_has_counted() {
    let mut service = Service::start();
    let recording = service.folder.path().join("calls").to_str().expect("it is text").to_owned();
    let before = service.works(0);

    let count = service.ask(&["count", BANK]);
    let of_eve = service.ask(&["count", TRANSFER, "-w", "from == \"eve\""]);
    let errors = service.ask(&["errors", TRANSFER]);
    let slow = service.ask(&["slow", "-m", "10", TRANSFER]);
    let hist = service.ask(&["hist", "-F", BANK]);
    let run = |program: &str| service.ask(&["run", program]);
    let amounts = run(&format!("{TRANSFER} {{ @ = sum(amount); @most[from] = max(amount) }}"));
    let fees = run(&format!("{} {{ @ = sum(ret) }}", path("bank::fee")));
    let threads = run(&format!("{TRANSFER} {{ @[thread] = count() }}"));
    let outcomes = run(&format!("{TRANSFER} {{ @[err] = count() }}"));
    let request = run(&format!("{SERVICE} in req=\"ann-7\" {{ @[func] = count() }}"));
    let lives = run(&format!("{COURIER}.life {{ @[cancelled] = count(); @polls = sum(polls) }}"));
    let one = run(&format!("{TRANSFER} /from == \"ann\" && amount == 7/ {{ print(args, ret) }}"));
    let graph = service.ask(&["graph", "-w", "depth < 9", BANK]);
    let mut top = Screen::of_top(&service);
    let mut record =
        service.gtramp(&["record", "-a", "-o", &recording, "--budget", "100", SERVICE]);
    let mut record = record.stderr(Stdio::piped()).spawn().expect("it runs");
    let mut about = BufReader::new(record.stderr.take().expect("it is piped")).lines();
    let first = about.next().expect("it says what is attached").expect("it is text");
    let lease = first.strip_prefix("lease ").and_then(|rest| rest.split(':').next());

    let after = service.works(200);
    let has = |name: &str| after[name] - before[name];
    let signed = |name: &str| i64::try_from(has(name)).expect("it is small");
    let accepted = has("requests") - has("denied");

    // 1. What can be traced?
    let listed = String::from_utf8(service.said(&["list", SERVICE])).expect("it is text");
    assert_eq!(listed.lines().filter(|line| line.contains("lease")).count(), 7, "{listed}");
    // 2. How often is each function called?
    let counted = rows(&service.answer(count), "");
    assert_eq!(counted[&path("bank::transfer")].0, has("requests"));
    assert_eq!(counted[&path("bank::fee")].0, has("requests"));
    assert_eq!(counted[&path("bank::Ledger::post")].0, accepted);
    assert_eq!(counted[&path("bank::Ledger::balance")].0, has("requests") + has("denied"));
    // 3. How often for one account?
    assert_eq!(service.answer(of_eve).counts(), [(TRANSFER.to_owned(), has("of_eve"))]);
    // 4. What fails, how, and for whom?
    let failed = service.answer(errors);
    assert_eq!(failed.counts(), [(TRANSFER.to_owned(), has("denied"))]);
    let texts = |event: &gtramp_live::protocol::Event| {
        let value =
            |name| event.values.iter().find(|(of, _)| of == name).map(|(_, text)| text.clone());
        (value("args").unwrap_or_default(), value("ret").unwrap_or_default())
    };
    for (args, ret) in failed.events.iter().map(texts) {
        assert!(args.contains("amount=") && ret.starts_with("Err(Balance("), "{args} {ret}");
    }
    // 5. What is slow?
    let slow = service.answer(slow).events;
    assert!(slow.iter().all(|event| event.latency >= 10_000_000), "{slow:?}");
    // Others may have had to wait for the processor.
    assert!(slow.len() as u64 >= has("slow") && has("slow") > 0, "{slow:?}");
    // 6. How are latencies distributed?
    let latencies = rows(&service.answer(hist), "");
    assert_eq!(latencies[&path("bank::transfer")].0, has("requests"));
    assert!(latencies[&path("bank::transfer")].2 >= 12_000_000);
    // 7. How much is asked for, in all and at most?
    let amounts = service.answer(amounts);
    assert_eq!(rows(&amounts, "")[""].1, signed("amount"));
    assert_eq!(rows(&amounts, "most")["eve"].2, 199);
    // 8. What do results add up to? Those that were denied have a fee as well.
    assert!(rows(&service.answer(fees), "")[""].1 >= signed("fees"));
    // 9. Who calls?
    let threads = rows(&service.answer(threads), "");
    assert_eq!(threads["client-ann"].0 + threads["client-bob"].0, has("requests"));
    // 10. How many fail?
    let outcomes = rows(&service.answer(outcomes), "");
    assert_eq!((outcomes["true"].0, outcomes["false"].0), (has("denied"), accepted));
    // 11. What does one request do, on all its threads?
    let steps = rows(&service.answer(request), "");
    let expected = ["bank::Ledger::balance", "bank::Ledger::post", "bank::fee", "bank::transfer"];
    let expected = expected.iter().chain(&["courier::deliver", "courier::stamp"]);
    assert_eq!(
        steps.keys().cloned().collect::<Vec<_>>(),
        expected.map(|name| path(name)).collect::<Vec<_>>()
    );
    assert!(steps.values().all(|step| step.0 == 1), "{steps:?}");
    // 12. Which tasks are given up, and how often is each polled?
    let lives = service.answer(lives);
    assert_eq!(rows(&lives, "")["true"].0, has("cancelled"));
    assert_eq!(rows(&lives, "")["false"].0, has("delivered"));
    assert_eq!(rows(&lives, "polls")[""].1, signed("polls"));
    // 13. What was one call like?
    let [call] = &service.answer(one).events.iter().map(texts).collect::<Vec<_>>()[..] else {
        panic!("there is one")
    };
    assert!(call.0.contains("from=\"ann\", to=\"bob\", amount=7"), "{call:?}");
    assert_eq!(call.1, "Ok(0)");
    // 14. What happens within calls, and which functions take the time?
    let within = service.answer(graph);
    let roots = within.events.iter().filter(|event| event.depth == 0);
    assert_eq!(roots.filter(|event| event.func == TRANSFER).count() as u64, has("requests"));
    let all: u64 = counted.values().map(|row| row.0).sum();
    assert_eq!(within.events.len() as u64, all);
    top.shows("bank::Ledger::balance");
    top.closed_by("q");
    // 15. All of it, for later.
    service.said(&["off", lease.expect("it is attached")]);
    about.for_each(drop);
    assert!(record.wait().expect("it ends").success());
    let stamps = has("delivered");
    let calls = all + stamps + has("delivered") + has("cancelled");
    let chrome: Value = serde_json::from_slice(&service.said(&["export", "--chrome", &recording]))
        .expect("it is JSON");
    assert_eq!(chrome["traceEvents"].as_array().expect("it has events").len() as u64, calls);
    let report = String::from_utf8(service.said(&["report", &recording])).expect("it is text");
    let row = report.lines().find(|line| line.ends_with("bank::transfer")).expect("it is there");
    let row: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(row[2..4], [has("requests").to_string(), has("denied").to_string()], "{report}");
    let perfetto = service.said(&["export", "--perfetto", &recording]);
    let packets = crate::wire::messages(&crate::wire::message(&perfetto), 1);
    let slices = packets.iter().filter(|packet| packet.contains_key(&11)).count() as u64;
    assert_eq!(slices, 2 * calls);
}
