//! How long it takes to attach to many functions.

use std::hint::black_box;

use gtramp::{Entry, Link};

use crate::clock::processor_time;
use crate::crowd::{self, FUNCTIONS};

/// Milliseconds for many functions in one link.
#[derive(Clone, Copy, Debug)]
pub struct Attach {
    /// How many functions.
    pub functions: usize,
    /// To attach an entry probe to all of them.
    pub attach: f64,
    /// To detach it again.
    pub detach: f64,
    /// Nanoseconds per function of attaching to a hundred, over those of attaching to all.
    pub growth: f64,
}

/// Attaches to all functions and to a hundred of them, so often, and takes the medians.
///
/// # Errors
///
/// What attaching fails with.
pub fn measure(rounds: usize) -> Result<Attach, gtramp::Error> {
    let mut all = Times::new();
    let mut hundred = Times::new();
    // The first attach makes what the later ones find.
    Times::new().add(crowd::all())?;
    for _ in 0..rounds {
        all.add(crowd::all())?;
        for _ in 0..10 {
            hundred.add(crowd::hundred())?;
        }
    }
    let (attach, detach) = all.medians();
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let per_function = |total: f64, functions: usize| total / functions as f64;
    let growth = per_function(hundred.medians().0, 100) / per_function(attach, FUNCTIONS);
    Ok(Attach { functions: FUNCTIONS, attach, detach, growth })
}

/// Milliseconds.
#[derive(Debug)]
struct Times {
    attach: Vec<f64>,
    detach: Vec<f64>,
}

impl Times {
    fn new() -> Self {
        Self { attach: Vec::new(), detach: Vec::new() }
    }

    fn add(&mut self, functions: &str) -> Result<(), gtramp::Error> {
        let mut link = None;
        let attached = processor_time(|| link = Some(attach(functions)));
        self.attach.push(milliseconds(attached));
        let link = link.transpose()?;
        let detached = processor_time(|| drop(link));
        self.detach.push(milliseconds(detached));
        Ok(())
    }

    fn medians(mut self) -> (f64, f64) {
        let median = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        (median(&mut self.attach), median(&mut self.detach))
    }
}

/// Attaches a small probe.
///
/// # Errors
///
/// What attaching fails with.
pub fn attach(functions: &str) -> Result<Link, gtramp::Error> {
    gtramp::fentry(functions, |_: &Entry<'_>, a: &u64, b: &u64| {
        black_box(*a + *b);
    })
}

fn milliseconds(nanoseconds: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let nanoseconds = nanoseconds as f64;
    nanoseconds / 1e6
}
