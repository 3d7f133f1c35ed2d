//! The trace format of Chrome, which its own viewer, Perfetto and speedscope open.

use std::io::{self, Write};

use serde::Serialize;

use crate::protocol::Event;

/// A complete event, by the format's own names; times in microseconds.
#[derive(Serialize)]
struct Complete<'e> {
    name: &'e str,
    cat: &'e str,
    ph: &'static str,
    ts: f64,
    dur: f64,
    pid: u32,
    tid: u32,
    args: Arguments<'e>,
}

#[derive(Serialize)]
struct Arguments<'e> {
    outcome: &'e str,
    #[serde(flatten)]
    values: std::collections::BTreeMap<&'e str, &'e str>,
}

/// Writes calls of a process as one JSON document.
///
/// # Errors
///
/// It cannot be written.
pub fn chrome(out: &mut impl Write, pid: u32, calls: &[Event]) -> io::Result<()> {
    out.write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
    for (number, call) in calls.iter().enumerate() {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        let event = Complete {
            name: &call.func,
            cat: call.func.split("::").next().unwrap_or_default(),
            ph: "X",
            ts: microseconds(call.at),
            dur: microseconds(call.latency),
            pid,
            tid: call.thread,
            args: Arguments {
                outcome: &call.outcome,
                values: call.values.iter().map(|(name, value)| (&**name, &**value)).collect(),
            },
        };
        serde_json::to_writer(&mut *out, &event)?;
    }
    out.write_all(b"\n]}\n")
}

#[expect(clippy::cast_precision_loss, reason = "to the nanosecond for a hundred days")]
fn microseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e3
}
