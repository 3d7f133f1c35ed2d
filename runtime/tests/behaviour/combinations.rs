//! Everything together on one function: links of every kind, at one function or at all, limited or not, and live
//! patches, coming and going in every order.

use std::cell::RefCell;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use gtramp::{Entry, Exit, Link, ModRet, Patch, Return, Scope, link, replace, traceable};

use crate::support::{Random, StopAtEnd, entry_bytes, function, runs};

/// Tests of the same functions take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

std::thread_local! {
    /// What this thread's calls have run.
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn log(line: impl fmt::Display) {
    LOG.with_borrow_mut(|log| log.push(line.to_string()));
}

fn taken() -> Vec<String> {
    LOG.take()
}

#[traceable]
mod targets {
    use super::log;

    pub(crate) fn a(x: u64) -> u64 {
        log("body");
        x
    }

    pub(crate) fn b(x: u64) -> u64 {
        log("body");
        x
    }

    pub(crate) fn c(x: u64) -> u64 {
        log("body");
        x
    }

    pub(crate) fn d(x: u64, y: u64) -> u64 {
        log("body");
        x + y
    }

    pub(crate) fn e(x: u64, y: u64) -> u64 {
        log("body");
        x + y
    }
}

#[replace("**::combinations::targets::{a,b,c}")]
fn one(x: u64) -> u64 {
    log("one");
    x + 100
}

#[replace("**::combinations::targets::{d,e}")]
fn two(x: u64, y: u64) -> u64 {
    log("one");
    x + y + 100
}

#[replace("**::combinations::targets::{a,b,c}")]
fn other_one(x: u64) -> u64 {
    log("other");
    x + 200
}

#[replace("**::combinations::targets::{d,e}")]
fn other_two(x: u64, y: u64) -> u64 {
    log("other");
    x + y + 200
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// A call whose result, by its own body, is 7.
fn call(at: usize) -> u64 {
    match at {
        0 => targets::a(7),
        1 => targets::b(7),
        2 => targets::c(7),
        3 => targets::d(3, 4),
        _ => targets::e(3, 4),
    }
}

/// What a body, or what is in its place, says and returns.
const BODIES: [(&str, u64); 3] = [("body", 7), ("one", 107), ("other", 207)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Entry,
    Decides,
    Exit,
    Session,
    Patch,
    OtherPatch,
}

const KINDS: [Kind; 6] =
    [Kind::Entry, Kind::Decides, Kind::Exit, Kind::Session, Kind::Patch, Kind::OtherPatch];

/// One link or patch.
#[derive(Clone, Copy, Debug)]
struct Part {
    id: u64,
    kind: Kind,
    at: [bool; 5],
    /// Whether it is limited to the scope.
    limited: bool,
}

impl Part {
    fn is_patch(&self) -> bool {
        matches!(self.kind, Kind::Patch | Kind::OtherPatch)
    }
}

/// The model: what a call of a function runs, and returns, with these parts in the order in which they came.
fn expected(parts: &[Part], at: usize, in_scope: bool) -> (Vec<String>, u64) {
    let here = || {
        let here = parts.iter().filter(|part| part.at[at] && (in_scope || !part.limited));
        here.copied().collect::<Vec<_>>()
    };
    let of = |kinds: &[Kind]| -> Vec<Part> {
        here().into_iter().filter(|part| kinds.contains(&part.kind)).collect()
    };
    let mut lines: Vec<String> = Vec::new();
    lines.extend(of(&[Kind::Entry, Kind::Session]).iter().map(|part| format!("> {}", part.id)));
    let result = match (of(&[Kind::Decides]).first(), of(&[Kind::Patch, Kind::OtherPatch]).last()) {
        (Some(decides), _) => {
            lines.push(format!("? {}", decides.id));
            1000 + decides.id
        }
        (None, patch) => {
            let (says, returns) = BODIES[match patch.map(|patch| patch.kind) {
                None => 0,
                Some(Kind::Patch) => 1,
                Some(_) => 2,
            }];
            lines.push(says.to_owned());
            returns
        }
    };
    let exits = of(&[Kind::Exit, Kind::Session]);
    lines.extend(exits.iter().rev().map(|part| format!("< {} {result}", part.id)));
    (lines, result)
}

/// What keeps a part in place.
#[expect(dead_code, reason = "they are held")]
enum Held {
    Link(Link),
    Patch(Patch),
}

fn attach(part: Part, scope: &Scope) -> Held {
    let Part { id, kind, at, limited } = part;
    let chosen = |range: std::ops::Range<usize>| -> Vec<String> {
        let at = range.filter(|&at| part.at[at]);
        at.map(|at| format!("behaviour::combinations::targets::{}", NAMES[at])).collect()
    };
    let exit = move |_: &Exit, ret: Return<u64>| log(format!("< {id} {}", ret.get().unwrap()));
    let mut builder = link().functions(chosen(0..5));
    if limited {
        builder = builder.within(scope);
    }
    let builder = match kind {
        Kind::Entry => builder.fentry(move |_: &Entry| log(format!("> {id}"))),
        Kind::Exit => builder.fexit(exit),
        Kind::Decides => builder.fmod_ret(move |_: &ModRet| {
            log(format!("? {id}"));
            ControlFlow::Break(1000 + id)
        }),
        Kind::Session => builder.fsession(
            move |_: &Entry| {
                log(format!("> {id}"));
                Some(id)
            },
            move |_: &Exit, value: u64, ret: Return<u64>| {
                assert_eq!(value, id);
                log(format!("< {id} {}", ret.get().unwrap()));
            },
        ),
        Kind::Patch | Kind::OtherPatch => {
            let (of_one, of_two) = match kind {
                Kind::Patch => (one::patch(), two::patch()),
                _ => (other_one::patch(), other_two::patch()),
            };
            let ones = at[..3].contains(&true).then(|| of_one.functions(chosen(0..3)));
            let twos = at[3..].contains(&true).then(|| of_two.functions(chosen(3..5)));
            let both = match (ones, twos) {
                (Some(ones), Some(twos)) => ones.and(twos),
                (ones, twos) => ones.or(twos).expect("it is somewhere"),
            };
            return Held::Patch(both.stack(true).apply().unwrap());
        }
    };
    Held::Link(builder.attach().unwrap())
}

/// The parts in place, in the order in which they came.
struct Table {
    scope: Scope,
    parts: Vec<Part>,
    held: Vec<Held>,
}

impl Table {
    fn new() -> Self {
        Self { scope: Scope::new(), parts: Vec::new(), held: Vec::new() }
    }

    fn comes(&mut self, part: Part) {
        self.held.push(attach(part, &self.scope));
        self.parts.push(part);
        self.check();
    }

    fn goes(&mut self, id: u64) {
        let place = self.parts.iter().position(|part| part.id == id).expect("it is there");
        drop(self.held.remove(place));
        self.parts.remove(place);
        self.check();
    }

    fn check(&self) {
        for (at, name) in NAMES.iter().enumerate() {
            let outside = (taken(), call(at)).1;
            let found = (taken(), outside);
            let what = || format!("{name} with {:?}", self.parts);
            assert_eq!(found, expected(&self.parts, at, false), "outside {}", what());
            let entered = self.scope.enter();
            let inside = call(at);
            drop(entered);
            let found = (taken(), inside);
            assert_eq!(found, expected(&self.parts, at, true), "inside {}", what());
        }
    }
}

/// At one function, and at all.
const SETS: [[bool; 5]; 2] = [[true, false, false, false, false], [true; 5]];

/// Every part there is, but for its number.
fn every_part(id: u64) -> Vec<Part> {
    let mut parts = Vec::new();
    for kind in KINDS {
        for at in SETS {
            let part = Part { id, kind, at, limited: false };
            parts.push(part);
            if !part.is_patch() {
                parts.push(Part { limited: true, ..part });
            }
        }
    }
    parts
}

#[test]
fn any_two_come_and_go_in_every_order() {
    let _turn = turn();
    let off = NAMES.map(|name| function(&format!("behaviour::combinations::targets::{name}")));
    let before = off.map(entry_bytes);
    let pairs = every_part(1).into_iter().flat_map(|first| {
        let second = move |second| (first, second);
        every_part(2).into_iter().map(second)
    });
    // Where every instruction is translated, one in some.
    let all = pairs.clone().count();
    let step = all.div_ceil(runs(all));
    for (first, second) in pairs.step_by(step) {
        for gone in [[1, 2], [2, 1]] {
            let mut table = Table::new();
            table.comes(first);
            table.comes(second);
            gone.iter().for_each(|&id| table.goes(id));
        }
    }
    assert_eq!(off.map(entry_bytes), before);
}

#[test]
fn the_functions_of_four_links_run_theirs_whatever_comes_and_goes() {
    let _turn = turn();
    let mut random = Random::from_environment();
    random_steps(&mut random, runs(600));
}

/// Up to four parts come and go at random.
fn random_steps(random: &mut Random, steps: usize) {
    let mut table = Table::new();
    for id in 0..steps as u64 {
        if table.parts.len() == 4 || (!table.parts.is_empty() && random.below(3) == 0) {
            let gone = random.below(table.parts.len());
            table.goes(table.parts[gone].id);
            continue;
        }
        let mut at = [false; 5];
        while at == [false; 5] {
            at = at.map(|_| random.flip());
        }
        let kind = KINDS[random.below(KINDS.len())];
        let part = Part { id, kind, at, limited: false };
        let limited = !part.is_patch() && random.below(3) == 0;
        table.comes(Part { limited, ..part });
    }
}

/// Whether what a call has run is what some set of parts could have run: it has one body or what is in its place,
/// whatever decides comes before that, and every result is the one that was returned.
fn is_whole(lines: &[String], result: u64) -> bool {
    let before = lines.iter().take_while(|line| line.starts_with('>')).count();
    let Some((body, after)) = lines[before..].split_first() else { return false };
    let returned = match body.strip_prefix("? ") {
        Some(id) => id.parse().ok().map(|id: u64| 1000 + id),
        None => BODIES.iter().find(|(says, _)| says == body).map(|&(_, returns)| returns),
    };
    let ends = format!(" {result}");
    returned == Some(result)
        && after.iter().all(|line| line.starts_with("< ") && line.ends_with(&ends))
}

#[test]
fn each_call_of_other_threads_is_whole_while_four_links_come_and_go() {
    let _turn = turn();
    let mut random = Random::from_environment();
    let (stop, started) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (stop, started) = (&stop, &started);
    thread::scope(|scope| {
        let threads = [0, 1].map(|number| {
            scope.spawn(move || {
                let mut at = number;
                while !stop.load(SeqCst) {
                    let result = call(at % NAMES.len());
                    let lines = taken();
                    assert!(is_whole(&lines, result), "{lines:?} {result}");
                    at += 1;
                    if at == number + NAMES.len() {
                        started.fetch_add(1, SeqCst);
                    }
                }
                at
            })
        });
        while started.load(SeqCst) < threads.len() && !threads.iter().any(|one| one.is_finished()) {
            thread::yield_now();
        }
        let stopped = StopAtEnd(stop);
        random_steps(&mut random, runs(300));
        drop(stopped);
        for thread in threads {
            assert!(thread.join().unwrap() > NAMES.len());
        }
    });
}
