//! Attaching: everything is checked and made before anything is written.
//!
//! 1. resolve the functions, check every probe against each, compute cookies (user code): `bind.rs`;
//! 2. lock; verify the bytes of every entry;
//! 3. let a batch of which the link is all attach it: `batch.rs`;
//! 4. if anything was replaced, barrier, free what nobody holds; unlock.

use std::sync::Arc;

use crate::arch::TARGET;
use crate::error::{Error, Refusal};
use crate::grace;
use crate::md::Md;
use crate::poke::written_code_is_run;
use crate::probe::{Tally, number_of};
use crate::site::find_switches;
use crate::sync::{AtomicBool, Ordering, lock};
use crate::sys;

use super::batch::{Batch, End, Part};
use super::bind::{Bound, Request, bind_request, check, list_of_functions};
use super::core::{LinkCore, Member};
use super::fork;
use super::handle::Link;
use super::line::Errand;
use super::made::{Identity, new_link};
use super::transaction::Transaction;
use super::verify::verify_sites;

/// Attaches, or changes nothing.
pub(crate) fn attach(request: Request) -> Result<Link, Error> {
    prepare()?;
    let bound = bind_request(&request)?;
    let Bound { mut members, fits, refused } = bound;
    let Request { probes, cookies, order, counted, settings, selector } = request;
    // It is the user's: if dropping it panics, nothing has been done yet.
    drop(selector);

    find_switches().map_err(list_of_functions)?;
    let mut transaction = begin()?;
    let mut refused = refused;
    let mut mixed = Vec::new();
    let mut no_room = None;
    members.retain(|member| match verify_sites(member.function, &mut mixed) {
        Ok(()) => true,
        Err(reason) => {
            let refusal = Refusal::new(member.function, reason);
            no_room = sys::push(&mut refused, refusal).err().or(no_room);
            false
        }
    });
    if let Some(no_room) = no_room {
        return Err(list_of_functions(no_room));
    }
    let refused = check(refused, &members, settings.skip_invalid)?;

    let since = transaction.state().attaches + 1;
    let tally = Arc::new(Tally::default());
    let functions = members.iter().map(|member| member.function);
    tally.add(functions).map_err(list_of_functions)?;
    let identity = Identity { number: number_of(since), rank: (order, since), tally };
    let link = new_link(probes, identity, settings, cookies, fits, Arc::new(AtomicBool::new(true)));
    link.state.counted.store(counted, Ordering::Relaxed);
    *lock(&link.refused) = refused;
    let parts = [joins(&link, members)];
    if let Err(error) = commit(&mut transaction, &parts, mixed) {
        // What is the user's is dropped without the lock.
        drop(transaction);
        return Err(error);
    }
    let [Part { joins: members, .. }] = parts;
    *lock(&link.members) = members;
    // From here on, whatever cuts this short detaches.
    let link = Link::new(link);
    transaction.end();
    Ok(link)
}

fn joins(link: &Arc<LinkCore>, members: Vec<Member>) -> Part {
    Part { link: Arc::clone(link), leaves: Vec::new(), joins: members, end: End::None }
}

/// Attaches, or changes nothing. The entries were verified; `mixed` are those that are armed in part.
fn commit(
    transaction: &mut Transaction,
    parts: &[Part],
    mixed: Vec<&'static Md>,
) -> Result<(), Error> {
    Batch::prepare(transaction, parts, Some(mixed))?.commit(transaction)
}

/// Asks the system for what attaching needs.
pub(super) fn prepare() -> Result<(), Error> {
    let unsupported = |what: &str, error: std::io::Error| Error::Unsupported {
        target: TARGET,
        reason: format!("{what}: {error}"),
    };
    // Before the system is told an address in it.
    stay_loaded().map_err(|error| unsupported("keeping this shared object loaded", error))?;
    sys::prepare().map_err(|error| unsupported("barriers between threads", error))?;
    grace::prepare();
    fork::prepare().map_err(|error| unsupported("handlers for forks", error))
}

/// Keeps the shared object that gtramp is in from being unloaded.
fn stay_loaded() -> std::io::Result<()> {
    static STAYS: AtomicBool = AtomicBool::new(false);
    // Two threads may say so at the same time, which does what one does.
    if !STAYS.load(Ordering::Relaxed) {
        sys::stay_loaded()?;
        STAYS.store(true, Ordering::Relaxed);
    }
    Ok(())
}

/// Takes the lock, and sees to it that writing code is of use.
pub(super) fn begin() -> Result<Transaction, Error> {
    let unsupported =
        |reason: &str| Error::Unsupported { target: TARGET, reason: reason.to_owned() };
    let mut transaction = Transaction::begin(Errand::Coming).ok_or_else(|| {
        unsupported(
            "the process was made by a bare `clone` while a thread of its parent was attaching or \
             detaching",
        )
    })?;
    let state = transaction.state();
    state.is_tried = state.is_tried || written_code_is_run();
    if !state.is_tried {
        return Err(unsupported(
            "what is written to code is not executed: something runs a translation that it has made before \
             (under valgrind, run it with --smc-check=all)",
        ));
    }
    Ok(transaction)
}

/// Puts the probes of a link back into the lists of its functions.
pub(crate) fn enable(link: &Link) -> Result<(), Error> {
    prepare()?;
    let mut transaction = begin()?;
    let link = &link.core();
    if link.enabled.load(Ordering::Relaxed) {
        return Ok(());
    }
    let mut members = Vec::new();
    let attached = lock(&link.members);
    sys::reserve(&mut members, attached.len()).map_err(list_of_functions)?;
    members.extend_from_slice(&attached);
    drop(attached);
    let mut mixed = Vec::new();
    members.iter().try_for_each(|member| verify_sites(member.function, &mut mixed))?;
    commit(&mut transaction, &[joins(link, members)], mixed)?;
    link.enabled.store(true, Ordering::Relaxed);
    transaction.end();
    Ok(())
}
