//! Recordings: what is in them, and when they are written.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::panic::catch_unwind;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::{gtramp, recorded, refused, said};
use crate::wire::{message, messages, number, text};

fn scratch(name: &str) -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join(name).to_str().expect("it is text").to_owned();
    (file, folder)
}

#[gtramp::traceable]
mod perfetto {
    pub(super) fn outer(count: u32) -> u32 {
        (0..count).map(leaf).sum()
    }
    fn leaf(number: u32) -> u32 {
        number
    }
    pub(super) async fn life(number: u32) -> u32 {
        number
    }
}

#[test]
fn what_is_recorded_is_a_trace_of_perfetto() {
    let (file, _folder) = scratch("perfetto");
    recorded(&file, &["record", "-a", "-o", &file, "live::recorder::perfetto::*"], || {
        assert_eq!(perfetto::outer(3), 3);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let life = std::pin::pin!(perfetto::life(7));
        assert!(life.poll(&mut context).is_ready());
    });
    let output = gtramp(&["export", "--perfetto", &file]).output().expect("it runs");
    assert!(output.status.success());
    let packets = messages(&message(&output.stdout), 1);
    let (mut names, mut threads, mut lives) = (BTreeMap::new(), Vec::new(), Vec::new());
    let mut open: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let (mut slices, mut last) = (Vec::new(), 0);
    for packet in &packets {
        assert_eq!(number(packet, 10), Some(1), "all are of one sequence");
        for interned in messages(packet, 12).iter().flat_map(|data| messages(data, 2)) {
            names.insert(number(&interned, 1), text(&interned, 2).expect("it has a name"));
        }
        for track in messages(packet, 60) {
            match (messages(&track, 4).as_slice(), text(&track, 2)) {
                ([thread], _) => threads.push((number(&track, 1), number(thread, 2))),
                (_, Some(name)) => lives.push((number(&track, 1), name)),
                _ => assert!(!messages(&track, 3).is_empty(), "{track:?}"),
            }
        }
        for event in messages(packet, 11) {
            let at = number(packet, 8).expect("it has a time");
            assert!(at >= last, "they are in the order of time");
            last = at;
            let track = number(&event, 11).expect("it is on a track");
            let stack = open.entry(track).or_default();
            match number(&event, 9) {
                Some(1) => {
                    let name = names[&number(&event, 10)]
                        .rsplit("::")
                        .next()
                        .expect("it is a path")
                        .to_owned();
                    let notes = messages(&event, 4);
                    let notes = notes.iter().map(|note| (text(note, 10), text(note, 6)));
                    let args =
                        notes.filter_map(|(name, value)| (name? == "args").then_some(value?));
                    stack.push(name);
                    slices.push((stack.join(";"), args.collect::<String>()));
                }
                Some(2) => assert!(stack.pop().is_some(), "what ends has begun"),
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(open.values().all(Vec::is_empty), "{open:?}");
    let calls = ["outer", "outer;leaf", "outer;leaf", "outer;leaf", "life"];
    let args = ["count=3", "number=0", "number=1", "number=2", "number=7"];
    let expected: Vec<_> =
        calls.iter().zip(args).map(|(call, args)| ((*call).to_owned(), args.to_owned())).collect();
    assert_eq!(slices, expected);
    assert_eq!((threads.len(), lives.len()), (1, 1));
    assert!(lives[0].1.starts_with("live::recorder::perfetto::life"), "{lives:?}");
}

#[gtramp::traceable]
mod reported {
    pub(super) fn all(count: u32) -> Result<u32, u32> {
        (0..count).map(one).sum()
    }
    fn one(number: u32) -> Result<u32, u32> {
        if number == 4 { Err(number) } else { Ok(number) }
    }
}

#[test]
fn what_is_recorded_is_reported_by_function() {
    let (file, _folder) = scratch("report");
    recorded(&file, &["record", "-o", &file, "live::recorder::reported::*"], || {
        assert_eq!((reported::all(4), reported::all(9)), (Ok(6), Err(4)));
    });
    let report = said(&["report", &file]);
    let rows: Vec<Vec<&str>> =
        report.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][2..], ["2", "1", "live::recorder::reported::all"], "{report}");
    assert_eq!(rows[1][2..], ["9", "1", "live::recorder::reported::one"], "{report}");
    assert!(said(&["report", "-n", "1", &file]).contains("and 1 more"));
}

/// A recording that keeps what it has until there is a reason.
struct Flight {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
    lease: String,
}

impl Flight {
    fn begin(arguments: &[&str]) -> Self {
        let mut command = gtramp(arguments);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it runs");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let first = lines.next().expect("it says what is attached").expect("it is text");
        let lease = first.strip_prefix("lease ").and_then(|rest| rest.split(':').next());
        let lease = lease.expect("it is attached").to_owned();
        Self { child, lines, lease }
    }

    /// Why it has written what it kept; when this returns, it has.
    fn written(&mut self) -> String {
        let line = self.lines.next().expect("it says why").expect("it is text");
        assert!(line.contains("told what was kept"), "{line}");
        line
    }

    fn end(mut self) {
        said(&["off", &self.lease]);
        self.lines.for_each(drop);
        assert!(self.child.wait().expect("it ends").success());
    }
}

/// Arguments of all calls in a recording.
fn numbers(file: &str) -> Vec<String> {
    let graph = said(&["export", "--graph", file]);
    let calls = graph.lines().filter_map(|line| line.split_once("(_number="));
    calls.map(|(_, rest)| rest.split([')', ',']).next().unwrap_or_default().to_owned()).collect()
}

#[gtramp::traceable]
mod kept {
    pub(super) fn asked(_number: u32) {}
    pub(super) fn panics(_number: u32) {
        assert!(_number != 3, "three");
    }
    pub(super) fn slow(_number: u32, milliseconds: u64) {
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
    }
    pub(super) fn often(_number: u32) {}
}

#[test]
fn what_is_kept_is_written_when_somebody_asks_and_only_once() {
    let (file, _folder) = scratch("asked");
    let functions = "live::recorder::kept::asked";
    let mut flight = Flight::begin(&["record", "-a", "--keep", "1", "-o", &file, functions]);
    (0..3).for_each(kept::asked);
    said(&["dump", &flight.lease]);
    assert!(flight.written().contains("has asked"));
    assert_eq!(numbers(&file), ["0", "1", "2"]);
    kept::asked(7);
    said(&["dump", &flight.lease]);
    flight.written();
    assert_eq!(numbers(&file), ["0", "1", "2", "7"]);
    flight.end();
    assert!(refused(&["dump", "999999"]).contains("no lease 999999"));
}

#[test]
fn what_is_kept_is_written_when_a_call_panics() {
    let (file, _folder) = scratch("panics");
    let functions = "live::recorder::kept::panics";
    let mut flight = Flight::begin(&["record", "-a", "--keep", "1", "-o", &file, functions]);
    let calls = (0..4).filter(|number| catch_unwind(|| kept::panics(*number)).is_err());
    assert_eq!(calls.collect::<Vec<_>>(), [3]);
    assert!(flight.written().contains("kept::panics has panicked"));
    assert_eq!(numbers(&file), ["0", "1", "2", "3"]);
    flight.end();
}

#[test]
fn what_is_kept_is_written_when_a_call_is_slow() {
    let (file, _folder) = scratch("slow");
    let functions = "live::recorder::kept::slow";
    let slow = ["record", "-a", "--keep", "1", "--slow", "900", "-o", &file, functions];
    let mut flight = Flight::begin(&slow);
    kept::slow(1, 0);
    kept::slow(2, 950);
    assert!(flight.written().contains("kept::slow has panicked, or was slow"));
    assert_eq!(numbers(&file), ["1", "2"]);
    flight.end();
}

#[test]
fn what_is_kept_are_the_last_calls_as_many_as_there_is_room_for() {
    let (file, _folder) = scratch("often");
    let functions = "live::recorder::kept::often";
    let arguments = ["record", "-a", "--budget", "100", "--keep", "1", "-o", &file, functions];
    let mut flight = Flight::begin(&arguments);
    (0..60_000).for_each(kept::often);
    said(&["dump", &flight.lease]);
    flight.written();
    let kept = numbers(&file);
    // A record of an argument has seven words.
    assert!((15_000..22_000).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept.last().map(String::as_str), Some("59999"));
    assert_eq!(kept[0], (60_000 - kept.len()).to_string());
    flight.end();
}

#[test]
fn a_full_disk_is_said_and_ends_the_recording() {
    let full = Path::new("/dev/full");
    if full.exists() {
        let program = ["record", "-o", "/dev/full", "live::recorder::reported::*", "-d", "60"];
        let mut child = gtramp(&program).stderr(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut lease = None;
        let mut said_so = false;
        for line in lines {
            let line = line.expect("it is text");
            if let Some(rest) = line.strip_prefix("lease ") {
                lease = rest.split(':').next().map(str::to_owned);
                said(&["off", lease.as_deref().expect("it has a number")]);
            }
            said_so |= line.contains("cannot write /dev/full");
        }
        assert!(!child.wait().expect("it ends").success() && said_so && lease.is_some());
    }
}

#[gtramp::traceable]
mod many {
    pub(super) fn call(number: u64) -> u64 {
        number
    }
}

#[test]
fn more_threads_than_have_places_of_their_own_are_counted_exactly_and_their_losses_told() {
    const THREADS: u64 = 100;
    const CALLS: u64 = 200;
    let (file, _folder) = scratch("many");
    let counting = crate::support::attached(
        "live::recorder::many::call { @ = count(); @sum = sum(number); @hist = hist(number) }",
    );
    let arguments = ["record", "--budget", "100", "-o", &file, "live::recorder::many::call"];
    let told = recorded(&file, &arguments, || {
        let all = std::sync::Barrier::new(usize::try_from(THREADS).expect("they are few"));
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    all.wait();
                    (0..CALLS).for_each(|number| assert_eq!(many::call(number), number));
                    all.wait();
                });
            }
        });
    });
    let found = counting.off();
    let counts: Vec<u64> = found.tables.iter().map(|table| table.rows[0].count).collect();
    assert_eq!(counts, [THREADS * CALLS; 3]);
    let sum = i64::try_from(THREADS * (CALLS * (CALLS - 1) / 2)).expect("it is small");
    assert_eq!(found.tables[1].rows[0].sum, sum);
    let report = said(&["report", &file]);
    let row = report.lines().find(|line| line.ends_with("many::call")).expect("it is there");
    let calls: u64 = row.split_whitespace().nth(2).and_then(|calls| calls.parse().ok()).expect(row);
    let lost = told.split(", ").find_map(|part| part.split_once(" LOST"));
    let lost: u64 = lost.map_or(0, |(lost, _)| lost.parse().expect("it is a number"));
    assert_eq!(calls + lost, THREADS * CALLS, "{told}");
}
