//! Sequences of operations over links, some of which the system lets fail, against a model that knows
//! what each call must see.

use std::cell::RefCell;
use std::ops::ControlFlow;

use super::Bytes;
use crate::caller::Lookup;
use crate::link::snapshot::{Snapshot, turn};
use crate::registry::functions;
use crate::sys::{Call, Refusing, refuse};
use crate::{Entry, Error, Exit, Function, Link, LinkBuilder, ModRet, Return, traceable};

#[traceable]
fn zero(a: u64) -> u64 {
    a
}

#[traceable]
fn one(a: u64, b: u64) -> u64 {
    a + b
}

#[traceable]
fn two(a: u64, b: &str) -> String {
    format!("{a}{b}")
}

const NAMES: [&str; 3] = ["zero", "one", "two"];

fn path(name: &str) -> String {
    format!("gtramp::fuzz::links::{name}")
}

fn targets() -> impl Iterator<Item = &'static Function> {
    functions().iter().filter(|function| function.module().ends_with("fuzz::links"))
}

/// What a probe saw: its link, its kind, its cookie.
type Event = (u64, &'static str, u64);

std::thread_local! {
    static LOG: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

fn log(event: Event) {
    LOG.with_borrow_mut(|log| log.push(event));
}

/// A link as the model knows it.
struct Model {
    id: u64,
    order: i32,
    functions: Vec<&'static str>,
    /// Entry, modify-return (and whether it decides), exit.
    kinds: (bool, Option<bool>, bool),
    cookie: u64,
    enabled: bool,
}

impl Model {
    fn of(id: u64, bytes: &mut Bytes<'_>) -> Self {
        let mut functions: Vec<_> = NAMES.into_iter().filter(|_| bytes.coin()).collect();
        if functions.is_empty() {
            functions.push(NAMES[bytes.below(NAMES.len())]);
        }
        // A modify-return probe is of one type of result.
        let decides = (!functions.contains(&"two") && bytes.below(3) == 0).then(|| bytes.coin());
        let kinds = (bytes.coin(), decides, bytes.coin());
        let kinds = if kinds == (false, None, false) { (true, None, false) } else { kinds };
        let order = i32::try_from(bytes.below(3)).expect("it is small") - 1;
        Self { id, order, functions, kinds, cookie: u64::from(bytes.next()), enabled: true }
    }

    fn attach(&self, bytes: &mut Bytes<'_>) -> Result<Link, Error> {
        let (id, (entry, decides, exit)) = (self.id, self.kinds);
        let paths: Vec<String> = self.functions.iter().map(|name| path(name)).collect();
        let mut link: LinkBuilder = crate::link()
            .functions(paths)
            .order(self.order)
            .cookie(self.cookie)
            .sleepable(bytes.below(4) == 0)
            .lookup(if bytes.coin() { Lookup::Inline } else { Lookup::Hash });
        if entry {
            link = link.fentry(move |ctx: &Entry, _: &u64| log((id, "entry", ctx.cookie())));
        }
        if let Some(decides) = decides {
            link = link.fmod_ret(move |ctx: &ModRet| {
                log((id, "decide", ctx.cookie()));
                if decides { ControlFlow::Break(id) } else { ControlFlow::Continue(()) }
            });
        }
        if exit {
            link = link.fexit(move |ctx: &Exit, _: u64| log((id, "exit", ctx.cookie())));
        }
        let refusing = refusal(bytes);
        unless_refused(refusing, || link.attach())
    }
}

/// What a call of a function must log, and who decides its result.
fn expected(links: &[(Model, Link)], name: &str) -> (Vec<Event>, Option<u64>) {
    let mut live: Vec<&Model> = links
        .iter()
        .map(|(model, _)| model)
        .filter(|model| model.enabled && model.functions.contains(&name))
        .collect();
    live.sort_by_key(|model| (model.order, model.id));
    let mut events: Vec<Event> =
        live.iter().filter(|m| m.kinds.0).map(|m| (m.id, "entry", m.cookie)).collect();
    let mut decided = None;
    for model in &live {
        if let Some(decides) = model.kinds.1 {
            events.push((model.id, "decide", model.cookie));
            if decides {
                decided = Some(model.id);
                break;
            }
        }
    }
    events.extend(live.iter().rev().filter(|m| m.kinds.2).map(|m| (m.id, "exit", m.cookie)));
    (events, decided)
}

/// Calls every function.
fn check(links: &[(Model, Link)]) {
    let results: [(_, fn() -> String, _); 3] = [
        ("zero", || zero(7).to_string(), "7"),
        ("one", || one(7, 8).to_string(), "15"),
        ("two", || two(7, "x"), "7x"),
    ];
    for (name, call, plain) in results {
        let (events, decided) = expected(links, name);
        let result = call();
        let seen = LOG.take();
        assert_eq!(seen, events, "{name}");
        let right = decided.map_or_else(|| plain.to_owned(), |id| id.to_string());
        assert_eq!(result, right, "{name}");
    }
}

/// Lets some call of the system fail, or none.
fn refusal(bytes: &mut Bytes<'_>) -> Option<Refusing> {
    let (first, second) = match bytes.below(8) {
        0 => (Call::Protect, Some(Call::OpenFile.always())),
        1 => (Call::WriteFile, Some(Call::Protect.always())),
        2 | 3 => (Call::Allocate, None),
        4 => (Call::Register, None),
        _ => return None,
    };
    Some(refuse(first.once_after(bytes.below(12) as u64), second))
}

/// Attaches or enables: if that fails, nothing has changed, and there was a reason for it.
fn unless_refused<R>(
    refusing: Option<Refusing>,
    attach: impl FnOnce() -> Result<R, Error>,
) -> Result<R, Error> {
    let before = refusing.is_some().then(|| Snapshot::of(targets()));
    let result = attach();
    drop(refusing);
    if let Err(error) = &result {
        // Not the pages: those that an earlier refusal left open may be closed now.
        let (before, now) =
            (before.expect("nothing fails that is not refused"), Snapshot::of(targets()));
        assert!(now.has_entries_of(&before), "{error}: {before:?} {now:?}");
    }
    result
}

/// Detaches or disables, which cannot fail: at worst, entries stay armed.
fn whatever_is_refused(bytes: &mut Bytes<'_>, detach: impl FnOnce()) {
    let (first, second) = match bytes.below(8) {
        0 => (Call::Protect.once_after(bytes.below(3) as u64), Some(Call::OpenFile.always())),
        1 => (Call::Protect.always(), Some(Call::OpenFile.always())),
        2 => (Call::WriteFile.once_after(bytes.below(6) as u64), Some(Call::Protect.always())),
        _ => return detach(),
    };
    let refusing = refuse(first, second);
    detach();
    drop(refusing);
}

/// Attaches, detaches, disables, enables, overrides and is refused, as the bytes say. After each of
/// these, every function is called.
pub fn run(data: &[u8]) {
    let _turn = turn();
    let mut bytes = Bytes(data);
    let mut links: Vec<(Model, Link)> = Vec::new();
    let mut next = 0;
    while !bytes.is_empty() {
        match bytes.below(6) {
            0..=2 => {
                // Links of one order run in the order in which they were attached.
                next += 1;
                let model = Model::of(next, &mut bytes);
                if let Ok(link) = model.attach(&mut bytes) {
                    links.push((model, link));
                }
            }
            3 if !links.is_empty() => {
                let chosen = bytes.below(links.len().min(256));
                let (_, link) = links.swap_remove(chosen);
                let waits = bytes.coin();
                whatever_is_refused(&mut bytes, || {
                    if waits { link.detach() } else { link.detach_deferred() }
                });
            }
            4 if !links.is_empty() => {
                let chosen = bytes.below(links.len().min(256));
                let (model, link) = &mut links[chosen];
                if model.enabled {
                    whatever_is_refused(&mut bytes, || link.disable());
                    model.enabled = false;
                } else {
                    model.enabled = unless_refused(refusal(&mut bytes), || link.enable()).is_ok();
                }
                assert_eq!(link.is_enabled(), model.enabled);
            }
            _ => {
                // Refused as a whole: the second function takes another type.
                crate::link()
                    .functions([path("one"), path("two")])
                    .fexit(|_: &Exit, _: Return<u64>| ())
                    .attach()
                    .expect_err("one returns a text");
            }
        }
        check(&links);
    }
    for (_, link) in links.drain(..) {
        drop(link);
    }
    check(&links);
    // What stayed armed is disarmed by the next that can.
    drop(crate::fentry(path("*"), |_: &Entry| ()).expect("nothing is refused"));
    assert!(Snapshot::of(targets()).is_off());
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_call_sees_what_the_model_says_after_any_sequence_of_operations() {
        super::super::with_random_bytes(300, 400, super::run);
    }
}
