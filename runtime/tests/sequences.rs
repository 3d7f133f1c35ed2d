//! Random sequences of operations over links, against a model that knows what each call must see.
//!
//! `GTRAMP_SEQUENCES` says how many sequences; a failure names its seed.

#![cfg(gtramp_stubs)]

use std::cell::RefCell;
use std::ops::ControlFlow;

use gtramp::{Entry, Exit, Link, LinkBuilder, Lookup, ModRet, Return, traceable};

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

/// What a probe saw: its link, its kind, its cookie.
type Event = (u64, &'static str, u64);

std::thread_local! {
    static LOG: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
}

fn log(event: Event) {
    LOG.with_borrow_mut(|log| log.push(event));
}

/// Xorshift (Marsaglia 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).expect("less than a usize")
    }
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
    fn random(id: u64, random: &mut Random) -> Self {
        let mut functions: Vec<_> = NAMES.into_iter().filter(|_| random.below(2) == 0).collect();
        if functions.is_empty() {
            functions.push(NAMES[random.index(NAMES.len())]);
        }
        // A modify-return probe is of one type of result.
        let decides =
            (!functions.contains(&"two") && random.below(3) == 0).then(|| random.below(2) == 0);
        let kinds = (random.below(2) == 0, decides, random.below(2) == 0);
        let kinds = if kinds == (false, None, false) { (true, None, false) } else { kinds };
        let order = i32::try_from(random.below(3)).expect("it is small") - 1;
        Self { id, order, functions, kinds, cookie: random.below(1000), enabled: true }
    }

    fn attach(&self, random: &mut Random) -> Link {
        let (id, (entry, decides, exit)) = (self.id, self.kinds);
        let paths: Vec<String> =
            self.functions.iter().map(|name| format!("sequences::{name}")).collect();
        let mut link: LinkBuilder = gtramp::link()
            .functions(paths)
            .order(self.order)
            .cookie(self.cookie)
            .sleepable(random.below(4) == 0)
            .lookup(if random.below(2) == 0 { Lookup::Inline } else { Lookup::Hash });
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
        link.attach().expect("every probe fits")
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

fn check(links: &[(Model, Link)], seed: u64) {
    let results = [
        ("zero", Box::new(|| zero(7).to_string()) as Box<dyn Fn() -> String>, "7"),
        ("one", Box::new(|| one(7, 8).to_string()), "15"),
        ("two", Box::new(|| two(7, "x")), "7x"),
    ];
    for (name, call, plain) in results {
        let (events, decided) = expected(links, name);
        let result = call();
        let seen = LOG.take();
        assert_eq!(seen, events, "{name}, seed {seed}");
        let right = decided.map_or_else(|| plain.to_owned(), |id| id.to_string());
        assert_eq!(result, right, "{name}, seed {seed}");
    }
}

fn run(seed: u64) {
    const STEPS: u64 = 30;
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut links: Vec<(Model, Link)> = Vec::new();
    // Rises over all sequences: links of one order run in the order in which they were attached.
    let mut next = seed * STEPS;
    for _ in 0..STEPS {
        match random.below(6) {
            0..=2 => {
                next += 1;
                let model = Model::random(next, &mut random);
                let link = model.attach(&mut random);
                links.push((model, link));
            }
            3 if !links.is_empty() => {
                let chosen = random.index(links.len());
                let (_, link) = links.swap_remove(chosen);
                if random.below(2) == 0 { link.detach() } else { link.detach_deferred() }
            }
            4 if !links.is_empty() => {
                let chosen = random.index(links.len());
                let (model, link) = &mut links[chosen];
                model.enabled = !model.enabled;
                if model.enabled {
                    link.enable().expect("nothing is in the way")
                } else {
                    link.disable()
                }
            }
            _ => {
                // Refused as a whole: the second function takes another type.
                gtramp::link()
                    .functions(["sequences::one", "sequences::two"])
                    .fexit(|_: &Exit, _: Return<u64>| ())
                    .attach()
                    .expect_err("one returns a text");
            }
        }
        check(&links, seed);
    }
    for (_, link) in links.drain(..) {
        drop(link);
    }
    check(&links, seed);
}

#[test]
fn every_call_sees_what_the_model_says_after_any_sequence_of_operations() {
    let given = std::env::var("GTRAMP_SEQUENCES").ok();
    let sequences = given.map_or(300, |given| given.parse().expect("GTRAMP_SEQUENCES is a number"));
    for seed in 0..sequences {
        run(seed);
    }
    println!("{sequences} sequences");
}
