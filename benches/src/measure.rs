//! Running rows interleaved: every round runs each of them once, so what the machine does
//! meanwhile (a neighbour, a change of clock) falls on all of them alike.

use core::sync::atomic::{AtomicUsize, Ordering};

use gtramp::Link;

use crate::clock::{cycle, time};
use crate::row::{Armed, Row, Run};

/// How long, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often every row has its turn.
    pub rounds: usize,
    /// How often a row runs in its turn; the fastest counts.
    pub bursts: usize,
    /// About how long one of these takes, in nanoseconds.
    pub burst: f64,
}

impl Effort {
    /// For figures that are kept.
    pub const FULL: Self = Self { rounds: 31, bursts: 64, burst: 0.06e6 };
    /// For a look.
    pub const QUICK: Self = Self { rounds: 15, bursts: 32, burst: 0.06e6 };
}

/// What a row took.
pub struct Measured {
    /// The row.
    pub row: Row,
    /// Nanoseconds per call, one for each round; or why it did not run.
    pub rounds: Result<Vec<f64>, String>,
}

/// Measures all rows, and tells `progress` of every round.
///
/// The bursts of a round are interleaved too: a loop can settle in a slow state of the branch
/// predictor, and gets out of it when others have run in between.
pub fn measure(rows: &[Row], effort: Effort, mut progress: impl FnMut(usize)) -> Vec<Measured> {
    let mut lanes: Vec<Lane> = rows.iter().map(Lane::new).collect();
    for round in 0..effort.rounds {
        progress(round);
        for burst in 0..effort.bursts {
            PLACE.store(burst, Ordering::Relaxed);
            let lanes = lanes.iter_mut().filter(|lane| !lane.takes_turns());
            lanes.for_each(|lane| lane.burst(effort));
        }
        let (mut turns, others): (Vec<_>, Vec<_>) =
            lanes.iter_mut().partition(|lane| lane.takes_turns());
        turns.iter_mut().for_each(|lane| lane.turn(effort, &others));
        lanes.iter_mut().for_each(Lane::end_round);
    }
    let clock = lanes.iter().map(|lane| lane.clock).fold(f64::INFINITY, f64::min);
    lanes.into_iter().map(|lane| lane.end(clock)).collect()
}

/// The number of the burst.
static PLACE: AtomicUsize = AtomicUsize::new(0);

/// Which of a row's loops is to run: every row's is there several times. Whether the jumps of one and of
/// what it calls get into each other's way in the processor's branch predictor is luck, and another for
/// each.
#[must_use]
pub fn place() -> usize {
    PLACE.load(Ordering::Relaxed)
}

/// A row while it is measured.
struct Lane {
    row: Row,
    armed: Result<Armed, String>,
    calls: u64,
    /// The fastest burst of the round, in cycles per call.
    fastest: f64,
    /// Cycles per call, one for each round.
    rounds: Vec<f64>,
    /// The shortest cycle beside a burst, in nanoseconds.
    clock: f64,
}

impl Lane {
    fn new(row: &Row) -> Self {
        let armed = (row.setup)().and_then(|armed| {
            (armed.check)()?;
            armed.turn.iter().for_each(Link::disable);
            Ok(armed)
        });
        let (fastest, clock) = (f64::INFINITY, f64::INFINITY);
        Self { row: *row, armed, calls: 0, fastest, rounds: Vec::new(), clock }
    }

    /// Whether something is to be there for it that is not for others.
    fn takes_turns(&self) -> bool {
        self.armed.as_ref().is_ok_and(|armed| armed.turn.is_some())
    }

    /// All bursts of a round, and a little of the others in between.
    fn turn(&mut self, effort: Effort, others: &[&mut Self]) {
        let link = self.armed.as_ref().ok().and_then(|armed| armed.turn.as_ref());
        if let Some(Err(error)) = link.map(Link::enable) {
            self.armed = Err(error.to_string());
            return;
        }
        for burst in 0..effort.bursts {
            PLACE.store(burst, Ordering::Relaxed);
            others.iter().cycle().skip(burst).take(1).for_each(|lane| lane.pass());
            self.burst(effort);
        }
        if let Ok(armed) = &self.armed {
            armed.turn.iter().for_each(Link::disable);
        }
    }

    /// A few calls.
    fn pass(&self) {
        if let Ok(armed) = &self.armed {
            (armed.run)(self.calls);
        }
    }

    fn burst(&mut self, effort: Effort) {
        let Ok(armed) = &self.armed else { return };
        if self.calls == 0 {
            self.calls = calibrate(armed.run, effort.burst);
        }
        // What the row before has left in the caches and predictors is not this one's cost.
        (armed.run)(self.calls / 8 + 1);
        // The processor may be slower than when other rows had their turn.
        let before = cycle();
        let took = time(armed.run, self.calls);
        let cycle = before.min(cycle());
        self.fastest = self.fastest.min(took / cycle);
        self.clock = self.clock.min(cycle);
    }

    fn end_round(&mut self) {
        if self.armed.is_ok() {
            self.rounds.push(self.fastest);
            self.fastest = f64::INFINITY;
        }
    }

    /// In nanoseconds, if a cycle takes so many.
    fn end(self, clock: f64) -> Measured {
        let Self { row, armed, mut rounds, .. } = self;
        rounds.iter_mut().for_each(|round| *round *= clock);
        // It must still work after all the calls.
        let checked = armed.and_then(|armed| {
            armed.turn.iter().try_for_each(Link::enable).map_err(|error| error.to_string())?;
            (armed.check)()
        });
        Measured { row, rounds: checked.map(|()| rounds) }
    }
}

/// How many calls take about so long.
fn calibrate(run: Run, burst: f64) -> u64 {
    let mut calls = 16;
    loop {
        let took = time(run, calls);
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let total = took * calls as f64;
        if total > burst / 4.0 || calls > 1 << 32 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive")]
            let calls = (burst / took) as u64;
            return calls.max(16);
        }
        calls *= 2;
    }
}
