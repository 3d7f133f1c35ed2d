//! The worker threads: they take files from a batch, and between batches they rest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use gtramp::traceable;
use indicatif::ProgressBar;

use super::sources::SourceFile;
use super::worker::{Failure, Outcome, Worker};
use crate::Result;
use crate::trace::own::ran;

/// Deeply nested source makes a deeply recursive parser.
const STACK: usize = 256 << 20;

/// The threads.
pub(crate) struct Crew {
    stations: Vec<Station>,
}

/// One thread, with the channels that start it on a batch and tell when it rests again.
struct Station {
    batches: Sender<Arc<Batch>>,
    rests: Receiver<()>,
    thread: JoinHandle<Worker>,
}

/// Files to read, handed out one by one.
pub(crate) struct Batch {
    files: Vec<SourceFile>,
    next: AtomicUsize,
    postponed: Mutex<Vec<SourceFile>>,
}

/// A batch that the crew is busy with.
pub(crate) struct Running<'crew> {
    batch: Arc<Batch>,
    busy: Vec<&'crew Station>,
}

impl Crew {
    /// Starts the threads, and returns when they rest.
    pub(crate) fn start(threads: usize, bar: &ProgressBar) -> Result<Self> {
        let stations = (0..threads).map(|number| Station::start(number, bar.clone()));
        let crew = Self { stations: stations.collect::<Result<_>>()? };
        crew.stations.iter().for_each(Station::wait);
        Ok(crew)
    }

    pub(crate) fn threads(&self) -> usize {
        self.stations.len()
    }

    /// Sets the crew to work and returns at once.
    pub(crate) fn begin(&self, files: Vec<SourceFile>) -> Running<'_> {
        let batch = Arc::new(Batch::new(files));
        let start = |station: &&Station| {
            station.batches.send(batch.clone()).expect("a worker waits for its next batch")
        };
        Running { busy: self.stations.iter().inspect(start).collect(), batch }
    }

    /// Works through `files` and returns what was postponed. Afterwards the crew rests: no worker
    /// is in any function.
    pub(crate) fn run(&self, files: Vec<SourceFile>) -> Vec<SourceFile> {
        self.begin(files).wait()
    }

    /// Sends everyone home and adds up what they did.
    pub(crate) fn finish(self) -> Worker {
        let workers = self.stations.into_iter().map(|station| {
            drop(station.batches);
            station.thread.join().expect("a worker catches its panics")
        });
        let mut all = workers.fold(Worker::new(), Worker::join);
        all.failures.sort_by(|a, b| a.file.cmp(&b.file));
        all
    }
}

impl Running<'_> {
    /// Whether the whole crew rests.
    pub(crate) fn is_over(&mut self) -> bool {
        self.busy.retain(|station| station.rests.try_recv().is_err());
        self.busy.is_empty()
    }

    /// Waits until the whole crew rests and returns what was postponed.
    pub(crate) fn wait(self) -> Vec<SourceFile> {
        self.busy.into_iter().for_each(Station::wait);
        std::mem::take(&mut *self.batch.postponed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Station {
    fn start(number: usize, bar: ProgressBar) -> Result<Self> {
        let (batches, next_batch) = channel::<Arc<Batch>>();
        let (resting, rests) = channel();
        let thread = thread::Builder::new()
            .name(format!("worker {number}"))
            .stack_size(STACK)
            .spawn(move || {
                let mut worker = Worker::new();
                // Nobody listens any more when the program is about to end with an error.
                let _ = resting.send(());
                for batch in next_batch {
                    work(&mut worker, &batch, &bar);
                    let _ = resting.send(());
                }
                worker
            })?;
        Ok(Self { batches, rests, thread })
    }

    /// Waits until the thread rests.
    fn wait(&self) {
        self.rests.recv().expect("a worker tells when it rests");
    }
}

fn work(worker: &mut Worker, batch: &Batch, bar: &ProgressBar) {
    while let Some(file) = batch.next() {
        match catch_unwind(AssertUnwindSafe(|| worker.process(file))) {
            Ok(Outcome::Done) => bar.inc(1),
            Ok(Outcome::Postponed) => batch.postpone(file),
            Err(_) => worker
                .failures
                .push(Failure { file: file.clone(), reason: "the parser panicked".into() }),
        }
    }
}

#[traceable]
impl Batch {
    fn new(files: Vec<SourceFile>) -> Self {
        ran!("Batch::new");
        Self { files, next: AtomicUsize::new(0), postponed: Mutex::default() }
    }

    fn next(&self) -> Option<&SourceFile> {
        ran!("Batch::next");
        self.files.get(self.next.fetch_add(1, Relaxed))
    }

    fn postpone(&self, file: &SourceFile) {
        ran!("Batch::postpone");
        self.postponed.lock().unwrap_or_else(PoisonError::into_inner).push(file.clone());
    }
}
