//! Calls as they are kept by the threads that make them, and as they are in files: records of 64-bit words.
//!
//! ```text
//! word 0   length in words: 12 | outcome: 3 | life: 1 | depth: 16 | function: 32
//! word 1   when it began        word 2   how long it took
//! word 3   thread: 32 | step: 8 | bytes of text: 24
//! ..       of a life alone: its number, and that of the life around it, or 0
//! ..       texts: length as 16 bits, bytes; filled up to a word
//! ```

use arrayvec::ArrayVec;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was looked at when it began.
    Entered,
    Returned,
    Failed,
    Panicked,
    /// The future of an async function was dropped before its end.
    Cancelled,
}

impl Outcome {
    const ALL: [Self; 5] =
        [Self::Entered, Self::Returned, Self::Failed, Self::Panicked, Self::Cancelled];

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Returned => "returned",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How many words a record has, by its first.
#[inline]
pub(crate) const fn length(first: u64) -> u64 {
    first & 0xfff
}

/// Words of a record without texts, of a call that is no life.
pub(crate) const FIXED: usize = 4;
/// So many bytes of text has a record at most.
const LONGEST: usize = 2048;
/// So many words has a record at most.
pub(crate) const WORDS: usize = FIXED + 2 + LONGEST / 8;

/// The texts of a record, as they are written one after the other. What is too much is cut off.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: ArrayVec<u8, LONGEST>,
    /// Where the length of the last one is.
    last: usize,
}

impl Texts {
    /// Begins another.
    pub(crate) fn another(&mut self) {
        self.last = self.bytes.len();
        // Without room for its length it is left out.
        let _ = self.bytes.try_extend_from_slice(&[0; 2]);
    }
}

impl core::fmt::Write for Texts {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let Some(length) = self.bytes.get(self.last..self.last + 2) else { return Ok(()) };
        let length = u16::from_le_bytes([length[0], length[1]]);
        let text = cut(text, self.bytes.remaining_capacity());
        let _ = self.bytes.try_extend_from_slice(text.as_bytes());
        let length = length.saturating_add(u16::try_from(text.len()).unwrap_or(u16::MAX));
        self.bytes[self.last..self.last + 2].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }
}

/// What a record says but for its texts. Times are in what unit the ring or the file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) outcome: Outcome,
    pub(crate) depth: u32,
    pub(crate) function: u32,
    pub(crate) begun: u64,
    pub(crate) latency: u64,
    pub(crate) thread: u32,
    /// Which step of the program has shown it.
    pub(crate) step: u32,
    /// If it is one: its number, and that of the life around it.
    pub(crate) life: Option<(u64, u64)>,
}

impl Head {
    /// The whole of a record of a call that is no life, without texts.
    #[inline]
    pub(crate) fn plain(&self) -> [u64; FIXED] {
        [self.first(FIXED), self.begun, self.latency, self.third(0)]
    }

    #[inline]
    fn first(&self, length: usize) -> u64 {
        let depth = u64::from(self.depth.min(0xffff));
        length as u64
            | (self.outcome as u64) << 12
            | u64::from(self.life.is_some()) << 15
            | depth << 16
            | u64::from(self.function) << 32
    }

    #[inline]
    fn third(&self, bytes: usize) -> u64 {
        u64::from(self.thread) | u64::from(self.step & 0xff) << 32 | (bytes as u64) << 40
    }

    /// The whole of a record, in the place of `words`. Nothing is allocated.
    pub(crate) fn encode(&self, texts: &Texts, words: &mut ArrayVec<u64, WORDS>) {
        words.clear();
        words.extend(self.plain());
        if let Some((id, parent)) = self.life {
            words.extend([id, parent]);
        }
        for chunk in texts.bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            words.push(u64::from_le_bytes(word));
        }
        words[0] = self.first(words.len());
        words[3] = self.third(texts.bytes.len());
    }

    /// The record that these words begin with, its texts, and how many words it has; `None` if it is none.
    pub(crate) fn decode(words: &[u64]) -> Option<(Self, Vec<String>, usize)> {
        let length = usize::try_from(length(*words.first()?)).ok()?;
        let words = words.get(..length)?;
        let &[first, begun, latency, third, ref rest @ ..] = words else { return None };
        let (life, rest) = match (first >> 15 & 1, rest) {
            (0, rest) => (None, rest),
            (_, &[id, parent, ref rest @ ..]) => (Some((id, parent)), rest),
            _ => return None,
        };
        let bytes: Vec<u8> = rest.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut bytes = bytes.get(..usize::try_from(third >> 40).ok()?)?;
        let mut texts = Vec::new();
        while let Some((size, others)) = bytes.split_first_chunk::<2>() {
            let (text, others) = others.split_at_checked(u16::from_le_bytes(*size).into())?;
            texts.push(String::from_utf8_lossy(text).into_owned());
            bytes = others;
        }
        let low = |word: u64| u32::try_from(word & u64::from(u32::MAX)).unwrap_or(0);
        let head = Self {
            outcome: *Outcome::ALL.get(usize::try_from(first >> 12 & 7).ok()?)?,
            depth: low(first >> 16 & 0xffff),
            function: low(first >> 32),
            begun,
            latency,
            thread: low(third),
            step: low(third >> 32 & 0xff),
            life,
        };
        Some((head, texts, length))
    }
}

/// As much of a text as so many bytes hold.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = (0..=bytes).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

/// Changes the times of all records in these words.
pub(crate) fn retime(words: &mut [u64], time: impl Fn(u64, u64) -> (u64, u64)) {
    let mut at = 0;
    while let Some([first, begun, latency, ..]) = words.get_mut(at..) {
        (*begun, *latency) = time(*begun, *latency);
        // A record has words, so this ends.
        at += usize::try_from(length(*first)).unwrap_or(usize::MAX).max(FIXED);
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, Outcome, Texts, retime};
    use arrayvec::ArrayVec;
    use core::fmt::Write as _;

    fn encoded(head: Head, texts: &[String]) -> Vec<u64> {
        let (mut written, mut words) = (Texts::default(), ArrayVec::new());
        for text in texts {
            written.another();
            write!(written, "{text}").expect("what is too much is cut off");
        }
        head.encode(&written, &mut words);
        words.to_vec()
    }

    fn head(life: Option<(u64, u64)>) -> Head {
        let (begun, latency) = (1 << 40, 7);
        let (depth, function, thread, step) = (3, 200_000, 4711, 2);
        Head { outcome: Outcome::Panicked, depth, function, begun, latency, thread, step, life }
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let long = "ä".repeat(20_000);
        for life in [None, Some((9, 0))] {
            for texts in [&[][..], &["account=\"ann\"".to_owned(), String::new()]] {
                let mut words = encoded(head(life), texts);
                let length = words.len();
                words.extend(head(None).plain());
                assert_eq!(Head::decode(&words), Some((head(life), texts.to_vec(), length)));
                assert_eq!(Head::decode(&words[length..]).map(|found| found.0), Some(head(None)));
            }
            let (_, texts, _) = Head::decode(&encoded(head(life), std::slice::from_ref(&long)))
                .expect("it is a record");
            assert!(long.starts_with(&*texts[0]) && texts[0].len() > 2_000);
        }
    }

    #[test]
    fn what_is_no_record_is_not_read() {
        let whole = encoded(head(Some((9, 8))), &["text".to_owned()]);
        for length in 0..whole.len() {
            assert_eq!(Head::decode(&whole[..length]), None);
        }
        for bit in 0..64 {
            let mut words = whole.clone();
            words[0] ^= 1 << bit;
            words[3] ^= 1 << bit;
            // Whatever it says, it is read or it is not.
            let _ = Head::decode(&words);
        }
    }

    #[test]
    fn times_of_all_records_are_changed() {
        let mut words = encoded(head(None), &["text".to_owned()]);
        words.extend(encoded(head(Some((1, 2))), &[]));
        retime(&mut words, |begun, latency| (begun * 2, latency * 3));
        let (first, _, length) = Head::decode(&words).expect("it is a record");
        let (second, ..) = Head::decode(&words[length..]).expect("it is a record");
        assert_eq!((first.begun, first.latency), (2 << 40, 21));
        assert_eq!((second.begun, second.latency), (2 << 40, 21));
    }
}
