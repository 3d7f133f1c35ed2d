//! A change of links that are attached already: each function gets one list for all of it, published once.
//!
//! So a call sees all of a batch at its function, or nothing. As an attach (`attach.rs`), with one step more
//! before anything is published:
//!
//! 1. the functions' entries were verified; make the lists, the metadata, and the pages writable;
//! 2. make new sites know their metadata, run the barrier, arm the entries that are off: their lists are empty
//!    still, and if an entry cannot be written after all, those before it are disarmed again;
//! 3. from here on nothing fails: publish the lists, let entries follow;
//! 4. kill the rows of links that left, as a detach does (`detach.rs`), and run the barrier.
//!
//! Who still holds a row that was killed goes on with what its link has in its place: `caller/run.rs`. So a row
//! that is exchanged is not killed before the one in its place is published.

use std::collections::HashSet;
use std::sync::Arc;

use crate::caller::{CallAbi, choose};
use crate::error::Error;
use crate::grace::in_probe;
use crate::md::{Fresh, Front, Md, Prepared};
use crate::poke::Writable;
use crate::probe::{List, ListBox, Row};
use crate::site::Function;
use crate::sync::{Ordering, lock};
use crate::sys::{self, OutOfMemory};

use super::attach::{PASSES_ARE_ORDERED, list_of_functions, no_memory, verify_sites};
use super::core::{Fit, LinkCore, Member};
use super::detach::{Fate, settle};
use super::line::Errand;
use super::rows;
use super::transaction::{Left, Retired, Transaction, expected, follow};
use super::transaction::{wait, wait_at};

/// What a batch does with the probes of one link.
pub(super) struct Part {
    pub(super) link: Arc<LinkCore>,
    /// Where its rows are taken out.
    pub(super) leaves: Vec<Member>,
    /// Where they are put in; after they were taken out, where both is said.
    pub(super) joins: Vec<Member>,
    pub(super) end: End,
}

/// What becomes of a link's probes where it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// They come back in the same list.
    None,
    /// They run no more at the functions that it does not join again.
    Partly,
    /// They run no more at all, and are dropped.
    Whole,
}

impl Part {
    /// The metadata of the functions that the link leaves for good.
    fn left(&self) -> Left {
        let stays: HashSet<*const Function> =
            self.joins.iter().map(|member| core::ptr::from_ref(member.function)).collect();
        let gone = |member: &&Member| !stays.contains(&core::ptr::from_ref(member.function));
        Left::new(self.leaves.iter().filter(gone).flat_map(Member::sites).collect())
    }
}

/// What happens at one function: the part, and the member if it joins there.
struct Step {
    function: &'static Function,
    part: usize,
    join: Option<Member>,
}

/// What a list was made of: for functions that have it alike.
struct Made {
    of: *const List,
    abi: CallAbi,
    leaves: Vec<usize>,
    joins: Vec<(usize, u32, u64)>,
    /// The link that would have a caller of its own there; 0 if there is none.
    link: u64,
    /// Whether it has.
    is_own: bool,
    list: ListBox,
}

/// What is to be published at one site.
struct Next {
    md: Prepared,
    list: ListBox,
    caller: *const (),
}

/// How many lists that were made last are looked at for one that can be shared.
const LATEST: usize = 8;

/// Makes the lists of a batch.
struct Lists<'p> {
    parts: &'p [Part],
    /// The parts' fits.
    fits: Vec<Vec<Fit>>,
    made: Vec<Made>,
}

impl<'p> Lists<'p> {
    fn new(parts: &'p [Part]) -> Self {
        let fits = parts.iter().map(|part| lock(&part.link.fits).clone()).collect();
        Self { parts, fits, made: Vec::new() }
    }

    /// The list for `md` after these steps at its function, and its caller.
    fn next(
        &mut self,
        transaction: &mut Transaction,
        md: &Md,
        steps: &[Step],
    ) -> Result<(ListBox, *const ()), OutOfMemory> {
        let (of, abi) = (md.current(), CallAbi::at(md));
        let leaves: Vec<usize> =
            steps.iter().filter(|step| step.join.is_none()).map(|step| step.part).collect();
        let joins: Vec<(usize, u32, u64)> = steps
            .iter()
            .filter_map(|step| step.join.map(|member| (step.part, member.fit, member.cookie)))
            .collect();
        let is_like = |made: &&Made| {
            core::ptr::eq(made.of, of)
                && (made.abi, &made.leaves, &made.joins) == (abi, &leaves, &joins)
        };
        let mut found = None;
        for made in self.made.iter().rev().take(LATEST).filter(is_like) {
            // What has a caller of its own may have to do without it at another site.
            if made.link == 0 || made.is_own == transaction.may_move_in(md, made.link) {
                found = Some(made.list.clone());
                break;
            }
        }
        let is_found = found.is_some();
        let mut list = match found {
            Some(list) => list,
            None => self.make(of, abi, &leaves, &joins)?,
        };
        let link = list.sole().link();
        let caller = transaction.select(md, &mut list);
        if !is_found {
            let is_own = list.specialised().is_some();
            self.made.push(Made { of, abi, leaves, joins, link, is_own, list: list.clone() });
        }
        Ok((list, caller))
    }

    fn make(
        &self,
        of: &List,
        abi: CallAbi,
        leaves: &[usize],
        joins: &[(usize, u32, u64)],
    ) -> Result<ListBox, OutOfMemory> {
        let keep = |row: &Row| !leaves.iter().any(|&part| rows::is_of(row, &self.parts[part].link));
        let joins: Vec<(&LinkCore, &Fit, u64)> = joins
            .iter()
            .map(|&(part, fit, cookie)| {
                (&*self.parts[part].link, &self.fits[part][fit as usize], cookie)
            })
            .collect();
        rows::changed(of, keep, &joins, abi)
    }
}

/// What the parts do, function by function.
fn steps(parts: &[Part]) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let most = parts.iter().map(|part| part.leaves.len() + part.joins.len()).sum();
    sys::reserve(&mut steps, most).map_err(list_of_functions)?;
    for (number, part) in parts.iter().enumerate() {
        let leaves = part.leaves.iter().map(|member| (member.function, None));
        let joins = part.joins.iter().map(|member| (member.function, Some(*member)));
        let step = |(function, join)| Step { function, part: number, join };
        steps.extend(leaves.chain(joins).map(step));
    }
    // Stable: a part's leaving comes before its joining.
    steps.sort_by_key(|step| core::ptr::from_ref(step.function));
    Ok(steps)
}

fn of_one_function(a: &Step, b: &Step) -> bool {
    core::ptr::eq(a.function, b.function)
}

/// Lets a batch take effect, or changes nothing. What then remains is [`finish`].
pub(super) fn apply(transaction: &mut Transaction, parts: &[Part]) -> Result<(), Error> {
    let steps = steps(parts)?;
    let joined = |steps: &&[Step]| steps.iter().any(|step| step.join.is_some());
    let mut mixed = Vec::new();
    let mut sites = 0;
    for steps in steps.chunk_by(of_one_function) {
        sites += steps[0].function.sites().len();
        if joined(&steps) {
            verify_sites(steps[0].function, &mut mixed)?;
        }
    }
    mixed.sort_unstable_by_key(|md| md.mark());

    let joining = steps.chunk_by(of_one_function).filter(joined).map(|steps| steps[0].function);
    let all = joining.clone().flat_map(|function| function.sites().iter().copied());
    let missing = all.clone().filter(|site| Md::existing(site.data()).is_none()).count();
    let mut fresh =
        Fresh::room(missing).map_err(|refused| no_memory("the metadata", None, refused))?;
    let (mut next, mut replaced) = (Vec::new(), 0);
    sys::reserve(&mut next, sites)
        .map_err(|refused| no_memory("the lists of probes", None, refused))?;
    let mut lists = Lists::new(parts);
    for steps in steps.chunk_by(of_one_function) {
        let function = steps[0].function;
        let full = choose::fullest(CallAbi::of(function)).expect("its probes were bound").code();
        for site in function.sites() {
            let leaves = |md: &Md| {
                let rows = md.current().rows().iter();
                let links = || steps.iter().map(|step| &parts[step.part].link);
                rows.into_iter().any(|row| links().any(|link| rows::is_of(row, link)))
            };
            if !joined(&steps) && !Md::existing(site.data()).is_some_and(leaves) {
                continue;
            }
            let md = Md::of(site, function, full, &mut fresh);
            let (list, caller) = lists
                .next(transaction, &md, steps)
                .map_err(|refused| no_memory("the list of probes", Some(function), refused))?;
            replaced += usize::from(!md.current().is_empty());
            next.push(Next { md, list, caller });
        }
    }
    // Its clones of the lists would keep them.
    drop(lists);

    let is_mixed =
        |md: &Md| mixed.binary_search_by_key(&md.mark(), |mixed: &&Md| mixed.mark()).is_ok();
    let is_to_arm =
        |next: &Next| !next.list.is_empty() && (!next.md.is_armed() || is_mixed(&next.md));
    // Without them, entries stay armed with nothing to run, or find their callers the long way. Before what may
    // be refused: a batch that is closes what it had opened, which may be pages of these too.
    let follows = |next: &&Next| {
        let turns = next.list.is_empty() || next.md.caller() != next.caller;
        next.md.is_armed() && turns
    };
    let mut following = Writable::open(next.iter().filter(follows).map(|next| next.md.site())).ok();
    let to_arm = next.iter().filter(|next| is_to_arm(next)).map(|next| next.md.site());
    let mut arming = Writable::open(to_arm.clone())?;
    let hashed = |part: &Part| part.link.state.hashed;
    let of_hashed = parts.iter().filter(|part| hashed(part)).flat_map(|part| &part.joins);
    let keys = of_hashed.map(|member| member.function.sites().len()).sum();
    transaction
        .reserve(replaced, keys)
        .map_err(|refused| no_memory("the table of functions", None, refused))?;

    // Calls that began with a link remember it by its number, even if the link goes at once.
    let state = transaction.state();
    let latest = parts.iter().map(|part| part.link.state.since).max();
    state.attaches = state.attaches.max(latest.unwrap_or(0));
    fresh.publish();
    arming.shorten(all);
    let is_off = |function: &Function| function.sites().iter().all(|site| !expected(site).armed);
    let mut renewed = false;
    for function in joining.filter(|function| is_off(function)) {
        transaction.renew_pass(function);
        renewed = true;
    }
    if missing > 0 || renewed && !PASSES_ARE_ORDERED {
        sys::barrier();
    }
    arm(&next, is_to_arm, &mut arming)?;

    for Next { md, list, caller } in next {
        // SAFETY: what was made afresh has just been published.
        let md = unsafe { md.published() };
        publish(transaction, md, list, caller, following.as_mut());
    }
    for part in parts {
        part.link.state.installs.fetch_add(u64::from(!part.joins.is_empty()), Ordering::Relaxed);
        match part.end {
            End::None => {}
            End::Partly => transaction.kill_at(&part.link, &part.left()),
            End::Whole => transaction.kill(&part.link),
        }
    }
    transaction.shrink();
    transaction.settle();
    Ok(())
}

/// Arms the entries that are off, while their lists are empty; or none of them.
fn arm(
    next: &[Next],
    is_to_arm: impl Fn(&Next) -> bool,
    arming: &mut Writable,
) -> Result<(), Error> {
    let mut armed: Vec<&Next> = Vec::new();
    for next in next.iter().filter(|next| is_to_arm(next)) {
        let md = &*next.md;
        let was_armed = md.is_armed();
        md.set_astray(true);
        let shown = arming.aim(md.site(), next.caller);
        if let Err(error) = arming.switch(md.site(), true) {
            if !was_armed {
                md.set_astray(!arming.aim(md.site(), core::ptr::null()));
            }
            armed.into_iter().for_each(|next| disarm(&next.md, arming));
            return Err(error);
        }
        md.set_armed(true);
        md.set_astray(!shown);
        // One that was armed in part has probes to run.
        if !was_armed {
            armed.push(next);
        }
    }
    Ok(())
}

/// Takes back an arming. If it cannot, the entry stays armed with nothing to run.
fn disarm(md: &Md, arming: &mut Writable) {
    md.set_astray(true);
    if arming.switch(md.site(), false).is_ok() {
        md.set_armed(false);
        md.set_astray(!arming.aim(md.site(), core::ptr::null()));
    }
}

/// Publishes a list, and lets the entry follow, where it is not on its way already.
fn publish(
    transaction: &mut Transaction,
    md: &'static Md,
    list: ListBox,
    caller: *const (),
    following: Option<&mut Writable>,
) {
    let follows = md.is_armed() && (list.is_empty() || md.caller() != caller);
    // An entry that was armed a moment ago shows this caller.
    let was_off = md.current().is_empty() && !list.is_empty() && !md.is_patched();
    if rows::any_hashed(&list) {
        transaction.state().table.insert(md.target.address, md);
        Front::offer(md);
    } else if rows::any_hashed(md.current()) {
        transaction.state().table.remove(md.target.address);
    }
    let _ = transaction.publish(md, list, caller);
    match following {
        _ if was_off || !follows => {}
        Some(writable) => {
            let _ = follow(md, writable);
        }
        None => md.set_astray(true),
    }
}

/// Waits until no thread runs a probe that has left, if this thread may wait, and drops what is gone.
pub(super) fn finish(mut transaction: Transaction, parts: Vec<Part>) {
    let mut waits: Vec<(Part, Left, Vec<Arc<Retired>>)> = Vec::new();
    for part in parts.into_iter().filter(|part| part.end != End::None) {
        let (lists, _) = transaction.marked(&part.link);
        if !in_probe() {
            let left = part.left();
            waits.push((part, left, lists));
        } else if part.end == End::Whole {
            // Two probes that wait for each other would do so for ever.
            let installs = part.link.state.installs.load(Ordering::Relaxed);
            transaction.leave(&part.link, Fate::Goes, installs, part.leaves, lists);
        }
    }
    if !waits.is_empty() {
        drop(transaction);
        for (part, left, lists) in &mut waits {
            if part.end == End::Whole {
                wait(&part.link.state, lists);
            } else {
                wait_at(&part.link.state, lists, left);
            }
            lists.clear();
        }
        let Some(again) = Transaction::begin(Errand::Leaving) else { return };
        transaction = again;
        for (part, left, _) in &waits {
            let link = &part.link;
            let has_left =
                |md: &&'static Md| !md.current().rows().iter().any(|row| rows::is_of(row, link));
            // Another thread may have put the probes back while this one waited without the lock.
            let gone: Vec<Member> = match part.end {
                End::Whole => part.leaves.clone(),
                _ => part
                    .leaves
                    .iter()
                    .filter(|one| one.sites().any(|md| left.has(md)))
                    .copied()
                    .collect(),
            };
            for md in gone.iter().flat_map(Member::sites).filter(has_left) {
                md.vacate(link.state.number);
            }
            let gone: Vec<Member> =
                gone.into_iter().filter(|one| one.sites().all(|md| has_left(&md))).collect();
            settle(&mut transaction, link, &gone);
        }
    }
    transaction.end();
    drop(waits);
}

/// Members of the link whose list is one that calls of functions which it leaves may still hold: they get a list
/// of their own, so that its rows can be killed there.
pub(super) fn sharers(
    transaction: &Transaction,
    leaves: &[Member],
    stays: &[Member],
) -> Result<Vec<Member>, Error> {
    let left = Left::new(leaves.iter().flat_map(Member::sites).collect());
    let mut lists: HashSet<*const List> =
        left.iter().map(|md| core::ptr::from_ref(md.current())).collect();
    lists.extend(transaction.replaced_at(&left).map(|old| core::ptr::from_ref(&*old.list)));
    let shares = |member: &&Member| {
        member.sites().any(|md| lists.contains(&core::ptr::from_ref(md.current())))
    };
    let mut sharers = Vec::new();
    sys::reserve(&mut sharers, stays.len()).map_err(list_of_functions)?;
    sharers.extend(stays.iter().filter(shares));
    Ok(sharers)
}
