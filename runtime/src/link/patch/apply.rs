//! Applying patches and reverting them: transactions, as attaching is.

use crate::caller::{CallAbi, choose};
use crate::error::{Error, Refusal};
use crate::md::{Md, Prepared};
use crate::patch::{Code, Patching};
use crate::poke::Writable;
use crate::probe::{ListBox, Payload, first_panic};
use crate::site::{Function, find_switches};

use super::super::attach::{begin, prepare};
use super::super::batch::{LOADS_ARE_ORDERED, arm, introduce, room_for};
use super::super::bind::{check, list_of_functions};
use super::super::detach::follow_all;
use super::super::line::Errand;
use super::super::transaction::Transaction;
use super::super::verify::verify_sites;
use super::bind::{Part, Replaced, bind};
use super::watch::{PatchEvent, ask, tell};

/// What a part runs, and which of the closures that it runs one after the other.
type Used = (&'static Code, usize);

/// A patch that was applied.
pub(super) struct Applied {
    pub(super) number: u64,
    pub(super) functions: Vec<&'static Function>,
    /// What its parts run, to be released by [`revert`].
    pub(super) codes: Vec<Used>,
}

/// Applies a patch, or changes nothing.
pub(super) fn apply(parts: &mut [Part], stack: bool) -> Result<Applied, Error> {
    prepare()?;
    let bound = bind(parts)?;
    let functions: Vec<_> = bound.iter().map(|replaced| replaced.function).collect();
    find_switches().map_err(list_of_functions)?;
    // Users' code: outside of the transaction.
    let asked = ask(&functions)?;
    let applied = begin().and_then(|mut transaction| {
        let applied = apply_in(&mut transaction, parts, &bound, stack);
        transaction.end();
        applied
    });
    let (number, codes) = applied.inspect_err(|_| {
        asked.iter().for_each(|(watch, function)| watch.tell(PatchEvent::Reverted, function));
    })?;
    Ok(Applied { number, functions, codes })
}

/// Under the lock, all of it: the pages that it opens are closed when this returns.
fn apply_in(
    transaction: &mut Transaction,
    parts: &mut [Part],
    bound: &[Replaced],
    stack: bool,
) -> Result<(u64, Vec<Used>), Error> {
    let mut mixed = Vec::new();
    let mut refused = Vec::new();
    for &Replaced { function, .. } in bound {
        let verified = verify_sites(function, &mut mixed);
        let busy = !stack && patching(function).is_some_and(Patching::is_in_use);
        let free = if busy { Err(Error::Busy { function: function.instance() }) } else { Ok(()) };
        refused.extend(verified.and(free).err().map(|reason| Refusal::new(function, reason)));
    }
    check(refused, &[], false)?;
    mixed.sort_unstable_by_key(|md| md.mark());

    let functions = bound.iter().map(|replaced| replaced.function);
    let mut fresh = room_for(functions.clone())?;
    let mut prepared: Vec<Prepared> = Vec::new();
    for replaced in bound {
        let full = choose::fullest(CallAbi::of(replaced.function)).expect("bind() found it").code();
        for site in replaced.function.sites() {
            prepared.push(Md::of(site, replaced.function, full, &mut fresh));
        }
    }
    let is_mixed = |md: &Md| mixed.binary_search_by_key(&md.mark(), |mixed| mixed.mark()).is_ok();
    let to_arm = prepared.iter().filter(|md| !md.is_armed() || is_mixed(md));
    let mut arming = Writable::open(to_arm.map(|md| md.site()))?;

    let state = transaction.state();
    state.attaches += 1;
    let number = state.attaches;
    // A site knows what replaces its body before a thread can be sent there.
    let is_first = bound.iter().fold(false, |is_first, one| one.make_patching() | is_first);
    introduce(transaction, fresh, functions, &mut arming, is_first && !LOADS_ARE_ORDERED);
    // SAFETY: what was made afresh has been published.
    let sites = prepared.into_iter().map(|md| unsafe { md.published() });
    let sites: Vec<&'static Md> = sites.collect();
    for md in sites.iter().filter(|md| md.current().is_empty()) {
        let mut list = ListBox::empty();
        let caller = transaction.select(md, &mut list);
        let _ = transaction.publish(md, list, caller);
    }
    let to_arm = sites.iter().filter(|md| !md.is_armed() || is_mixed(md));
    arm(to_arm.map(|md| (*md, md.caller())), &mut arming)?;

    // From here on nothing fails: until now, calls run the body.
    let codes = parts.iter_mut().map(|part| part.with.code());
    let codes: Vec<_> = codes.map(|code| (code, code.number())).collect();
    for replaced in bound {
        let patching = patching(replaced.function).expect("it was just made");
        patching.push(number, codes[replaced.part].0);
    }
    sites.iter().for_each(|md| md.set_patched(true));
    Ok((number, codes))
}

impl Replaced {
    /// Makes what replaces its function's body, at all its sites; whether there was none.
    fn make_patching(&self) -> bool {
        if patching(self.function).is_some() {
            return false;
        }
        let patching = Patching::new(self.stub);
        for site in self.function.sites() {
            site.data().set_patched(patching.as_word());
        }
        true
    }
}

/// What replaces the body of a function, if it was ever replaced.
pub(super) fn patching(function: &Function) -> Option<&'static Patching> {
    function.sites().first().and_then(|site| Patching::of(site.data()))
}

/// Takes a patch out of its functions; calls that are in it go on, and what closures have captured stays until they
/// have ended. The first panic of dropping that. `None` if it could not: in some children nothing is changed any
/// more.
pub(super) fn revert(patch: &Applied) -> Option<Result<(), Payload>> {
    let transaction = Transaction::begin(Errand::Leaving)?;
    take_out(patch.number, &patch.functions);
    transaction.end();
    tell(PatchEvent::Reverted, &patch.functions);
    // Users' code: outside of the transaction.
    Some(first_panic(patch.codes.iter().map(|(code, _)| code.release())))
}

/// Under the transaction lock.
fn take_out(number: u64, functions: &[&'static Function]) {
    let mut changed = Vec::new();
    for function in functions {
        let Some(patching) = patching(function) else { continue };
        patching.take(number);
        if patching.is_in_use() {
            continue;
        }
        for md in function.sites().iter().filter_map(|site| Md::existing(site.data())) {
            md.set_patched(false);
            if !md.is_wanted() {
                changed.push(md);
            }
        }
    }
    follow_all(&changed);
}
