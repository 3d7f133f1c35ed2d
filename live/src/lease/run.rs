//! The life of a lease.

use std::io;
use std::time::{Duration, Instant};

use crate::language::{LONGEST, Plan, Wrong, parse};
use crate::measure::{Engine, Running};
use crate::protocol::{self, Reply};

use super::budget::{Budget, Verdict};
use super::registry::{self, Place};
use super::report;

/// How often events are fetched.
const TICK: Duration = Duration::from_millis(20);
/// How often budgets are looked at and the rate is let on.
const SLICE: Duration = Duration::from_millis(100);

/// Whoever wants the results.
pub(crate) trait Client {
    /// Says something to it.
    ///
    /// # Errors
    ///
    /// It is gone, or has not listened for too long.
    fn tell(&mut self, reply: &Reply) -> io::Result<()>;

    /// Says traced calls to it, as records.
    ///
    /// # Errors
    ///
    /// As [`Client::tell`].
    fn records(&mut self, words: &[u64]) -> io::Result<()>;

    /// Waits so long; whether it still wants more.
    ///
    /// # Errors
    ///
    /// It is gone.
    fn wait(&mut self, time: Duration) -> io::Result<bool>;
}

/// What is to be run, and for whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) program: String,
    pub(crate) seconds: Option<f64>,
    pub(crate) who: String,
    /// Whether traced calls are told as records.
    pub(crate) records: bool,
}

impl Request {
    /// One of the program's own environment: it lasts as long as the program, unless it says.
    pub(crate) fn of_environment(program: String) -> Self {
        let says = parse(&program).is_ok_and(|program| program.limits.lasting.is_some());
        let seconds = (!says).then(|| LONGEST.as_secs_f64());
        Self { program, seconds, who: "GTRAMP".to_owned(), records: false }
    }
}

/// Attaches a program and tells the client what it finds, until the lease ends.
///
/// # Errors
///
/// The client is gone. Nothing is attached any more.
pub(crate) fn run(request: Request, client: &mut impl Client) -> io::Result<()> {
    match attach(&request) {
        Ok((running, place)) => attend(running, &place, request.records, client),
        Err(Wrong { message, column }) => client.tell(&Reply::Wrong { message, column }),
    }
}

fn attach(request: &Request) -> Result<(Running, Place), Wrong> {
    let mut plan = Plan::of(&parse(&request.program)?)?;
    if let Some(seconds) = request.seconds {
        let lasting = Duration::try_from_secs_f64(seconds).ok();
        plan.limits.lasting = lasting
            .filter(|lasting| (Duration::from_nanos(1)..=LONGEST).contains(lasting))
            .ok_or_else(|| Wrong::whole(format!("a lease of {seconds} s: {LONGEST:?} at most")))?;
    }
    let lease = protocol::Lease {
        id: 0,
        program: request.program.clone(),
        who: request.who.clone(),
        functions: plan.functions.len(),
        limits: plan.limits.to_string(),
        seconds: plan.limits.lasting.as_secs_f64(),
    };
    let functions = plan.functions.iter().map(|planned| planned.function).collect();
    let ends = Instant::now() + plan.limits.lasting;
    let keeps = plan.limits.keep.is_some();
    let place = Place::take(lease, ends, functions, keeps).ok_or_else(|| {
        Wrong::whole(format!("there are {} leases already; `gtramp off` ends some", registry::MOST))
    })?;
    let running = Engine::new(plan).attach().map_err(|error| Wrong::whole(error.to_string()))?;
    Ok((running, place))
}

/// Lets events through, as many as the rate says.
struct Valve {
    rate: u64,
    opened: Instant,
}

impl Valve {
    fn open(&mut self, engine: &Engine) {
        let now = Instant::now();
        let passed = now.duration_since(self.opened).min(Duration::from_secs(1));
        let events = u128::from(self.rate) * passed.as_millis() / 1000;
        // Not before there is one to let through: what is less is not forgotten.
        if events > 0 {
            engine.allow(u64::try_from(events).unwrap_or(u64::MAX));
            self.opened = now;
        }
    }
}

fn attend(
    running: Running,
    place: &Place,
    as_records: bool,
    client: &mut impl Client,
) -> io::Result<()> {
    let engine = &running.engine;
    let limits = engine.plan().limits;
    let begun = Instant::now();
    // The first slice lets through what a whole one does.
    let mut valve = Valve { rate: limits.rate, opened: begun };
    engine.allow((limits.rate / 10).max(1));
    let mut budget = Budget::new(limits.budget);
    let mut sliced = begun;
    let mut reported = begun;
    if let Some(lease) = registry::all().into_iter().find(|lease| lease.id == place.id) {
        client.tell(&Reply::Lease(lease))?;
    }
    if let Some(note) = &engine.plan().note {
        client.tell(&Reply::Note { text: note.clone() })?;
    }
    if as_records {
        client.tell(&Reply::Names(report::names(engine.plan())))?;
    }
    let why = loop {
        let left = limits.lasting.saturating_sub(begun.elapsed());
        let is_wanted = client.wait(TICK.min(left))?;
        tell_events(engine, as_records, client)?;
        tell_kept(engine, place.stop.dump(), as_records, client)?;
        if !is_wanted {
            break "its owner ends".to_owned();
        }
        if let Some(why) = place.stop.reason() {
            break why;
        }
        if engine.is_exhausted() {
            break format!("{} events were shown: max {}", limits.max, limits.max);
        }
        if !running.link.is_enabled() {
            let panic = running.link.info().panic.unwrap_or_default();
            break format!("a probe panicked: {panic}");
        }
        if sliced.elapsed() >= SLICE {
            sliced = Instant::now();
            valve.open(engine);
            match budget.check(engine.total()) {
                Verdict::Fine => {}
                Verdict::Thin { power, sentence } => {
                    engine.thin(power);
                    client.tell(&Reply::Note { text: sentence })?;
                }
                Verdict::Off { sentence } => break sentence,
            }
        }
        if limits.every.is_some_and(|every| reported.elapsed() >= every) {
            reported = Instant::now();
            tell_tables(engine, client)?;
        }
        if begun.elapsed() >= limits.lasting {
            break format!("its time was up: for {:?}", limits.lasting);
        }
    };
    // First detached, then read: so nothing changes any more.
    let Running { engine, link } = running;
    let missed = link.info().missed;
    link.detach();
    tell_events(&engine, as_records, client)?;
    tell_kept(&engine, place.stop.dump(), as_records, client)?;
    tell_tables(&engine, client)?;
    let total = engine.total();
    client.tell(&Reply::End(protocol::End {
        why,
        calls: total.hits,
        kept: total.kept,
        thinned: total.thinned,
        held_back: total.held_back,
        lost: total.lost,
        missed,
        seconds: begun.elapsed().as_secs_f64(),
        spent: total.spent.as_secs_f64(),
    }))
}

fn tell_events(engine: &Engine, as_records: bool, client: &mut impl Client) -> io::Result<()> {
    let keeps = engine.plan().limits.keep.is_some();
    if as_records && !keeps {
        engine.records().iter().try_for_each(|words| client.records(words))?;
    }
    for event in engine.drain(!keeps && !as_records) {
        client.tell(&Reply::Event(report::event(engine.plan(), &event)))?;
    }
    Ok(())
}

/// Tells what is kept, if somebody asks for it or a call has given a reason.
fn tell_kept(
    engine: &Engine,
    asked: Option<String>,
    as_records: bool,
    client: &mut impl Client,
) -> io::Result<()> {
    let plan = engine.plan();
    let called = engine.triggered().and_then(|place| plan.functions.get(place)).map(|planned| {
        format!("a call of {} has panicked, or was slow", planned.function.instance())
    });
    let (Some(why), Some(_)) = (asked.or(called), plan.limits.keep) else { return Ok(()) };
    if as_records {
        engine.records().iter().try_for_each(|words| client.records(words))?;
    } else {
        for event in engine.drain(true) {
            client.tell(&Reply::Event(report::event(plan, &event)))?;
        }
    }
    client.tell(&Reply::Note { text: format!("told what was kept: {why}") })
}

fn tell_tables(engine: &Engine, client: &mut impl Client) -> io::Result<()> {
    report::tables(engine).into_iter().try_for_each(|table| client.tell(&Reply::Table(table)))
}
