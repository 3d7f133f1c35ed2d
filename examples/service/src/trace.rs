//! The probes that are there from the beginning to the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use gtramp::{Entry, Exit, Link, Polling, Scope};

use crate::Result;
use crate::check::Check;
use crate::counts::{COUNTS, Numbers};

/// What is done for an order, from the request on.
const WAY_OF_AN_ORDER: [&str; 5] = ["confirm", "note", "order", "reserve", "settle"];

/// All that was seen.
#[derive(Debug, Default)]
struct Seen {
    functions: Mutex<BTreeMap<&'static str, Function>>,
    requests: Mutex<HashMap<String, Way>>,
    /// Counted at each poll, and at the end of each life.
    polls: AtomicU64,
    polls_of_lives: AtomicU64,
}

#[derive(Debug, Default)]
struct Function {
    numbers: Numbers,
    /// Of each life the longest poll, and of these the shortest: every call of a function that blocks is slow, and of
    /// another only one whose thread had to wait.
    blocks_for: Option<Duration>,
}

/// What was done for a request, and on which threads.
#[derive(Debug, Default)]
struct Way {
    functions: BTreeSet<&'static str>,
    threads: BTreeSet<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The links that stay.
#[derive(Debug)]
pub(crate) struct Trace {
    seen: Arc<Seen>,
    calls: Link,
    polls: Link,
}

impl Trace {
    pub(crate) fn attach() -> Result<Self> {
        let seen = Arc::new(Seen::default());
        let (entry, exit, poll) = (Arc::clone(&seen), Arc::clone(&seen), Arc::clone(&seen));
        let calls = gtramp::fsession(
            ["gtramp_service::**"],
            move |ctx: &Entry| {
                entry.begins(ctx);
                Some(())
            },
            move |ctx: &Exit, (): ()| exit.ends(ctx),
        )?;
        let polls = gtramp::poll("gtramp_service::**", move |ctx: &Polling| {
            if ctx.step().has_ended() {
                poll.polls.fetch_add(1, Relaxed);
            }
        })?;
        Ok(Self { seen, calls, polls })
    }

    /// Detaches, and compares.
    pub(crate) fn check(self, check: &mut Check) {
        check.equal("lives under way at the end", 0, gtramp::lives().len());
        let missed = self.calls.info().missed + self.polls.info().missed;
        check.equal("missed calls", 0, missed);
        let panics = (self.calls.info().panic, self.polls.info().panic);
        check.equal("panics of probes", (None, None), panics);
        drop((self.calls, self.polls));
        let functions = lock(&self.seen.functions);
        for (name, own) in COUNTS.all() {
            let seen = functions.get(name).map_or([0; 3], |function| function.numbers);
            check.equal(&format!("{name}: begun, returned, cancelled"), own, seen);
        }
        let polls = [&self.seen.polls, &self.seen.polls_of_lives].map(|polls| polls.load(Relaxed));
        check.equal("polls, one by one and by lives", polls[0], polls[1]);
        let slowest = functions.iter().max_by_key(|(_, function)| function.blocks_for);
        check.equal("blocks threads", Some("report"), slowest.map(|(name, _)| *name));
        let requests = lock(&self.seen.requests);
        let whole = requests.values().filter(|way| way.is_of_an_order());
        let whole = whole.filter(|way| way.threads.len() > 1).count() as u64;
        check.equal("orders followed to their end", COUNTS.settle.numbers()[1], whole);
    }
}

impl Way {
    fn is_of_an_order(&self) -> bool {
        self.functions.iter().eq(&WAY_OF_AN_ORDER)
    }
}

impl Seen {
    fn begins(&self, ctx: &Entry) {
        let name = ctx.function().name();
        lock(&self.functions).entry(name).or_default().numbers[0] += 1;
        let scope = Scope::current();
        let Some(request) = scope.as_ref().and_then(|scope| scope.get("req")) else { return };
        let mut requests = lock(&self.requests);
        let way = requests.entry(request.to_owned()).or_default();
        way.functions.insert(name);
        let thread: ThreadId = std::thread::current().id();
        way.threads.insert(format!("{thread:?}"));
    }

    fn ends(&self, ctx: &Exit) {
        let mut functions = lock(&self.functions);
        let function = functions.entry(ctx.function().name()).or_default();
        function.numbers[if ctx.cancelled() { 2 } else { 1 }] += 1;
        if let Some(life) = ctx.life() {
            self.polls_of_lives.fetch_add(life.polls(), Relaxed);
            let longest = life.longest_poll();
            let least = function.blocks_for.map_or(longest, |least| least.min(longest));
            function.blocks_for = Some(least);
        }
    }
}
