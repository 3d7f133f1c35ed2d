//! Running rows interleaved: every round runs each of them once, so what the machine does
//! meanwhile (a neighbour, a change of clock) falls on all of them alike.

use core::sync::atomic::{AtomicUsize, Ordering};

use gtramp::Link;

use crate::clock::{BURST, cycle, tick, time, undisturbed};
use crate::row::{Armed, Row, Run};

/// How often.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often every row has its turn.
    pub rounds: usize,
    /// How often a row runs at each of its places in a turn.
    pub bursts: usize,
}

impl Effort {
    /// For figures that are kept.
    pub const FULL: Self = Self { rounds: 51, bursts: 16 };
    /// For a look.
    pub const QUICK: Self = Self { rounds: 15, bursts: 8 };
}

/// At how many places the loop of a row is.
pub const PLACES: usize = 16;

/// What a row took.
pub struct Measured {
    /// The row.
    pub row: Row,
    /// Nanoseconds per call, one for each round; or why it did not run.
    pub rounds: Result<Vec<f64>, String>,
}

/// Measures all rows, and tells `progress` of every round.
pub fn measure(rows: &[Row], effort: Effort, mut progress: impl FnMut(usize)) -> Vec<Measured> {
    let mut lanes: Vec<Lane> = rows.iter().map(Lane::new).collect();
    for round in 0..effort.rounds {
        progress(round);
        lanes.iter_mut().for_each(|lane| lane.turn(effort));
    }
    let clock = lanes.iter().map(|lane| lane.clock).fold(f64::INFINITY, f64::min);
    lanes.into_iter().map(|lane| lane.end(clock * tick())).collect()
}

/// The number of the place.
static PLACE: AtomicUsize = AtomicUsize::new(0);

/// Which of a row's loops is to run: every row's is there [`PLACES`] times. Whether the jumps of one and of
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
    /// Cycles per call, one for each round.
    rounds: Vec<f64>,
    /// The shortest cycle beside a burst, in ticks.
    clock: f64,
}

impl Lane {
    fn new(row: &Row) -> Self {
        let armed = (row.setup)().and_then(|armed| {
            (armed.check)()?;
            armed.turn.iter().for_each(Link::disable);
            Ok(armed)
        });
        Self { row: *row, armed, calls: 0, rounds: Vec::new(), clock: f64::INFINITY }
    }

    /// All bursts of a round, with what is to be there for this row and not for others.
    fn turn(&mut self, effort: Effort) {
        let link = self.armed.as_ref().ok().and_then(|armed| armed.turn.as_ref());
        if let Some(Err(error)) = link.map(Link::enable) {
            self.armed = Err(error.to_string());
            return;
        }
        let Ok(armed) = &self.armed else { return };
        if self.calls == 0 {
            self.calls = calibrate(armed.run);
        }
        let (run, calls) = (armed.run, self.calls);
        let (took, clock) = undisturbed(|| median_of_places(run, calls, effort.bursts));
        self.rounds.push(took);
        self.clock = self.clock.min(clock);
        armed.turn.iter().for_each(Link::disable);
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

/// The median of a row's places, as [`median_of_bursts`].
fn median_of_places(run: Run, calls: u64, bursts: usize) -> (f64, f64) {
    let mut clock = f64::INFINITY;
    let mut took = [0.0; PLACES];
    for (place, took) in took.iter_mut().enumerate() {
        PLACE.store(place, Ordering::Relaxed);
        let (at_place, cycle) = median_of_bursts(run, calls, bursts);
        *took = at_place;
        clock = clock.min(cycle);
    }
    PLACE.store(0, Ordering::Relaxed);
    (median(&mut took), clock)
}

/// The median of so many bursts of calls, in cycles per call, and how many ticks a cycle took.
#[must_use]
pub fn median_of_bursts(run: Run, calls: u64, bursts: usize) -> (f64, f64) {
    // What ran before has left something else in the caches and predictors. A loop stays in a slow state of
    // the branch predictor for as long as it goes on; entered again and again, it gets out of it.
    for _ in 0..32 {
        run(calls / 16 + 1);
    }
    // The processor may be slower than when other rows had their turn.
    let before = cycle();
    let mut took: Vec<f64> = (0..bursts).map(|_| time(run, calls)).collect();
    let cycle = before.min(cycle());
    (median(&mut took) / cycle, cycle)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How many calls take about as long as a burst.
#[must_use]
pub fn calibrate(run: Run) -> u64 {
    let burst = BURST / tick();
    let mut calls = 16;
    loop {
        // The first time is that of caches and predictors which know nothing of the row.
        let took = (0..8).map(|_| time(run, calls)).fold(f64::INFINITY, f64::min);
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
