//! Calls within calls, and how others read them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::support::{Found, attached_by, said};

#[gtramp::traceable]
mod traced {
    pub(super) fn outer(count: u32) -> u32 {
        (0..count).map(inner).sum()
    }
    fn inner(number: u32) -> u32 {
        leaf(number) + leaf(number)
    }
    fn leaf(number: u32) -> u32 {
        number
    }
}

/// What a recording of a few calls is.
fn recorded(name: &str) -> (String, tempfile::TempDir) {
    // Tests that record the same functions take turns: each would see the other's calls.
    static TURNS: Mutex<()> = Mutex::new(());
    let _turn = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join(name).to_str().expect("it is text").to_owned();
    let recorded = crate::support::recorded(
        &file,
        &["record", "-o", &file, "--args", "live::trees::traced::*"],
        || assert_eq!(traced::outer(3), 6),
    );
    assert!(recorded.contains("10 calls"), "{recorded}");
    (file, folder)
}

#[test]
fn what_is_recorded_opens_as_a_trace_of_chrome() {
    let (file, _folder) = recorded("chrome");
    let text = said(&["export", &file, "--chrome"]);
    let trace: Value = serde_json::from_str(&text).expect("it is JSON");
    let events = trace["traceEvents"].as_array().expect("it has events");
    let mut calls: BTreeMap<&str, u32> = BTreeMap::new();
    for event in events {
        assert_eq!(event["ph"], "X");
        assert!(event["ts"].as_f64().is_some() && event["dur"].as_f64().is_some(), "{event}");
        *calls.entry(event["name"].as_str().expect("it has a name")).or_default() += 1;
        assert!(
            event["args"]["args"].as_str().expect("they are asked for").contains('='),
            "{event}"
        );
    }
    let path = |name| format!("live::trees::traced::{name}");
    let expected = [(path("inner"), 3), (path("leaf"), 6), (path("outer"), 1)];
    assert!(calls.into_iter().eq(expected.iter().map(|(path, count)| (&**path, *count))));
}

#[test]
fn what_is_recorded_makes_a_flame_graph() {
    let (file, _folder) = recorded("folded");
    let text = said(&["export", &file, "--folded"]);
    let stacks: Vec<&str> =
        text.lines().map(|line| line.rsplit_once(' ').expect("a number ends it").0).collect();
    let [outer, inner, leaf] =
        ["outer", "inner", "leaf"].map(|name| format!("live::trees::traced::{name}"));
    assert_eq!(
        stacks,
        [outer.clone(), format!("{outer};{inner}"), format!("{outer};{inner};{leaf}")]
    );
    let mut picture = Vec::new();
    let mut options = inferno::flamegraph::Options::default();
    inferno::flamegraph::from_lines(&mut options, text.lines(), &mut picture).expect("it is read");
    assert!(String::from_utf8(picture).expect("it is text").contains("traced::outer"));
}

#[test]
fn what_is_recorded_is_shown_as_trees() {
    let (file, _folder) = recorded("graph");
    let text = said(&["export", &file, "--graph"]);
    let columns: Vec<usize> = text.lines().filter_map(|line| line.find("live::trees::")).collect();
    let depths: Vec<usize> = columns.iter().map(|column| (column - columns[0]) / 2).collect();
    assert_eq!(depths, [0, 1, 2, 2, 1, 2, 2, 1, 2, 2], "{text}");
    assert!(text.contains("traced::outer(count=3) -> 6"), "{text}");
}

#[gtramp::traceable]
mod bounded {
    pub(super) fn down(from: u32) -> u32 {
        if from == 0 { 0 } else { 1 + down(from - 1) }
    }
}

#[test]
fn trees_are_no_deeper_than_asked_for() {
    let running = attached_by(&["graph", "--json", "-D", "3", "live::trees::bounded::*"]);
    assert_eq!(bounded::down(10), 10);
    let Found { events, end, .. } = running.off();
    let depths: Vec<u32> = events.iter().map(|event| event.depth).collect();
    assert_eq!(depths, [2, 1, 0]);
    assert_eq!(end.expect("it says how it ended").calls, 11);
}
