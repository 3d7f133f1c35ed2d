//! What a probe is called may be the name of anything else that is a value and not an item.

use gtramp::{Entry, Exit, ModRet, fentry, fexit, fmod_ret, traceable};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

static SEEN: AtomicU64 = AtomicU64::new(0);

#[traceable]
fn twice(token: u64) -> u64 {
    2 * token
}

#[fentry("**::twice")]
fn token(_: &Entry, token: u64) {
    SEEN.fetch_add(token, Ordering::Relaxed);
}

#[fexit("**::twice")]
fn result(_: &Exit, result: &u64) {
    SEEN.fetch_add(*result, Ordering::Relaxed);
}

#[fmod_ret("**::twice")]
fn answer(_: &ModRet, token: u64) -> ControlFlow<u64> {
    let answer = ControlFlow::Break(token);
    answer
}

struct Pair {
    token: u64,
    result: Option<u64>,
}

/// Every kind of binding.
fn bindings(token: u64, [result, ..]: [u64; 2]) -> u64 {
    let answer = token + result;
    let Pair { token, result } = Pair { token, result: Some(answer) };
    let closure = |answer: u64| answer + token;
    match result {
        Some(answer) if answer > 0 => closure(answer),
        answer => answer.map_or(0, closure),
    }
}

mod elsewhere {
    use super::{answer, token};

    pub fn attach() -> Result<[gtramp::Link; 2], gtramp::Error> {
        Ok([token::attach()?, answer::link().attach()?])
    }
}

fn main() {
    for token in 1..=2 {
        assert_eq!(bindings(token, [token, 0]), 3 * token);
        SEEN.store(0, Ordering::Relaxed);
        // Under a local of its name the type is as before; and beside it the name is the probe's.
        let links = elsewhere::attach().expect("they fit");
        assert_eq!((twice(token), SEEN.load(Ordering::Relaxed)), (token, token));
        drop(links);
        let result = result::attach().expect("it fits");
        assert_eq!((twice(token), SEEN.load(Ordering::Relaxed)), (2 * token, 3 * token));
        drop(result);
        both(token);
    }
}

fn both(x: u64) {
    SEEN.store(0, Ordering::Relaxed);
    let link = gtramp::link().functions("**::twice").fentry(token).fexit(result).attach();
    let _link = link.expect("they fit");
    assert_eq!((twice(x), SEEN.load(Ordering::Relaxed)), (2 * x, 3 * x));
}
