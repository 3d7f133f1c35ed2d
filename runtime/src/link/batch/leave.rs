//! The end of a batch: waiting for the probes that have left, and for nothing else.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::Error;
use crate::grace::in_probe;
use crate::md::Md;
use crate::probe::List;
use crate::sync::Ordering;
use crate::sys;

use super::super::bind::list_of_functions;
use super::super::core::{Fate, Member};
use super::super::detach::settle;
use super::super::line::Errand;
use super::super::rows;
use super::super::transaction::{Left, Retired, Transaction, wait, wait_at};
use super::{End, Part};

/// A part that has left, and what may still be running of it.
struct Leaving {
    part: Part,
    left: Left,
    /// The lists of which threads have marks.
    lists: Vec<Arc<Retired>>,
    is_running: bool,
}

/// Waits until no thread runs a probe that has left, if this thread may wait, and drops what is gone.
pub(in super::super) fn finish(mut transaction: Transaction, parts: Vec<Part>) {
    let mut leaving: Vec<Leaving> = Vec::new();
    for part in parts.into_iter().filter(|part| part.end != End::None) {
        let (lists, is_running) = transaction.marked(&part.link);
        if !(is_running && in_probe()) {
            let left = part.left();
            leaving.push(Leaving { part, left, lists, is_running });
        } else if part.end == End::Whole {
            // Two probes that wait for each other would do so for ever.
            let installs = part.link.state.installs.load(Ordering::Relaxed);
            transaction.leave(&part.link, Fate::Goes, installs, part.leaves, lists);
        }
    }
    // Mostly none is running, and it is one transaction.
    if leaving.iter().any(|leaving| leaving.is_running) {
        drop(transaction);
        leaving.iter().for_each(Leaving::wait);
        let Some(again) = Transaction::begin(Errand::Leaving) else { return };
        transaction = again;
    }
    for leaving in &mut leaving {
        leaving.lists.clear();
        leaving.settle(&mut transaction);
    }
    transaction.end();
    // Without the lock: links are among it.
    drop(leaving);
}

impl Leaving {
    fn wait(&self) {
        if self.part.end == End::Whole {
            wait(&self.part.link.state, &self.lists);
        } else {
            wait_at(&self.part.link.state, &self.lists, &self.left);
        }
    }

    /// When none of its probes runs any more where it has left.
    fn settle(&self, transaction: &mut Transaction) {
        let Self { part, left, .. } = self;
        let link = &part.link;
        let has_left =
            |md: &&'static Md| !md.current().rows().iter().any(|row| rows::is_of(row, link));
        // Another thread may have put the probes back while this one waited without the lock.
        let is_gone = |one: &&Member| part.end == End::Whole || one.sites().any(|md| left.has(md));
        let gone: Vec<Member> = part.leaves.iter().filter(is_gone).copied().collect();
        for md in gone.iter().flat_map(Member::sites).filter(has_left) {
            md.vacate(link.state.number);
        }
        let gone: Vec<Member> =
            gone.into_iter().filter(|one| one.sites().all(|md| has_left(&md))).collect();
        settle(transaction, link, &gone);
    }
}

/// Members of the link whose list is one that calls of functions which it leaves may still hold: they get a list
/// of their own, so that its rows can be killed there.
pub(in super::super) fn sharers(
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
