//! Any sequence of attaches and detaches, against a model that knows what every call must do.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, Kind, Link, ModRet, Return, link, traceable};

use crate::support::{EntryBytes, Random, entry_bytes, function};

static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn log(line: String) {
    LOG.lock().unwrap_or_else(PoisonError::into_inner).push(line);
}

fn taken() -> Vec<String> {
    std::mem::take(&mut *LOG.lock().unwrap_or_else(PoisonError::into_inner))
}

#[traceable]
mod targets {
    use super::log;

    pub(crate) fn none() -> u64 {
        log("origin none".to_owned());
        1
    }

    pub(crate) fn one(x: u64) -> u64 {
        log("origin one".to_owned());
        x
    }

    pub(crate) fn text(a: &str, b: String, c: u8) -> u64 {
        log("origin text".to_owned());
        a.len() as u64 + b.len() as u64 + u64::from(c)
    }
    pub(crate) fn eight(
        a: u8,
        b: u16,
        c: u32,
        d: u64,
        e: f32,
        f: f64,
        g: char,
        h: [u64; 4],
    ) -> u64 {
        log("origin eight".to_owned());
        assert!(e < 2.0 && f < 2.0 && g == 'g');
        u64::from(a) + u64::from(b) + u64::from(c) + d + h[3]
    }
}

struct Target {
    name: &'static str,
    slots: usize,
    result: u64,
    call: fn() -> u64,
}

const TARGETS: [Target; 4] = [
    Target { name: "none", slots: 0, result: 1, call: targets::none },
    Target { name: "one", slots: 1, result: 2, call: || targets::one(2) },
    Target { name: "text", slots: 3, result: 8, call: || targets::text("ab", "cde".to_owned(), 3) },
    Target {
        name: "eight",
        slots: 8,
        result: 14,
        call: || targets::eight(1, 2, 3, 4, 1.0, 1.0, 'g', [1, 2, 3, 4]),
    },
];

impl Target {
    fn path(&self) -> String {
        format!("behaviour::model::targets::{}", self.name)
    }
}

/// What the model knows of a link.
struct Model {
    id: u64,
    order: i32,
    kinds: Vec<Kind>,
    /// Whether its modify-return probes override, and so with what.
    overrides: Option<u64>,
    /// Cookies by target; `None` where it is not attached.
    cookies: [Option<u64>; 4],
    sleepable: bool,
    hashed: bool,
    enabled: bool,
    link: Link,
}

impl Model {
    fn attach(id: u64, random: &mut Random) -> Self {
        let order = i32::try_from(random.below(5)).unwrap_or(0) - 2;
        let overrides = (random.below(4) == 0).then_some(1000 + id);
        let (sleepable, hashed) = (random.flip(), random.flip());
        let mut builder = link().order(order).sleepable(sleepable);
        if hashed {
            builder = builder.lookup(Lookup::Hash);
        }
        let mut kinds = Vec::new();
        for probe in 0..=random.below(4) {
            let kind = [Kind::Fentry, Kind::FmodRet, Kind::Fexit][random.below(3)];
            kinds.push(kind);
            let who = format!("{id}.{probe}");
            builder = match kind {
                Kind::Fentry => {
                    builder.fentry(move |ctx: &Entry| log(format!("> {who} {}", ctx.cookie())))
                }
                Kind::FmodRet => builder.fmod_ret(move |ctx: &ModRet| {
                    log(format!("? {who} {}", ctx.cookie()));
                    overrides.map_or(ControlFlow::Continue(()), ControlFlow::Break)
                }),
                _ => builder.fexit(move |ctx: &Exit, ret: Return<u64>| {
                    let (ret, skipped) = (ret.get().copied(), ctx.origin_skipped());
                    log(format!("< {who} {} {ret:?} {skipped}", ctx.cookie()));
                }),
            };
        }
        let mut cookies = [None; 4];
        while cookies == [None; 4] {
            cookies = cookies.map(|_| random.flip().then(|| random.next()));
        }
        let chosen = || {
            TARGETS
                .iter()
                .zip(cookies)
                .filter_map(|(target, cookie)| Some((target.path(), cookie?)))
        };
        let paths: Vec<String> = chosen().map(|(path, _)| path).collect();
        let link = builder.functions(paths).cookie(chosen().collect::<Vec<_>>()).attach().unwrap();
        Self { id, order, kinds, overrides, cookies, sleepable, hashed, enabled: true, link }
    }

    /// Its probes of one kind, as they name themselves at a target.
    fn probes(&self, kind: Kind, target: usize) -> Vec<String> {
        let probes = self.kinds.iter().enumerate().filter(|(_, of)| **of == kind);
        probes
            .map(|(probe, _)| format!("{}.{probe} {}", self.id, self.cookies[target].unwrap_or(0)))
            .collect()
    }
}

/// What a call of a target must log and return.
fn expected(links: &[Model], target: usize) -> (Vec<String>, u64) {
    let mut here: Vec<&Model> =
        links.iter().filter(|link| link.cookies[target].is_some() && link.enabled).collect();
    // Stable, and `links` is in attach order.
    here.sort_by_key(|link| link.order);
    let mut lines = Vec::new();
    for link in &here {
        lines.extend(
            link.probes(Kind::Fentry, target).into_iter().map(|probe| format!("> {probe}")),
        );
    }
    let mut decided = None;
    'row: for link in &here {
        for probe in link.probes(Kind::FmodRet, target) {
            lines.push(format!("? {probe}"));
            if link.overrides.is_some() {
                decided = link.overrides;
                break 'row;
            }
        }
    }
    if decided.is_none() {
        lines.push(format!("origin {}", TARGETS[target].name));
    }
    let result = decided.unwrap_or(TARGETS[target].result);
    for link in here.iter().rev() {
        for probe in link.probes(Kind::Fexit, target).into_iter().rev() {
            lines.push(format!("< {probe} Some({result}) {}", decided.is_some()));
        }
    }
    (lines, result)
}

/// The caller that must serve a target that has links.
fn expected_caller(links: &[Model], target: usize) -> String {
    let here = || {
        let here = links.iter().filter(|link| link.cookies[target].is_some());
        here.filter(|link| link.enabled)
    };
    // One probe, or the entry and exit probes of one link.
    let one_link = here().count() == 1;
    let of_one_link = one_link
        && here().all(|link| link.kinds.len() == 1 || !link.kinds.contains(&Kind::FmodRet));
    if of_one_link
        && here().all(|link| !link.sleepable && !link.hashed)
        && TARGETS[target].slots <= 5
    {
        return format!("specialised_{}", TARGETS[target].slots);
    }
    let looked_up = |link: &Model| link.hashed && !link.sleepable && link.kinds == [Kind::Fentry];
    // Not every architecture has one.
    let has_single = cfg!(target_arch = "x86_64") && TARGETS[target].slots <= 5;
    if one_link && here().all(looked_up) && has_single {
        return format!("caller_{}_single_hash", TARGETS[target].slots);
    }
    let sleep = if here().any(|link| link.sleepable) { "_sleep" } else { "" };
    let origin = here().any(|link| link.kinds.iter().any(|kind| *kind != Kind::Fentry));
    let origin = if origin { "_origin" } else { "" };
    let hash = if here().any(|link| link.hashed) { "_hash" } else { "" };
    format!("caller_{}{sleep}{origin}{hash}", TARGETS[target].slots)
}

fn check(links: &[Model], off: &[Vec<EntryBytes>]) {
    for (index, target) in TARGETS.iter().enumerate() {
        let (lines, result) = expected(links, index);
        assert_eq!(((target.call)(), taken()), (result, lines), "{}", target.name);
        let attached = links.iter().any(|link| link.enabled && link.cookies[index].is_some());
        assert_eq!(
            entry_bytes(function(&target.path())) != off[index],
            attached,
            "{}",
            target.name
        );
    }
    for model in links {
        let functions: Vec<_> = model
            .link
            .info()
            .functions
            .iter()
            .map(|linked| {
                (linked.function.path().to_owned(), linked.cookie, linked.caller.to_owned())
            })
            .collect();
        let mut wanted: Vec<_> = (0..TARGETS.len())
            .filter_map(|target| {
                Some((
                    TARGETS[target].path(),
                    model.cookies[target]?,
                    expected_caller(links, target),
                ))
            })
            .collect();
        wanted.sort();
        if model.enabled {
            assert_eq!(functions, wanted);
        } else {
            // Who serves them now is not this link's business.
            assert_eq!(functions.len(), wanted.len());
        }
        assert_eq!(model.link.info().missed, 0);
    }
}

#[test]
fn any_sequence_of_attaches_and_detaches_does_what_the_model_says() {
    let mut random = Random::from_environment();
    for target in &TARGETS {
        assert_eq!((target.call)(), target.result);
    }
    taken();
    let off: Vec<_> = TARGETS.iter().map(|target| entry_bytes(function(&target.path()))).collect();
    let mut links: Vec<Model> = Vec::new();
    for id in 0..600 {
        // Now and then everything goes, so that functions come and go as well as probes.
        if random.below(50) == 0 {
            while !links.is_empty() {
                drop(links.swap_remove(random.below(links.len())));
            }
        }
        match random.below(8) {
            0..4 if links.len() < 8 => links.push(Model::attach(id, &mut random)),
            0..6 if !links.is_empty() => {
                let gone = links.remove(random.below(links.len()));
                if random.flip() { gone.link.detach() } else { gone.link.detach_deferred() }
            }
            6.. if !links.is_empty() => {
                let model = random.below(links.len());
                let model = &mut links[model];
                model.enabled = random.flip();
                if model.enabled {
                    model.link.enable().unwrap();
                } else {
                    model.link.disable();
                }
                assert_eq!(model.link.is_enabled(), model.enabled);
            }
            _ => {}
        }
        check(&links, &off);
    }
    drop(links);
    check(&[], &off);
}
