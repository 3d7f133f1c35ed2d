//! Links of one function and of many on the same functions, in any order.

use std::sync::{Mutex, MutexGuard, PoisonError};

use gtramp::{Entry, Exit, Link, Return, site, traceable};

use crate::support::{Log, Random};

#[traceable]
mod five {
    pub(super) fn a(x: u64) -> u64 {
        x + 1
    }

    pub(super) fn b(x: u64) -> u64 {
        x + 2
    }

    pub(super) fn c(x: u64) -> u64 {
        x + 3
    }

    pub(super) fn d(x: u64, y: &str) -> usize {
        y.len() + usize::try_from(x).unwrap()
    }

    pub(super) fn e(x: u64, y: char) -> String {
        format!("{y}{x}")
    }
}

/// One test at a time looks at these functions.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls all five.
fn call() {
    assert_eq!((five::a(10), five::b(20), five::c(30)), (11, 22, 33));
    assert_eq!((five::d(40, "dd"), five::e(50, 'e')), (42, "e50".to_owned()));
}

/// The links of the example, by number.
const LINKS: usize = 3;

/// An entry probe of `a`, an exit probe of `e`, both typed, and one of all five.
fn attach(link: usize, log: &Log) -> Link {
    let log = log.clone();
    match link {
        0 => site!(five::a).fentry(move |_: &Entry, x: &u64| log.push(format!("A {x}"))),
        1 => site!(five::e).fexit(move |_: &Exit, x: u64, y: char, ret: Return<String>| {
            log.push(format!("E {x} {y} {}", ret.get().unwrap()));
        }),
        _ => {
            let ends = log.clone();
            gtramp::link()
                .functions("behaviour::coexistence::five::*")
                .fentry(move |ctx: &Entry, x: &u64| {
                    log.push(format!("> {} {x}", ctx.function().name()));
                })
                .fexit(move |ctx: &Exit, x: u64| {
                    ends.push(format!("< {} {x}", ctx.function().name()));
                })
                .attach()
        }
    }
    .unwrap()
}

/// What a call of all five has to say while these links are attached, in this order.
fn expected(attached: &[usize]) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, x) in [("a", 10), ("b", 20), ("c", 30), ("d", 40), ("e", 50)] {
        for link in attached {
            match link {
                0 if name == "a" => lines.push(format!("A {x}")),
                2 => lines.push(format!("> {name} {x}")),
                _ => {}
            }
        }
        for link in attached.iter().rev() {
            match link {
                1 if name == "e" => lines.push(format!("E {x} e e50")),
                2 => lines.push(format!("< {name} {x}")),
                _ => {}
            }
        }
    }
    lines
}

const ORDERS: [[usize; LINKS]; 6] =
    [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

#[test]
fn each_function_runs_exactly_its_probes_in_every_order_of_attaching_and_detaching() {
    let _alone = alone();
    let log = Log::new();
    for attaching in ORDERS {
        for detaching in ORDERS {
            let mut links: [Option<Link>; LINKS] = Default::default();
            let mut attached = Vec::new();
            for link in attaching {
                links[link] = Some(attach(link, &log));
                attached.push(link);
                call();
                assert_eq!(log.take(), expected(&attached), "{attaching:?} {detaching:?}");
            }
            for link in detaching {
                links[link].take().unwrap().detach();
                attached.retain(|other| *other != link);
                call();
                assert_eq!(log.take(), expected(&attached), "{attaching:?} {detaching:?}");
            }
        }
    }
}

/// Fifty functions, of which each says its number.
macro_rules! fifty {
    ($($name:ident)*) => {
        #[traceable]
        mod fifty {
            $(pub(super) fn $name(x: u64) -> u64 { x })*
        }

        const FIFTY: &[(&str, fn(u64) -> u64)] = &[
            $((concat!("behaviour::coexistence::fifty::", stringify!($name)), fifty::$name)),*
        ];
    };
}

fifty! {
    f00 f01 f02 f03 f04 f05 f06 f07 f08 f09 f10 f11 f12 f13 f14 f15 f16 f17 f18 f19 f20 f21 f22 f23 f24
    f25 f26 f27 f28 f29 f30 f31 f32 f33 f34 f35 f36 f37 f38 f39 f40 f41 f42 f43 f44 f45 f46 f47 f48 f49
}

#[test]
fn links_of_random_sets_run_as_a_model_says() {
    let _alone = alone();
    let log = Log::new();
    let mut random = Random::from_environment();
    for _ in 0..20 {
        // In attach order: the link's number, whether it has an exit probe as well, and its functions.
        let mut attached: Vec<(u64, bool, Vec<usize>, Link)> = Vec::new();
        for step in 0..12_u64 {
            if attached.len() < 4 && random.flip() {
                let mut members: Vec<usize> =
                    (0..FIFTY.len()).filter(|_| random.below(3) == 0).collect();
                if members.is_empty() {
                    members.push(random.below(FIFTY.len()));
                }
                let has_exit = random.flip();
                let paths: Vec<&str> = members.iter().map(|&member| FIFTY[member].0).collect();
                let entry = log.clone();
                let mut link = gtramp::link()
                    .functions(paths)
                    .fentry(move |_: &Entry, x: &u64| entry.push(format!("> {step} {x}")));
                if has_exit {
                    let exit = log.clone();
                    link = link.fexit(move |_: &Exit, x: u64, ret: Return<u64>| {
                        exit.push(format!("< {step} {x} {}", ret.get().unwrap()));
                    });
                }
                attached.push((step, has_exit, members, link.attach().unwrap()));
            } else if !attached.is_empty() {
                let (.., link) = attached.remove(random.below(attached.len()));
                link.detach();
            }
            for (number, (path, function)) in FIFTY.iter().enumerate() {
                let x = number as u64;
                assert_eq!(function(x), x);
                let of_this =
                    || attached.iter().filter(|(.., members, _)| members.contains(&number));
                let entries = of_this().map(|(link, ..)| format!("> {link} {x}"));
                let exits = of_this().rev().filter(|(_, has_exit, ..)| *has_exit);
                let exits = exits.map(|(link, ..)| format!("< {link} {x} {x}"));
                let expected: Vec<_> = entries.chain(exits).collect();
                assert_eq!(log.take(), expected, "{path}");
            }
        }
    }
}
