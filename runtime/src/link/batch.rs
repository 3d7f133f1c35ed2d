//! A change of functions' lists by one link or several, prepared and then committed: each function gets one list for
//! all of it, published once. So a call sees all of a batch at its function, or nothing.
//!
//! 1. verify the functions' entries, unless that was done; make the lists, the metadata, and the pages writable;
//!    make room in the table. All that can be refused has now been done;
//! 2. make new sites know their metadata, and run the barrier, so that every thread which finds such an entry armed
//!    finds the metadata behind it: fetching an instruction orders no later load. Arm the entries that are off: their
//!    lists are empty still, and if an entry cannot be written after all, those before it are disarmed again;
//! 3. from here on nothing fails: publish the lists, let entries follow;
//! 4. kill the rows of links that left, as a detach does (`detach.rs`). What then remains is [`finish`].
//!
//! Who still holds a row that was killed goes on with what its link has in its place: `caller/run.rs`. So a row
//! that is exchanged is not killed before the one in its place is published.

mod leave;
mod lists;
mod steps;

use std::collections::HashSet;
use std::sync::Arc;

use crate::caller::{CallAbi, choose};
use crate::error::Error;
use crate::md::{Fresh, Front, Md, Prepared};
use crate::poke::Writable;
use crate::probe::{List, ListBox};
use crate::site::{Function, Record};
use crate::sync::Ordering;
use crate::sys;

use super::bind::no_memory;
use super::core::{LinkCore, Member};
use super::rows;
use super::transaction::{Left, Transaction, follow};
use super::verify::verify_sites;
use lists::Lists;
use steps::{Step, joined, joining, of_one_function, steps};

pub(super) use leave::{finish, sharers};

/// Whether a thread that finds a site armed, or its body replaced, finds what was stored at the site before, without a
/// barrier.
pub(super) const LOADS_ARE_ORDERED: bool = cfg!(target_arch = "x86_64");

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

/// What is to be published at one site.
struct Next {
    md: Prepared,
    list: ListBox,
    caller: *const (),
    /// Whether its entry is off and has to be armed, or is armed in part.
    arms: bool,
    /// Whether its entry is armed already, and shows another caller, or has nothing to run.
    follows: bool,
}

/// A batch of which everything that can be refused has been done, but for writing.
pub(super) struct Batch<'p> {
    parts: &'p [Part],
    steps: Vec<Step>,
    next: Vec<Next>,
    fresh: Fresh,
    arming: Writable,
    /// Without it, entries stay armed, and find their callers the long way.
    following: Option<Writable>,
}

impl<'p> Batch<'p> {
    /// Step 1, of which nobody can tell. `verified` are the sites that were found to be armed in part where functions
    /// are joined; `None` if nobody has looked yet.
    pub(super) fn prepare(
        transaction: &mut Transaction,
        parts: &'p [Part],
        verified: Option<Vec<&'static Md>>,
    ) -> Result<Self, Error> {
        let steps = steps(parts)?;
        let mut mixed = match verified {
            Some(mixed) => mixed,
            None => verify_all(joining(&steps))?,
        };
        mixed.sort_unstable_by_key(|md| md.mark());
        let mut fresh = room_for(joining(&steps))?;
        let (next, replaced) = make(transaction, parts, &steps, &mixed, &mut fresh)?;

        let open = |such: fn(&&Next) -> bool| {
            Writable::open(next.iter().filter(such).map(|next| next.md.site()))
        };
        // First, and once more if what comes next may have closed it.
        let mut following = open(|next| next.follows).ok();
        let arming = open(|next| next.arms)?;
        if arming.was_refused() {
            drop(following);
            following = open(|next| next.follows).ok();
        }
        let hashed = parts.iter().filter(|part| part.link.state.hashed);
        let hashed = hashed.flat_map(|part| &part.joins);
        transaction
            .reserve(replaced, hashed.map(|member| member.function.sites().len()).sum())
            .map_err(|refused| no_memory("the table of functions", None, refused))?;
        Ok(Self { parts, steps, next, fresh, arming, following })
    }

    /// Steps 2 to 4; or if an entry cannot be written after all, which no system is known to do, nothing.
    pub(super) fn commit(self, transaction: &mut Transaction) -> Result<(), Error> {
        let Self { parts, steps, next, fresh, mut arming, mut following } = self;
        // Calls that began with a link remember it by its number, even if the link goes at once.
        let state = transaction.state();
        let latest = parts.iter().map(|part| part.link.state.since).max();
        state.attaches = state.attaches.max(latest.unwrap_or(0));
        introduce(transaction, fresh, joining(&steps), &mut arming, false);
        let to_arm = next.iter().filter(|next| next.arms);
        arm(to_arm.map(|next| (&*next.md, next.caller)), &mut arming)?;

        let any_hashed = parts.iter().any(|part| part.link.state.hashed);
        for Next { md, list, caller, follows, .. } in next {
            // SAFETY: what was made afresh has just been published.
            let md = unsafe { md.published() };
            if any_hashed {
                look_up(transaction, md, &list);
            }
            let _ = transaction.publish(md, list, caller);
            match &mut following {
                _ if !follows => {}
                Some(following) => {
                    let _ = follow(md, following);
                }
                None => md.set_astray(true),
            }
        }
        for part in parts {
            let comes = u64::from(!part.joins.is_empty());
            part.link.state.installs.fetch_add(comes, Ordering::Relaxed);
            match part.end {
                End::None => {}
                End::Partly => transaction.kill_at(&part.link, &part.left()),
                End::Whole => transaction.kill(&part.link),
            }
        }
        if any_hashed {
            transaction.shrink();
        }
        Ok(())
    }
}

/// Room for the metadata of those sites of functions that have none.
pub(super) fn room_for(functions: impl Iterator<Item = &'static Function>) -> Result<Fresh, Error> {
    let sites = functions.flat_map(Function::sites);
    let missing = sites.filter(|site| Md::existing(site.data()).is_none()).count();
    Fresh::room(missing).map_err(|refused| no_memory("the metadata", None, refused))
}

/// Makes new sites know their metadata, and those that are off a new pass, before they are armed. `is_new` says that
/// something else was stored at sites for which a barrier is due.
pub(super) fn introduce(
    transaction: &mut Transaction,
    fresh: Fresh,
    functions: impl Iterator<Item = &'static Function> + Clone,
    arming: &mut Writable,
    mut is_new: bool,
) {
    is_new |= !fresh.is_empty();
    fresh.publish();
    arming.shorten(functions.clone().flat_map(Function::sites).copied());
    let is_armed = |site: &&Record| Md::existing(site.data()).is_some_and(Md::is_armed);
    functions.for_each(|function| {
        if !function.sites().iter().any(is_armed) {
            transaction.renew_pass(function);
            is_new |= !LOADS_ARE_ORDERED;
        }
    });
    if is_new {
        sys::barrier();
    }
}

/// Verifies the sites of functions: those that are armed in part.
fn verify_all(
    functions: impl Iterator<Item = &'static Function>,
) -> Result<Vec<&'static Md>, Error> {
    let mut mixed = Vec::new();
    for function in functions {
        verify_sites(function, &mut mixed)?;
    }
    Ok(mixed)
}

/// Makes the lists and the metadata, of which nobody knows yet; how many lists there are that they replace.
fn make(
    transaction: &mut Transaction,
    parts: &[Part],
    steps: &[Step],
    mixed: &[&'static Md],
    fresh: &mut Fresh,
) -> Result<(Vec<Next>, usize), Error> {
    let no_lists = |refused| no_memory("the lists of probes", None, refused);
    let (mut next, mut replaced) = (Vec::new(), 0);
    let functions = steps.chunk_by(of_one_function).map(|steps| steps[0].function);
    let sites = functions.map(|function| function.sites().len()).sum();
    sys::reserve(&mut next, sites).map_err(no_lists)?;
    let mut lists = Lists::new(parts).map_err(no_lists)?;
    for steps in steps.chunk_by(of_one_function) {
        let (function, is_joined) = (steps[0].function, joined(&steps));
        let full = choose::fullest(CallAbi::of(function)).expect("its probes were bound").code();
        let leaves = |md: &Md| {
            let rows = md.current().rows().iter();
            let links = || steps.iter().map(|step| &parts[step.part].link);
            rows.into_iter().any(|row| links().any(|link| rows::is_of(row, link)))
        };
        for site in function.sites() {
            if !is_joined && !Md::existing(site.data()).is_some_and(leaves) {
                continue;
            }
            let md = Md::of(site, function, full, fresh);
            let (list, caller) = lists
                .next(transaction, &md, steps)
                .map_err(|refused| no_memory("the list of probes", Some(function), refused))?;
            replaced += usize::from(!md.current().is_empty());
            let (is_armed, is_mixed) =
                (md.is_armed(), mixed.binary_search_by_key(&md.mark(), |md| md.mark()).is_ok());
            let arms = !list.is_empty() && (!is_armed || is_mixed);
            let follows = is_armed && (list.is_empty() || md.caller() != caller);
            next.push(Next { md, list, caller, arms, follows });
        }
    }
    Ok((next, replaced))
}

/// Arms entries, each for a caller, while there is nothing to run behind those that are off; or none of them.
pub(super) fn arm<'m>(
    sites: impl Iterator<Item = (&'m Md, *const ())> + Clone,
    arming: &mut Writable,
) -> Result<(), Error> {
    for (at, (md, caller)) in sites.clone().enumerate() {
        md.set_astray(true);
        let shown = arming.aim(md.site(), caller);
        if let Err(error) = arming.switch(md.site(), true) {
            if !md.is_armed() {
                md.set_astray(!arming.aim(md.site(), core::ptr::null()));
            }
            // One that was armed in part has something to run.
            let before = sites.take(at).filter(|(md, _)| !md.is_wanted());
            before.for_each(|(md, _)| disarm(md, arming));
            return Err(error);
        }
        md.set_armed(true);
        md.set_astray(!shown);
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

/// Lets callers find metadata in the hash table if a probe of the list that is to be published wants that.
fn look_up(transaction: &mut Transaction, md: &'static Md, list: &List) {
    if rows::any_hashed(list) {
        transaction.state().table.insert(md.target.address, md);
        Front::offer(md);
    } else if rows::any_hashed(md.current()) {
        transaction.state().table.remove(md.target.address);
    }
}
