//! Attaching, switching and detaching, as fast as it goes.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use gtramp::__private::Lookup;
use gtramp::{Entry, Exit, Link, LinkBuilder, ModRet, Return, Selector};

use crate::canary::{Canary, Keeper, canary, check};
use crate::targets::{Target, join};

/// Xorshift (Marsaglia 2003): good enough to choose, and the same on every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("less than a usize")
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}

/// What one thread did.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) attached: u64,
    pub(crate) switched: u64,
    /// Those that were left behind with `detach_deferred`.
    pub(crate) deferred: Vec<Keeper>,
}

/// Links of every kind to random functions of `targets`, until `stop`.
pub(crate) fn churn(
    random: &mut Random,
    targets: &[Target],
    probes: Probes,
    stop: &AtomicBool,
) -> Done {
    const HELD: usize = 6;
    let mut done = Done::default();
    let mut held: Vec<(Link, Keeper)> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        if held.len() < HELD && random.coin() {
            held.push(attach(random, targets, probes));
            done.attached += 1;
        } else if !held.is_empty() {
            let chosen = random.below(held.len());
            if random.coin() {
                switch(&held[chosen]);
                done.switched += 1;
            } else {
                let (link, keeper) = held.swap_remove(chosen);
                detach(random, link, keeper, &mut done.deferred);
            }
        }
        if done.deferred.len() > 1000 {
            done.deferred.retain(|keeper| !keeper.is_alone());
        }
    }
    for (link, keeper) in held {
        detach(random, link, keeper, &mut done.deferred);
    }
    done
}

/// Off and on again.
fn switch((link, keeper): &(Link, Keeper)) {
    link.disable();
    keeper.allow(false);
    check(!link.is_enabled(), "a disabled link says that it is enabled");
    keeper.allow(true);
    link.enable().expect("the entries are as they were");
}

fn detach(random: &mut Random, link: Link, keeper: Keeper, deferred: &mut Vec<Keeper>) {
    let info = link.info();
    check(info.panic.is_none(), "a probe panicked");
    check(info.missed == 0, "a probe was missed, and none calls what it probes");
    if random.below(8) == 0 {
        link.detach_deferred();
        deferred.push(keeper);
        return;
    }
    if random.coin() {
        link.detach();
    } else {
        drop(link);
    }
    check(keeper.is_alone(), "a detached link's closures were not dropped");
    keeper.allow(false);
}

/// Adds a probe of each kind that is asked for.
pub(crate) type Probes = fn(LinkBuilder, Canary, Kinds) -> LinkBuilder;

#[derive(Clone, Copy)]
pub(crate) struct Kinds {
    entry: bool,
    mod_ret: bool,
    exit: bool,
}

fn attach(random: &mut Random, targets: &[Target], probes: Probes) -> (Link, Keeper) {
    let (first, several) = (random.below(targets.len()), random.coin());
    let chosen: Vec<&Target> = targets
        .iter()
        .enumerate()
        .filter(|(index, _)| *index == first || (several && random.below(3) == 0))
        .map(|(_, target)| target)
        .collect();
    let selector: Selector = chosen.iter().map(|target| target.function).collect();
    let added: Vec<(usize, u64)> =
        chosen.iter().map(|target| (target.function.address(), target.added)).collect();
    let (canary, keeper) = canary();
    let kinds = match random.below(5) {
        0 => Kinds { entry: true, mod_ret: false, exit: false },
        1 => Kinds { entry: false, mod_ret: true, exit: false },
        2 => Kinds { entry: false, mod_ret: false, exit: true },
        3 => Kinds { entry: true, mod_ret: false, exit: true },
        _ => Kinds { entry: true, mod_ret: true, exit: true },
    };
    let link = gtramp::link()
        .functions(selector)
        .order(i32::try_from(random.below(5)).expect("it is small") - 2)
        .lookup(if random.coin() { Lookup::Hash } else { Lookup::Inline })
        .sleepable(random.below(4) == 0)
        .cookie(move |function: &gtramp::Function| {
            let of_function = added.iter().find(|(address, _)| *address == function.address());
            of_function.map_or(0, |(_, added)| *added)
        });
    let link = probes(link, canary, kinds).attach().expect("every probe fits");
    (link, keeper)
}

/// Probes for functions that add their arguments and their cookie.
pub(crate) fn adding_probes(mut link: LinkBuilder, canary: Canary, kinds: Kinds) -> LinkBuilder {
    if kinds.entry {
        let canary = canary.twin();
        link = link.fentry(move |ctx: &Entry| {
            canary.sing();
            let arguments = (0..ctx.argument_count()).map(|index| ctx.arg::<u64>(index));
            check(arguments.into_iter().all(|argument| argument.is_ok()), "arguments at entry");
            canary.sing();
        });
    }
    if kinds.mod_ret {
        let canary = canary.twin();
        link = link.fmod_ret(move |ctx: &ModRet| {
            canary.sing();
            let arguments = (0..ctx.argument_count()).map(|index| ctx.arg::<u64>(index).copied());
            let sum: u64 = arguments.map(|argument| argument.expect("all are u64")).sum();
            canary.sing();
            // The right answer, from here or from the origin.
            if sum & 1 == 0 {
                ControlFlow::Break(sum + ctx.cookie())
            } else {
                ControlFlow::Continue(())
            }
        });
    }
    if kinds.exit {
        link = link.fexit(move |ctx: &Exit, ret: Return<u64>| {
            canary.sing();
            let arguments = (0..ctx.argument_count()).map(|index| ctx.arg::<u64>(index));
            let sum: u64 = arguments.map(|argument| argument.expect("all are u64")).sum();
            check(ret.get() == Some(&(sum + ctx.cookie())), "the result at exit");
            canary.sing();
        });
    }
    link
}

/// Probes for `joined`.
pub(crate) fn owning_probes(mut link: LinkBuilder, canary: Canary, kinds: Kinds) -> LinkBuilder {
    if kinds.entry {
        let canary = canary.twin();
        link = link.fentry(move |_: &Entry, head: &str, tail: &String| {
            canary.sing();
            check(head == "seed " && tail.parse::<u64>().is_ok(), "arguments at entry");
            canary.sing();
        });
    }
    if kinds.mod_ret {
        let canary = canary.twin();
        link = link.fmod_ret(move |_: &ModRet, head: &str, tail: &String| {
            canary.sing();
            if tail.len() & 1 == 0 {
                ControlFlow::Break(join(head, tail))
            } else {
                ControlFlow::Continue(())
            }
        });
    }
    if kinds.exit {
        link = link.fexit(move |_: &Exit, ret: Return<String>| {
            canary.sing();
            check(ret.get().is_some_and(|ret| ret.starts_with("seed ")), "the result at exit");
            canary.sing();
        });
    }
    link
}
