//! What a worker does with one file.

use gtramp::traceable;

use super::select::{self, UpTo};
use super::sources::SourceFile;
use super::survey::Survey;
use super::tally::Tally;
use super::text;
use crate::Result;
use crate::trace::own::ran;

/// No source file that a person or a generator wrote is larger.
const LARGEST_FILE: UpTo = UpTo { bytes: 256 << 20 };

/// What one worker has done so far.
pub(crate) struct Worker {
    pub(crate) tally: Tally,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) failures: Vec<Failure>,
}

/// A file that could not be read or parsed.
pub(crate) struct Failure {
    pub(crate) file: SourceFile,
    pub(crate) reason: String,
}

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Postponed,
}

#[traceable]
impl Worker {
    pub(crate) fn new() -> Self {
        ran!("Worker::new");
        Self { tally: Tally::new(), files: 0, bytes: 0, failures: Vec::new() }
    }

    pub(crate) fn process(&mut self, file: &SourceFile) -> Outcome {
        ran!("Worker::process");
        if !select::ask(&LARGEST_FILE, file) {
            return Outcome::Postponed;
        }
        self.files += 1;
        if let Err(reason) = self.survey(file) {
            self.failures.push(Failure { file: file.clone(), reason: reason.to_string() });
        }
        Outcome::Done
    }

    fn survey(&mut self, file: &SourceFile) -> Result<()> {
        ran!("Worker::survey");
        let bytes = text::read(&file.path)?;
        self.bytes += bytes.len() as u64;
        let text = text::decode(bytes)?;
        let lines = text::measure(&text);
        let mut tally = Survey::new(file).run(&text::parse(text)?);
        tally.lines = lines;
        self.absorb(tally);
        proc_macro2::extra::invalidate_current_thread_spans();
        Ok(())
    }

    pub(crate) fn absorb(&mut self, tally: Tally) {
        ran!("Worker::absorb");
        let so_far = std::mem::replace(&mut self.tally, Tally::new());
        self.tally = so_far.merge(tally);
    }

    /// Both workers' work in one.
    pub(crate) fn join(mut self, other: Self) -> Self {
        ran!("Worker::join");
        self.absorb(other.tally);
        self.files += other.files;
        self.bytes += other.bytes;
        self.failures.extend(other.failures);
        self
    }
}
