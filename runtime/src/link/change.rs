//! Changes of links, several at once: everything is checked by users' code first, then done as one batch.
//!
//! What a change is to be depends on what its link is, and is found out without the lock, because that runs
//! users' code. If another thread has changed the link until the lock is taken, it is found out again.

use core::mem;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::error::Error;
use crate::probe::{Kind, Tally, next_number, number_of};
use crate::registry::Selector;
use crate::site::{Function, find_switches};
use crate::sync::{AtomicBool, AtomicU64, Ordering, lock};

use super::attach::{begin, prepare};
use super::batch::{Batch, End, Part, finish, sharers};
use super::bind::{Bound, Request, bind, bind_request, check, list_of_functions};
use super::core::{Fit, LinkCore, Member};
use super::handle::Link;
use super::line::Errand;
use super::made::{Identity, new_link};
use super::probes::Probes;
use super::transaction::Transaction;

/// One change of a link.
#[derive(Debug)]
pub(super) enum Change<'l> {
    Attach(Request),
    Detach(&'l Link),
    /// Puts other probes in the place of the link's.
    Update(&'l Link, Probes),
    /// Attaches it to more functions, to fewer, or to others.
    Functions(&'l Link, Which, Selector),
    /// Says the place of its probes, or whether they are counted.
    Set(&'l Link, Setting),
}

impl Change<'_> {
    /// The method of a transaction that names it.
    fn method(&self) -> &'static str {
        match self {
            Self::Attach(_) => "attach",
            Self::Detach(_) => "detach",
            Self::Update(..) => "update",
            Self::Functions(_, Which::Only, _) => "set_functions",
            Self::Functions(_, Which::Also, _) => "extend",
            Self::Functions(_, Which::NotThere, _) => "remove",
            Self::Set(..) => "set_order",
        }
    }
}

/// Where a link is to be attached: with what a selection selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Also,
    NotThere,
    Only,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Order(i32),
    Counted(bool),
}

/// What a link is at one moment.
struct Seen {
    core: Arc<LinkCore>,
    changes: u64,
    members: Vec<Member>,
}

impl Seen {
    fn of(link: &Link) -> Self {
        // So that no fork finds them locked. Where there is no transaction, nothing is changed either.
        let _transaction = Transaction::begin(Errand::Coming);
        let core = link.core();
        let members = lock(&core.members).clone();
        let changes = core.changes.load(Ordering::Relaxed);
        Self { core, changes, members }
    }

    /// Whether the link is still so. Under the transaction lock.
    fn is_current(&self, link: &Link) -> bool {
        Arc::ptr_eq(&self.core, &link.core())
            && self.changes == self.core.changes.load(Ordering::Relaxed)
    }
}

/// A change, and what users' code has said of it.
struct Planned<'l> {
    change: Change<'l>,
    /// The link as it was then, unless it is to be attached.
    seen: Option<Seen>,
    /// Where it is to be attached, if probes were bound.
    bound: Option<Bound>,
}

impl<'l> Planned<'l> {
    fn new(change: Change<'l>) -> Result<Self, Error> {
        let (seen, bound) = match &change {
            Change::Attach(request) => (None, Some(bind_request(request)?)),
            Change::Detach(link) | Change::Set(link, _) => (Some(Seen::of(link)), None),
            Change::Update(link, probes) => {
                let seen = Seen::of(link);
                let bound = bind_in_place(&seen, probes)?;
                (Some(seen), Some(bound))
            }
            Change::Functions(link, which, selector) => {
                let seen = Seen::of(link);
                let bound = select(&seen, *which, selector)?;
                (Some(seen), Some(bound))
            }
        };
        Ok(Self { change, seen, bound })
    }

    /// Plans the change of this number, from 1, of so many.
    fn one_of(change: Change<'l>, number: usize, of: usize) -> Result<Self, Error> {
        let method = change.method();
        Self::new(change).map_err(|reason| match of {
            1 => reason,
            _ => Error::InTransaction { number, of, change: method, reason: Box::new(reason) },
        })
    }

    fn link(&self) -> Option<&'l Link> {
        match &self.change {
            Change::Attach(_) => None,
            Change::Detach(link)
            | Change::Update(link, _)
            | Change::Functions(link, ..)
            | Change::Set(link, _) => Some(link),
        }
    }

    fn is_current(&self) -> bool {
        self.link().zip(self.seen.as_ref()).is_none_or(|(link, seen)| seen.is_current(link))
    }
}

/// Binds probes to the functions that a link has.
fn bind_in_place(seen: &Seen, probes: &Probes) -> Result<Bound, Error> {
    let core = &seen.core;
    let there: Vec<Kind> = core.probes.iter().map(|probe| probe.kind()).collect();
    let given: Vec<Kind> = probes.kinds().collect();
    if there != given {
        return Err(Error::OtherKinds { there, given });
    }
    let cookies: HashMap<*const Function, u64> = seen
        .members
        .iter()
        .map(|member| (core::ptr::from_ref(member.function), member.cookie))
        .collect();
    let functions: Vec<_> = seen.members.iter().map(|member| member.function).collect();
    let cookie = |function: &'static Function| cookies[&core::ptr::from_ref(function)];
    let bound = bind(&probes.list, Vec::new(), core.settings, &functions, cookie)?;
    let refused = check(bound.refused, &bound.members, false)?;
    Ok(Bound { refused, ..bound })
}

/// The functions that a link is to have, those that it has with their cookies.
fn select(seen: &Seen, which: Which, selector: &Selector) -> Result<Bound, Error> {
    let core = &seen.core;
    if selector.is_empty() {
        return Err(Error::NoFunctions);
    }
    let selected = selector.resolve()?;
    let by_address: HashMap<*const Function, Member> =
        seen.members.iter().map(|member| (core::ptr::from_ref(member.function), *member)).collect();
    let is_there =
        |function: &&'static Function| by_address.contains_key(&core::ptr::from_ref(*function));
    let fits: Vec<Fit> = lock(&core.fits).clone();
    if which == Which::NotThere {
        if !selected.iter().any(&is_there) {
            let function = selected.first().map(|function| function.instance().to_owned());
            return Err(Error::NotAttached { function: function.unwrap_or_default() });
        }
        let goes: HashSet<*const Function> =
            selected.iter().map(|function| core::ptr::from_ref(*function)).collect();
        let stays = |member: &&Member| !goes.contains(&core::ptr::from_ref(member.function));
        let members = seen.members.iter().filter(stays).copied().collect();
        return Ok(Bound { members, fits, refused: Vec::new() });
    }
    let news: Vec<_> = selected.iter().copied().filter(|function| !is_there(function)).collect();
    let cookie = |function: &'static Function| core.cookies.of(function);
    let mut bound = bind(&core.probes, fits, core.settings, &news, cookie)?;
    let skip_invalid = core.settings.skip_invalid;
    if !skip_invalid {
        bound.refused = check(bound.refused, &bound.members, false)?;
    }
    match which {
        Which::Only => {
            let stays = selected
                .iter()
                .filter_map(|function| by_address.get(&core::ptr::from_ref(*function)).copied());
            bound.members.extend(stays);
        }
        _ => bound.members.extend(&seen.members),
    }
    let refused = check(bound.refused, &bound.members, skip_invalid)?;
    // In the order of the listing, in which functions lie in memory.
    bound.members.sort_unstable_by_key(|member| core::ptr::from_ref(member.function));
    Ok(Bound { refused, ..bound })
}

/// Makes all these changes, or none: what was attached by them, in their order.
pub(super) fn change(changes: Vec<Change<'_>>) -> Result<Vec<Link>, Error> {
    // Above what holds the lock, so that what is the user's is dropped without it.
    let (mut planned, mut parts, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut links, mut gone) = (Vec::new(), Vec::new());
    prepare()?;
    find_switches().map_err(list_of_functions)?;
    let of = changes.len();
    for (change, number) in changes.into_iter().zip(1..) {
        planned.push(Planned::one_of(change, number, of)?);
    }
    let mut transaction = loop {
        let transaction = begin()?;
        if planned.iter().all(Planned::is_current) {
            break transaction;
        }
        drop(transaction);
        planned = mem::take(&mut planned)
            .into_iter()
            .zip(1..)
            .map(|(plan, number)| match plan.is_current() {
                true => Ok(plan),
                false => Planned::one_of(plan.change, number, of),
            })
            .collect::<Result<_, _>>()?;
    };
    each_once(&planned)?;
    let mut attaches = transaction.state().attaches;
    for plan in &mut planned {
        outcomes.push(plan.prepare(&transaction, &mut attaches, &mut parts)?);
    }
    let before: Vec<Restore> = outcomes.iter().filter_map(Outcome::set).collect();
    let batch = Batch::prepare(&mut transaction, &parts, None);
    if let Err(error) = batch.and_then(|batch| batch.commit(&mut transaction)) {
        before.into_iter().for_each(Restore::restore);
        return Err(error);
    }
    for outcome in outcomes.drain(..) {
        outcome.settle(&mut links, &mut gone);
    }
    finish(transaction, parts);
    Ok(links)
}

/// No link may be changed twice in one go, nor after it was detached.
fn each_once(planned: &[Planned<'_>]) -> Result<(), Error> {
    let cores: Vec<&Arc<LinkCore>> =
        planned.iter().filter_map(|plan| plan.seen.as_ref()).map(|seen| &seen.core).collect();
    for (at, core) in cores.iter().enumerate() {
        if core.gone.load(Ordering::Relaxed) {
            return Err(Error::Detached);
        }
        if cores[..at].iter().any(|before| Arc::ptr_eq(before, core)) {
            return Err(Error::ChangedTwice { link: described(core) });
        }
    }
    Ok(())
}

/// What a link is, for an error.
fn described(core: &LinkCore) -> String {
    let kinds: Vec<String> = core.probes.iter().map(|probe| probe.kind().to_string()).collect();
    let members = lock(&core.members);
    let first = members.first().map_or("no function", |member| member.function.instance());
    format!("{} at {first}", kinds.join(" + "))
}

/// What is to be noted when the batch has taken effect.
enum Outcome<'l> {
    /// The link is attached to these.
    Attached {
        core: Arc<LinkCore>,
        members: Vec<Member>,
    },
    Detached {
        core: Arc<LinkCore>,
    },
    /// The link has these probes, at these functions.
    Updated {
        link: &'l Link,
        old: Arc<LinkCore>,
        new: Arc<LinkCore>,
        members: Vec<Member>,
    },
    Moved {
        core: Arc<LinkCore>,
        members: Vec<Member>,
        refused: Vec<crate::Refusal>,
    },
    Set {
        core: Arc<LinkCore>,
        setting: Setting,
    },
}

/// A setting of a link as it was.
struct Restore {
    core: Arc<LinkCore>,
    before: Setting,
}

impl Restore {
    fn restore(self) {
        set(&self.core, self.before);
    }
}

/// Sets it; what it was.
fn set(core: &LinkCore, setting: Setting) -> Setting {
    match setting {
        Setting::Order(order) => Setting::Order(core.state.order.swap(order, Ordering::Relaxed)),
        Setting::Counted(counted) => {
            Setting::Counted(core.state.counted.swap(counted, Ordering::Relaxed))
        }
    }
}

impl<'l> Planned<'l> {
    /// Adds it to a batch. Whatever fails has changed nothing that anybody could tell.
    fn prepare(
        &mut self,
        transaction: &Transaction,
        attaches: &mut u64,
        parts: &mut Vec<Part>,
    ) -> Result<Outcome<'l>, Error> {
        let bound = self.bound.take().unwrap_or_default();
        let functions = bound.members.iter().map(|member| member.function);
        let (core, before) = match &mut self.seen {
            Some(seen) => (Arc::clone(&seen.core), mem::take(&mut seen.members)),
            None => return self.prepare_attach(bound, attaches, parts),
        };
        let enabled = core.enabled.load(Ordering::Relaxed);
        let mut add = |link: &Arc<LinkCore>, leaves, joins, end| {
            parts.push(Part { link: Arc::clone(link), leaves, joins, end });
        };
        match &mut self.change {
            Change::Attach(_) => unreachable!("there was no link before"),
            Change::Detach(_) => {
                add(&core, before, Vec::new(), End::Whole);
                Ok(Outcome::Detached { core })
            }
            Change::Update(link, probes) => {
                let number = next_number(core.state.number).unwrap_or_else(|| {
                    *attaches += 1;
                    number_of(*attaches)
                });
                let (rank, tally) = (core.state.rank(), Arc::clone(&core.state.tally));
                let identity = Identity { number, rank, tally };
                let (probes, cookies) = (mem::take(probes), core.cookies.clone());
                let is_enabled = Arc::clone(&core.enabled);
                let new =
                    new_link(probes, identity, core.settings, cookies, bound.fits, is_enabled);
                new.state
                    .counted
                    .store(core.state.counted.load(Ordering::Relaxed), Ordering::Relaxed);
                // Also where it is disabled: a probe may still be running.
                add(&core, before, Vec::new(), End::Whole);
                if enabled {
                    add(&new, Vec::new(), bound.members.clone(), End::None);
                }
                Ok(Outcome::Updated { link, old: core, new, members: bound.members })
            }
            Change::Functions(..) => {
                core.state.tally.add(functions).map_err(list_of_functions)?;
                core.add_fits(&bound.fits);
                let (mut leaves, _) = split(&before, &bound.members);
                let (mut joins, stays) = split(&bound.members, &before);
                if !leaves.is_empty() {
                    let sharers = sharers(transaction, &leaves, &stays)?;
                    leaves.extend_from_slice(&sharers);
                    joins.extend(sharers);
                }
                if enabled {
                    add(&core, leaves, joins, End::Partly);
                }
                Ok(Outcome::Moved { core, members: bound.members, refused: bound.refused })
            }
            Change::Set(_, setting) => {
                if enabled {
                    add(&core, before.clone(), before, End::None);
                }
                Ok(Outcome::Set { core, setting: *setting })
            }
        }
    }

    /// As [`Planned::prepare`], for a link that is to be attached.
    fn prepare_attach(
        &mut self,
        bound: Bound,
        attaches: &mut u64,
        parts: &mut Vec<Part>,
    ) -> Result<Outcome<'l>, Error> {
        let Change::Attach(request) = &mut self.change else { unreachable!("it has no link") };
        let tally = Arc::new(Tally::default());
        let functions = bound.members.iter().map(|member| member.function);
        tally.add(functions).map_err(list_of_functions)?;
        *attaches += 1;
        let identity =
            Identity { number: number_of(*attaches), rank: (request.order, *attaches), tally };
        let (probes, cookies) = (mem::take(&mut request.probes), request.cookies.clone());
        let enabled = Arc::new(AtomicBool::new(true));
        let core = new_link(probes, identity, request.settings, cookies, bound.fits, enabled);
        core.state.counted.store(request.counted, Ordering::Relaxed);
        *lock(&core.refused) = bound.refused;
        let (link, joins) = (Arc::clone(&core), bound.members.clone());
        parts.push(Part { link, leaves: Vec::new(), joins, end: End::None });
        Ok(Outcome::Attached { core, members: bound.members })
    }
}

/// Those of `these` that are not among the others, and those that are.
fn split(these: &[Member], others: &[Member]) -> (Vec<Member>, Vec<Member>) {
    let others: HashSet<*const Function> =
        others.iter().map(|member| core::ptr::from_ref(member.function)).collect();
    these.iter().partition(|member| !others.contains(&core::ptr::from_ref(member.function)))
}

impl Outcome<'_> {
    /// Changes what lists are made by; what it was.
    fn set(&self) -> Option<Restore> {
        let Self::Set { core, setting } = self else { return None };
        Some(Restore { core: Arc::clone(core), before: set(core, *setting) })
    }

    /// Notes what has taken effect. Under the transaction lock, so what is gone is handed back.
    fn settle(self, links: &mut Vec<Link>, gone: &mut Vec<Arc<LinkCore>>) {
        let changed = |changes: &AtomicU64| changes.fetch_add(1, Ordering::Relaxed);
        match self {
            Self::Attached { core, members } => {
                *lock(&core.members) = members;
                links.push(Link::new(core));
            }
            Self::Detached { core } => {
                core.gone.store(true, Ordering::Relaxed);
                lock(&core.members).clear();
                changed(&core.changes);
            }
            Self::Updated { link, old, new, members } => {
                *lock(&new.members) = members;
                *lock(&new.refused) = mem::take(&mut *lock(&old.refused));
                lock(&old.members).clear();
                old.gone.store(true, Ordering::Relaxed);
                changed(&old.changes);
                link.replace(new);
                gone.push(old);
            }
            Self::Moved { core, members, refused } => {
                *lock(&core.members) = members;
                lock(&core.refused).extend(refused);
                changed(&core.changes);
            }
            Self::Set { core, .. } => {
                changed(&core.changes);
            }
        }
    }
}
