//! The runner: it attaches to a function in every way its shape knows, and compares what probes,
//! body and caller see with what they must see.

use std::arch::naked_asm;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use gtramp::__private::Lookup;
use gtramp::{Entry, Function, LinkBuilder};

use crate::memory::holdings;
use crate::palette::{Make, Sample, fold};

/// One traceable function, and typed probes for it.
pub(crate) trait Case {
    type Ret: Make + Sample + 'static;
    const ARGUMENTS: usize;
    /// For each argument whether an exit probe may still read it.
    const READABLE_AT_EXIT: &'static [bool];

    fn function() -> &'static Function;
    /// Calls it with arguments made from the seeds.
    fn call(seeds: Seeds) -> Self::Ret;
    /// The digests of these arguments.
    fn arguments(seeds: Seeds) -> Vec<u64>;

    fn with_entry(link: LinkBuilder) -> LinkBuilder;
    fn with_mod_ret(link: LinkBuilder) -> LinkBuilder;
    fn with_exit(link: LinkBuilder) -> LinkBuilder;
}

/// A seed for each argument in turn.
#[derive(Clone, Copy)]
pub(crate) struct Seeds(u64);

impl Seeds {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 += 100;
        self.0
    }
}

/// What a call is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Return,
    /// The modify-return probe decides the result.
    Override,
    /// The body panics.
    Panic,
}

/// What somebody saw.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Entry {
        typed: Vec<u64>,
        by_index: Vec<u64>,
    },
    ModRet {
        typed: Vec<u64>,
        by_index: Vec<u64>,
    },
    Body {
        arguments: Vec<u64>,
    },
    Exit {
        arguments: Vec<Option<u64>>,
        ended: Ended,
    },
    /// The stack was this far from where it has to be.
    Misaligned(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Returned(u64),
    Skipped(u64),
    Unwound,
}

std::thread_local! {
    static LOG: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
    static PLAN: Cell<Plan> = const { Cell::new(Plan::Return) };
}

/// How far the caller's stack is from what the ABI promises. Naked: the compiler aligns nothing.
#[unsafe(naked)]
extern "C" fn misalignment() -> usize {
    #[cfg(target_arch = "x86_64")]
    naked_asm!("lea rax, [rsp + 8]", "and rax, 15", "ret");
    #[cfg(target_arch = "aarch64")]
    naked_asm!("mov x0, sp", "and x0, x0, 15", "ret");
}

fn log(event: Event) {
    let misaligned = misalignment();
    LOG.with_borrow_mut(|log| {
        if misaligned != 0 {
            log.push(Event::Misaligned(misaligned));
        }
        log.push(event);
    });
}

#[inline(always)]
pub(crate) fn at_entry(typed: Vec<u64>, by_index: Vec<u64>) {
    log(Event::Entry { typed, by_index });
}

const OVERRIDE: u64 = 4711;

/// The value to override with, if the plan says so.
#[inline(always)]
pub(crate) fn at_mod_ret<R: Make>(typed: Vec<u64>, by_index: Vec<u64>) -> Option<R> {
    log(Event::ModRet { typed, by_index });
    (PLAN.get() == Plan::Override).then(|| R::make(OVERRIDE))
}

/// What every body does.
#[inline(always)]
pub(crate) fn in_body<R: Make>(arguments: Vec<u64>) -> R {
    let seed = fold(arguments.iter().copied());
    log(Event::Body { arguments });
    if PLAN.get() == Plan::Panic {
        // Without the panic hook, which would print.
        resume_unwind(Box::new(Plan::Panic));
    }
    R::make(seed)
}

#[inline(always)]
pub(crate) fn at_exit(arguments: Vec<Option<u64>>, ended: Ended) {
    log(Event::Exit { arguments, ended });
}

/// Which probes are attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Probes {
    entry: bool,
    mod_ret: bool,
    exit: bool,
}

impl Probes {
    const NONE: Self = Self { entry: false, mod_ret: false, exit: false };
    const ENTRY: Self = Self { entry: true, ..Self::NONE };
    const MOD_RET: Self = Self { mod_ret: true, ..Self::NONE };
    const EXIT: Self = Self { exit: true, ..Self::NONE };
    const ALL: Self = Self { entry: true, mod_ret: true, exit: true };

    fn attach<C: Case>(self, mut link: LinkBuilder) -> LinkBuilder {
        if self.entry {
            link = C::with_entry(link);
        }
        if self.mod_ret {
            link = C::with_mod_ret(link);
        }
        if self.exit {
            link = C::with_exit(link);
        }
        link
    }
}

/// What must happen: the oracle.
fn expected<C: Case>(probes: Probes, plan: Plan, seeds: Seeds) -> (Vec<Event>, Option<u64>) {
    let arguments = C::arguments(seeds);
    let seen = || (arguments.clone(), arguments.clone());
    let mut events = Vec::new();
    if probes.entry {
        let (typed, by_index) = seen();
        events.push(Event::Entry { typed, by_index });
    }
    if probes.mod_ret {
        let (typed, by_index) = seen();
        events.push(Event::ModRet { typed, by_index });
    }
    if plan != Plan::Override {
        events.push(Event::Body { arguments: arguments.clone() });
    }
    let result = match plan {
        Plan::Return => Some(C::Ret::make(fold(arguments.iter().copied())).digest()),
        Plan::Override => Some(C::Ret::make(OVERRIDE).digest()),
        Plan::Panic => None,
    };
    if probes.exit {
        let readable = arguments.iter().zip(C::READABLE_AT_EXIT);
        let arguments = readable.map(|(digest, readable)| readable.then_some(*digest)).collect();
        let ended = match (plan, result) {
            (Plan::Return, Some(result)) => Ended::Returned(result),
            (Plan::Override, Some(result)) => Ended::Skipped(result),
            _ => Ended::Unwound,
        };
        events.push(Event::Exit { arguments, ended });
    }
    (events, result)
}

/// One call, compared with the oracle; nothing may be left of it.
fn check_call<C: Case>(probes: Probes, plan: Plan, seed: u64, what: &str) {
    let seeds = Seeds(seed);
    let (events, result) = expected::<C>(probes, plan, seeds);
    PLAN.set(plan);
    let before = holdings();
    let returned = catch_unwind(AssertUnwindSafe(|| C::call(seeds).digest()));
    let returned = returned.map_err(|payload| {
        assert_eq!(payload.downcast_ref(), Some(&Plan::Panic), "{what}: the body's own panic");
    });
    let seen: Vec<Event> = LOG.take();
    assert_eq!(seen, events, "{what}: {plan:?}");
    drop(seen);
    assert_eq!(returned.ok(), result, "{what}: {plan:?}");
    assert_eq!(holdings(), before, "{what}: {plan:?} leaked something or dropped it twice");
}

/// Attaches in every way and calls in every way.
pub(crate) fn every_variant<C: Case>() {
    let function = C::function();
    let fits = size_of::<C::Ret>() <= 8 && align_of::<C::Ret>() <= 8;
    let slots = C::ARGUMENTS + usize::from(!fits);
    assert_eq!(function.argument_count(), C::ARGUMENTS, "{function}");
    assert_eq!(function.slots(), slots, "{function}");
    assert_eq!(function.return_type(), std::any::type_name::<C::Ret>(), "{function}");

    let mut seed = 0;
    let mut seed = || {
        seed += 10_000;
        seed
    };
    for probes in [Probes::ENTRY, Probes::MOD_RET, Probes::EXIT, Probes::ALL] {
        for sleepable in [false, true] {
            for way in [Way::Own, Way::Shared, Way::Hashed] {
                let caller = expected_caller(slots, probes, sleepable, way);
                let what = format!("{function} through {caller} with {probes:?}");
                let mut plans = vec![Plan::Return, Plan::Panic, Plan::Return];
                if probes.mod_ret {
                    plans.push(Plan::Override);
                }
                for _ in 0..2 {
                    let other = (way == Way::Shared).then(|| {
                        let other = gtramp::link().functions(function);
                        other.fentry(|_: &Entry<'_>| ()).attach().expect("it asks for nothing")
                    });
                    let link = gtramp::link().functions(function).sleepable(sleepable);
                    let link = match way {
                        Way::Own | Way::Shared => link,
                        Way::Hashed => link.lookup(Lookup::Hash),
                    };
                    let link = probes.attach::<C>(link).attach();
                    let link = link.expect("its own types fit");
                    let info = link.info();
                    assert_eq!(info.functions.len(), 1, "{what}");
                    assert_eq!(info.functions[0].caller, caller, "{what}");
                    for &plan in &plans {
                        check_call::<C>(probes, plan, seed(), &what);
                    }
                    let info = link.info();
                    assert_eq!((info.missed, info.panic), (0, None), "{what}");
                    drop((link, other));
                    for plan in [Plan::Return, Plan::Panic] {
                        check_call::<C>(Probes::NONE, plan, seed(), &what);
                    }
                }
            }
        }
    }
}

/// How a caller comes by what it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A caller compiled for the probe, where there is one.
    Own,
    /// The shape's caller, which finds the list through the site: another link is there as well.
    Shared,
    /// A caller that finds the list in the hash table: for one entry probe, one of its own.
    Hashed,
}

/// The most slots of a probe's own caller: one register is for the metadata.
const OWN_SLOTS: usize = if cfg!(target_arch = "aarch64") { 7 } else { 5 };

/// By `caller/choose.rs`, whose tests ask for each line of its table.
fn expected_caller(slots: usize, probes: Probes, sleepable: bool, way: Way) -> String {
    let is_own = probes != Probes::ALL && !sleepable && slots <= OWN_SLOTS;
    if way == Way::Own && is_own {
        return format!("specialised_{slots}");
    }
    if way == Way::Hashed && is_own && probes == Probes::ENTRY && cfg!(target_arch = "x86_64") {
        return format!("caller_{slots}_single_hash");
    }
    let sleep = if sleepable { "_sleep" } else { "" };
    let origin = if probes == Probes::ENTRY { "" } else { "_origin" };
    let hash = if way == Way::Hashed { "_hash" } else { "" };
    format!("caller_{slots}{sleep}{origin}{hash}")
}
