//! Detaching, and switching off: it never fails, and when it returns no probe of the link runs or will run.
//!
//! 1. lock; publish every function's list without the link, disarm the entries left without
//!    probes;
//! 2. kill the link's rows in every list that was ever replaced and may still be held: at once in
//!    those that step 1 replaces;
//! 3. barrier: from here on every thread sees the new list, or the dead row, or has set a mark
//!    that the next step sees;
//! 4. note which of these lists are marked; if there are marks of the link's rows, unlock, wait for them, lock again;
//! 5. drop the link; free what lists nobody holds.

use std::sync::Arc;

use crate::grace::in_probe;
use crate::md::Md;
use crate::poke::Writable;
use crate::probe::{ListBox, Row};
use crate::sync::{Ordering, lock};

use super::core::{Fate, LinkCore, Member};
use super::line::Errand;
use super::rows;
use super::transaction::{Retired, Transaction, follow, vacate, wait};

/// Whether to wait for probes that are running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Wait, unless the calling thread is itself running a probe: two probes that detach each
    /// other would wait for ever.
    Wait,
    /// Leave the end to whoever attaches or detaches next.
    Leave,
}

/// Detaches. Doing it again does nothing.
pub(crate) fn detach(link: &Arc<LinkCore>, patience: Patience) {
    let Some(transaction) = Transaction::begin(Errand::Leaving) else {
        // Its probes stay attached for the life of the process.
        core::mem::forget(Arc::clone(link));
        return;
    };
    link.gone.store(true, Ordering::Relaxed);
    let members = core::mem::take(&mut *lock(&link.members));
    if members.is_empty() {
        return;
    }
    withdraw(transaction, link, members, patience, Fate::Goes);
}

/// Disables a link of which a probe has panicked.
pub(crate) fn poison(link: &Arc<LinkCore>, message: String) {
    let Some(mut transaction) = Transaction::begin(Errand::Leaving) else { return };
    // The thread is in the midst of a call, which has nothing to do with other links' captures.
    transaction.drop_no_links();
    link.state.note_panic(message);
    // If other probes have its place, it is not they that have panicked.
    if !link.gone.load(Ordering::Relaxed) {
        disable_in(transaction, link);
    }
}

/// Takes the probes of a link out of its functions' lists, and waits until none of them runs. What the link is, is
/// asked when nobody changes it.
pub(crate) fn disable(core: impl FnOnce() -> Arc<LinkCore>) {
    if let Some(transaction) = Transaction::begin(Errand::Leaving) {
        disable_in(transaction, &core());
    }
}

fn disable_in(transaction: Transaction, link: &Arc<LinkCore>) {
    link.enabled.store(false, Ordering::Relaxed);
    let members = lock(&link.members).clone();
    withdraw(transaction, link, members, Patience::Wait, Fate::Stays);
}

/// Steps 1 to 5, for the functions of `members`.
pub(super) fn withdraw(
    mut transaction: Transaction,
    link: &Arc<LinkCore>,
    members: Vec<Member>,
    patience: Patience,
    fate: Fate,
) {
    let installs = link.state.installs.load(Ordering::Relaxed);
    transaction.kill(link);
    let mut changed = Vec::with_capacity(members.len());
    let mut without = rows::fewer(|row: &Row| !rows::is_of(row, link));
    let mut killed = core::ptr::null();
    for md in members.iter().flat_map(Member::sites) {
        let is_there = || md.current().rows().iter().any(|row| rows::is_of(row, link));
        let list = match without.known_at(md) {
            Some(list) => list,
            None if !is_there() => continue,
            // Detaching cannot fail, so without memory for it the process ends, as it does wherever Rust
            // allocates.
            None => without.at(md).unwrap_or_else(|refused| refused.abort()),
        };
        if link.state.hashed && !rows::any_hashed(&list) {
            transaction.state().table.remove(md.target.address);
        }
        // The caller of an empty list is the plainest of its shape: a thread on its way from
        // the entry runs nothing there.
        let old = core::ptr::from_ref(md.current());
        if let Some(retired) = publish(&mut transaction, md, list, &mut changed)
            // Neighbours have one list.
            && core::mem::replace(&mut killed, old) != old
        {
            retired.kill(link);
        }
    }
    drop(without);
    follow_all(&changed);
    transaction.shrink();
    let (lists, is_running) = transaction.marked(link);

    if is_running && (patience == Patience::Leave || in_probe()) {
        transaction.leave(link, fate, installs, members, lists);
        return transaction.end();
    }
    if is_running {
        drop(transaction);
        wait(&link.state, &lists);
        let Some(again) = Transaction::begin(Errand::Leaving) else { return };
        transaction = again;
    }
    drop(lists);
    // Another thread may have put the probes back while this one waited without the lock.
    if link.state.installs.load(Ordering::Relaxed) == installs {
        vacate(&link.state, &members);
        settle(&mut transaction, link, &members);
    }
    transaction.end();
}

/// Publishes a list, and notes whether the site's entry is to follow.
fn publish<'t>(
    transaction: &'t mut Transaction,
    md: &'static Md,
    mut list: ListBox,
    changed: &mut Vec<&'static Md>,
) -> Option<&'t Retired> {
    let caller = transaction.select(md, &mut list);
    if list.is_empty() || md.caller() != caller {
        changed.push(md);
    }
    transaction.publish(md, list, caller)
}

/// Lets the entries of sites follow what was published there.
pub(super) fn follow_all(changed: &[&'static Md]) {
    // If the pages cannot be written now, the entries stay armed, for callers that may have nothing to
    // run or hand each call on: slower, and right.
    match Writable::open(changed.iter().map(|md| md.site())) {
        Ok(mut writable) => {
            for md in changed {
                let _ = follow(md, &mut writable);
            }
        }
        Err(_) => changed.iter().for_each(|md| md.set_astray(true)),
    }
}

/// Gives callers of their own to lists that might have had one, had no probe of `link` been running.
pub(super) fn settle(transaction: &mut Transaction, link: &LinkCore, members: &[Member]) {
    let mut changed = Vec::new();
    let mut alone = rows::fewer(|row: &Row| !rows::is_of(row, link));
    for md in members.iter().flat_map(Member::sites) {
        let current = md.current();
        if !current.is_empty() && current.specialised().is_none() && rows::are_of_one(current) {
            // Without memory for it, the shared caller serves as well.
            let Ok(list) = alone.at(md) else { continue };
            if list.specialised().is_some() {
                let _ = publish(transaction, md, list, &mut changed);
            }
        }
    }
    drop(alone);
    follow_all(&changed);
}
