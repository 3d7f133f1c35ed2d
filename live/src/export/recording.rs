//! What was recorded: the answers of a program, line by line, and the records between them.

use std::io::{self, BufRead, Read};

use crate::protocol::{End, Event, Names, Reply};
use crate::record::{Head, length};

/// So many bytes of records follow a line at most.
const MOST: u64 = 1 << 30;

/// Calls that were recorded, and of what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// What the numbers in its records mean.
    pub names: Names,
    /// In the order in which they were told.
    pub calls: Vec<Event>,
    /// How its lease ended; `None` if the recording was cut off.
    pub end: Option<End>,
}

impl Recording {
    /// Reads what a program has answered.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no recording: the message says at which line.
    pub fn read(mut from: impl BufRead) -> io::Result<Self> {
        let mut recording = Self::default();
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if from.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let wrong = |what: &str| {
                let message = format!("answer {number}: not a recording of gtramp: {what}");
                io::Error::new(io::ErrorKind::InvalidData, message)
            };
            match serde_json::from_slice(&line).map_err(|error| wrong(&error.to_string()))? {
                Reply::Names(names) => recording.names = names,
                Reply::Event(call) => recording.calls.push(call),
                Reply::End(end) => recording.end = Some(end),
                Reply::Records { bytes } if bytes > MOST || bytes % 8 != 0 => {
                    return Err(wrong(&format!("{bytes} bytes of records")));
                }
                Reply::Records { bytes } => {
                    let mut records = Vec::new();
                    let read = (&mut from).take(bytes).read_to_end(&mut records)?;
                    let cut_off = read as u64 != bytes;
                    recording
                        .take_in(&records, cut_off)
                        .ok_or_else(|| wrong("a record is none"))?;
                }
                _ => {}
            }
        }
        Ok(recording)
    }

    /// The calls of these records; `None` if they are none. If they are cut off, the last may be a part.
    fn take_in(&mut self, records: &[u8], cut_off: bool) -> Option<()> {
        let words = records.chunks_exact(8).filter_map(|word| word.try_into().ok());
        let words: Vec<u64> = words.map(u64::from_le_bytes).collect();
        let mut rest = &words[..];
        while !rest.is_empty() {
            let Some((head, texts, length)) = Head::decode(rest) else {
                return cut_off.then_some(());
            };
            rest = &rest[length..];
            let call = self.call(&head, texts)?;
            self.calls.push(call);
        }
        Some(())
    }

    fn call(&self, head: &Head, texts: Vec<String>) -> Option<Event> {
        let function = self.names.functions.get(usize::try_from(head.function).ok()?)?;
        let items = self.names.items.get(usize::try_from(head.step).ok()?)?;
        let (id, parent) = head.life.unwrap_or_default();
        Some(Event {
            at: head.begun,
            func: function.clone(),
            thread: head.thread,
            depth: head.depth,
            life: head.life.is_some(),
            id,
            parent,
            latency: head.latency,
            outcome: head.outcome.text().to_owned(),
            values: items.iter().cloned().zip(texts).collect(),
        })
    }
}

/// How many calls these bytes of records are of.
#[must_use]
pub fn records_in(records: &[u8]) -> u64 {
    let mut count = 0;
    let mut rest = records;
    while let Some(first) = rest.first_chunk::<8>() {
        let length = usize::try_from(length(u64::from_le_bytes(*first))).unwrap_or(0);
        rest = rest.get(8 * length.max(1)..).unwrap_or_default();
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{Recording, records_in};
    use crate::protocol::{Names, Reply};
    use crate::record::{Head, Outcome, Texts};
    use arrayvec::ArrayVec;
    use core::fmt::Write as _;

    fn recorded() -> Vec<u8> {
        let names = Names {
            functions: vec!["bank::fee".to_owned(), "bank::post".to_owned()],
            items: vec![vec!["args".to_owned()]],
            ..Names::default()
        };
        let head = |function, life| Head {
            outcome: Outcome::Failed,
            depth: 1,
            function,
            begun: 5,
            latency: 6,
            thread: 7,
            step: 0,
            life,
        };
        let encoded = |head: Head, text: &str| {
            let (mut texts, mut words) = (Texts::default(), ArrayVec::new());
            texts.another();
            texts.write_str(text).expect("what is too much is cut off");
            head.encode(&texts, &mut words);
            words
        };
        let words =
            [encoded(head(0, None), "amount=7"), encoded(head(1, Some((3, 2))), "")].concat();
        let records = Reply::Records { bytes: 8 * words.len() as u64 };
        let lines = [Reply::Names(names), records];
        let lines = lines.map(|line| serde_json::to_string(&line).expect("it is JSON") + "\n");
        let mut bytes = lines.concat().into_bytes();
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        bytes
    }

    #[test]
    fn what_is_read_are_the_calls_that_were_recorded() {
        let recording = Recording::read(&recorded()[..]).expect("it is a recording");
        let [one, other] = &recording.calls[..] else { panic!("{recording:?}") };
        assert_eq!((&*one.func, one.at, one.latency, one.thread), ("bank::fee", 5, 6, 7));
        assert_eq!(one.values, [("args".to_owned(), "amount=7".to_owned())]);
        assert_eq!((other.life, other.id, other.parent), (true, 3, 2));
        assert_eq!(other.outcome, "failed");
    }

    #[test]
    fn a_recording_that_was_cut_off_is_read_as_far_as_it_goes() {
        let bytes = recorded();
        let binary = bytes.iter().rposition(|byte| *byte == b'\n').expect("it has lines") + 1;
        for length in binary..bytes.len() {
            let recording = Recording::read(&bytes[..length]).expect("the beginning of one");
            assert!(recording.calls.len() <= 1 + (length - binary) / 48 && recording.end.is_none());
        }
        assert_eq!(records_in(&bytes[binary..]), 2);
    }

    #[test]
    fn what_is_no_recording_is_refused_with_its_place() {
        let error = Recording::read(&b"{}\n"[..]).expect_err("it is none").to_string();
        assert!(error.contains("answer 1"), "{error}");
        let line = b"{\"is\":\"records\",\"bytes\":7}\n";
        assert!(Recording::read(&line[..]).is_err());
        // A function that it does not name.
        let mut bytes = recorded();
        let name = bytes.windows(9).position(|name| name == b"bank::fee").expect("it is there");
        bytes.splice(name - 1..name + 11, []);
        assert!(Recording::read(&bytes[..]).is_err());
    }
}
