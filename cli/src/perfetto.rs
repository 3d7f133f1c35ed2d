//! The trace format of Perfetto: packets of protocol buffers after each other, of which these are the parts that
//! slices need. Their numbers are those of `protos/perfetto/trace` in Perfetto's repository.

use std::collections::BTreeMap;
use std::io::{self, Write};

use gtramp_live::export::Recording;
use gtramp_live::protocol::Event;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct Trace {
    #[prost(message, repeated, tag = "1")]
    packet: Vec<TracePacket>,
}

#[derive(Clone, PartialEq, Message)]
struct TracePacket {
    #[prost(uint64, optional, tag = "8")]
    timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "10")]
    trusted_packet_sequence_id: Option<u32>,
    #[prost(message, optional, tag = "11")]
    track_event: Option<TrackEvent>,
    #[prost(message, optional, tag = "12")]
    interned_data: Option<InternedData>,
    #[prost(uint32, optional, tag = "13")]
    sequence_flags: Option<u32>,
    #[prost(message, optional, tag = "60")]
    track_descriptor: Option<TrackDescriptor>,
}

#[derive(Clone, PartialEq, Message)]
struct TrackDescriptor {
    #[prost(uint64, optional, tag = "1")]
    uuid: Option<u64>,
    #[prost(string, optional, tag = "2")]
    name: Option<String>,
    #[prost(message, optional, tag = "3")]
    process: Option<ProcessDescriptor>,
    #[prost(message, optional, tag = "4")]
    thread: Option<ThreadDescriptor>,
    #[prost(uint64, optional, tag = "5")]
    parent_uuid: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct ProcessDescriptor {
    #[prost(int32, optional, tag = "1")]
    pid: Option<i32>,
    #[prost(string, optional, tag = "6")]
    process_name: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct ThreadDescriptor {
    #[prost(int32, optional, tag = "1")]
    pid: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    tid: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct TrackEvent {
    #[prost(message, repeated, tag = "4")]
    debug_annotations: Vec<DebugAnnotation>,
    #[prost(uint32, optional, tag = "9")]
    r#type: Option<u32>,
    #[prost(uint64, optional, tag = "10")]
    name_iid: Option<u64>,
    #[prost(uint64, optional, tag = "11")]
    track_uuid: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct InternedData {
    #[prost(message, repeated, tag = "2")]
    event_names: Vec<EventName>,
}

#[derive(Clone, PartialEq, Message)]
struct EventName {
    #[prost(uint64, optional, tag = "1")]
    iid: Option<u64>,
    #[prost(string, optional, tag = "2")]
    name: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct DebugAnnotation {
    #[prost(string, optional, tag = "6")]
    string_value: Option<String>,
    #[prost(string, optional, tag = "10")]
    name: Option<String>,
}

/// `TrackEvent.type`.
const BEGIN: u32 = 1;
const END: u32 = 2;
/// `TracePacket.sequence_flags`: what was interned before does not count; what is interned is needed.
const CLEARED: u32 = 1;
const NEEDED: u32 = 2;
/// All packets are of one sequence.
const SEQUENCE: Option<u32> = Some(1);
/// Numbers of tracks: of the process, and from where on of threads and of lives.
const PROCESS: u64 = 1;
const THREADS: u64 = 1 << 32;
const LIVES: u64 = 1 << 48;

/// Writes calls for Perfetto's viewer: those of a thread on its track, and each life of an async function on a track of
/// its own, below that of the life around it.
pub(crate) fn perfetto(out: &mut impl Write, recording: &Recording) -> io::Result<()> {
    let mut names: BTreeMap<&str, u64> = BTreeMap::new();
    for call in &recording.calls {
        let next = names.len() as u64 + 1;
        names.entry(&call.func).or_insert(next);
    }
    write(out, header(recording, &names))?;
    for track in tracks(recording) {
        write(out, TracePacket { track_descriptor: Some(track), ..packet() })?;
    }
    for (at, event) in edges(&recording.calls, &names) {
        let timestamp = Some(at);
        write(out, TracePacket { timestamp, track_event: Some(event), ..packet() })?;
    }
    Ok(())
}

fn packet() -> TracePacket {
    let sequence_flags = Some(NEEDED);
    TracePacket { trusted_packet_sequence_id: SEQUENCE, sequence_flags, ..TracePacket::default() }
}

fn write(out: &mut impl Write, packet: TracePacket) -> io::Result<()> {
    // Traces that are written after each other are one.
    out.write_all(&Trace { packet: vec![packet] }.encode_to_vec())
}

/// The process, and all names of functions.
fn header(recording: &Recording, names: &BTreeMap<&str, u64>) -> TracePacket {
    let event_names = names
        .iter()
        .map(|(name, iid)| EventName { iid: Some(*iid), name: Some((*name).to_owned()) });
    let process = ProcessDescriptor {
        pid: Some(signed(recording.names.pid)),
        process_name: Some(recording.names.name.clone()),
    };
    let track = TrackDescriptor {
        uuid: Some(PROCESS),
        process: Some(process),
        ..TrackDescriptor::default()
    };
    TracePacket {
        interned_data: Some(InternedData { event_names: event_names.collect() }),
        track_descriptor: Some(track),
        sequence_flags: Some(CLEARED | NEEDED),
        ..packet()
    }
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn track_of(call: &Event) -> u64 {
    if call.life { LIVES + call.id } else { THREADS + u64::from(call.thread) }
}

/// A track for each thread, and for each life.
fn tracks(recording: &Recording) -> Vec<TrackDescriptor> {
    let mut tracks = BTreeMap::new();
    let lives = recording.calls.iter().filter(|call| call.life).map(|call| call.id);
    let lives: std::collections::BTreeSet<u64> = lives.collect();
    for call in &recording.calls {
        tracks.entry(track_of(call)).or_insert_with(|| {
            let uuid = Some(track_of(call));
            if call.life {
                // A life around it that was not recorded has no track.
                let parent = lives.contains(&call.parent).then_some(LIVES + call.parent);
                let name = Some(format!("{} {}", call.func, call.id));
                let parent_uuid = parent.or(Some(PROCESS));
                return TrackDescriptor { uuid, name, parent_uuid, ..TrackDescriptor::default() };
            }
            let pid = Some(signed(recording.names.pid));
            let thread = Some(ThreadDescriptor { pid, tid: Some(signed(call.thread)) });
            TrackDescriptor { uuid, thread, ..TrackDescriptor::default() }
        });
    }
    tracks.into_values().collect()
}

/// Beginnings and ends of all calls, in an order in which those of one track nest.
fn edges(calls: &[Event], names: &BTreeMap<&str, u64>) -> Vec<(u64, TrackEvent)> {
    let mut edges = Vec::new();
    for call in calls {
        let track_uuid = Some(track_of(call));
        let values = call.values.iter().map(|(name, value)| (name, value));
        let outcome = ("outcome".to_owned(), call.outcome.clone());
        let annotations = std::iter::once((&outcome.0, &outcome.1)).chain(values);
        let debug_annotations = annotations.map(|(name, value)| DebugAnnotation {
            name: Some(name.clone()),
            string_value: Some(value.clone()),
        });
        let begin = TrackEvent {
            r#type: Some(BEGIN),
            track_uuid,
            name_iid: names.get(&*call.func).copied(),
            debug_annotations: debug_annotations.collect(),
        };
        let end = TrackEvent { r#type: Some(END), track_uuid, ..TrackEvent::default() };
        let (begins, ends) = (call.at, call.at + call.latency);
        // At one time, what has been going on ends first, from the inside out; what begins there and takes no time at
        // all comes after that, and what lasts last, from the outside in.
        let depth = i64::from(call.depth);
        if begins == ends {
            edges.push((begins, 1, depth, 0, begin));
            edges.push((ends, 1, depth, 1, end));
        } else {
            edges.push((begins, 2, depth, 0, begin));
            edges.push((ends, 0, -depth, 0, end));
        }
    }
    edges.sort_by_key(|(at, order, depth, last, _)| (*at, *order, *depth, *last));
    edges.into_iter().map(|(at, _, _, _, event)| (at, event)).collect()
}
