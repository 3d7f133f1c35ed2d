//! Links that come and go while the service works.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::http::StatusCode;
use gtramp::{Entry, Error, Exit, Function, Link, ModRet, Polling, Scope, link, site};

use crate::check::Check;
use crate::http;

const ALL: &str = "gtramp_service::**";

/// How long each stays.
const STAY: Duration = Duration::from_millis(2);

/// The thread that attaches and detaches.
#[derive(Debug)]
pub(crate) struct Passing {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Passed>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    links: u64,
    /// Probes that ran.
    runs: u64,
    /// Links that could not be attached, or left something of a probe behind.
    failed: u64,
    /// Looks at all lives.
    lives: u64,
}

impl Passing {
    pub(crate) fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked_to = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut passed = Passed::default();
            while !asked_to.load(Relaxed) {
                passed.one();
            }
            passed
        });
        Self { stop, thread }
    }

    pub(crate) fn stop(self) -> Passed {
        self.stop.store(true, Relaxed);
        self.thread.join().expect("it does not panic")
    }
}

impl Passed {
    /// One more comes and goes.
    fn one(&mut self) {
        let runs = Arc::new(AtomicU64::new(0));
        match attach(self.links, &runs) {
            Ok(link) => {
                thread::sleep(STAY);
                self.lives += gtramp::lives().len() as u64;
                drop(link);
                self.failed += u64::from(Arc::strong_count(&runs) > 1);
            }
            Err(_) => self.failed += 1,
        }
        self.links += 1;
        self.runs += runs.load(Relaxed);
    }

    pub(crate) fn check(&self, check: &mut Check) {
        check.at_least("links that came and went", 7, self.links);
        check.at_least("runs of their probes", 1, self.runs);
        check.equal("links that failed, or left something behind", 0, self.failed);
        println!("{} lives were seen under way in {} looks", self.lives, self.links);
    }
}

/// Each time a link of another kind.
fn attach(number: u64, runs: &Arc<AtomicU64>) -> Result<Link, Error> {
    let runs = Arc::clone(runs);
    let count = move || {
        runs.fetch_add(1, Relaxed);
    };
    match number % 7 {
        0 => gtramp::fentry(ALL, move |_: &Entry| count()),
        1 => gtramp::fexit(ALL, move |_: &Exit| count()),
        2 => gtramp::poll(ALL, move |_: &Polling| count()),
        3 => gtramp::fsession(
            ALL,
            |ctx: &Entry| Some(ctx.function()),
            move |ctx: &Exit, begun: &'static Function| {
                assert_eq!(ctx.function().path(), begun.path());
                count();
            },
        ),
        4 => site!(http::item).fmod_ret_async(move |_: &ModRet| {
            count();
            ControlFlow::<(StatusCode, String)>::Continue(())
        }),
        // Of nothing that goes on: nobody is in this scope, and this thread calls nothing.
        5 => link().functions(ALL).within(&Scope::new()).fentry(move |_: &Entry| count()).attach(),
        _ => link().functions(ALL).on_this_thread().poll(move |_: &Polling| count()).attach(),
    }
}
