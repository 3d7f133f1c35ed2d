//! Attaching: everything is checked and made before anything is written.
//!
//! 1. resolve the functions, check every probe against each, compute cookies (user code);
//! 2. lock; verify the bytes of every entry;
//! 3. make the lists; make the pages writable; make room in the table;
//! 4. from here on nothing can fail: publish every list and caller, arm the entries;
//! 5. barrier, free what nobody holds, unlock.

use std::sync::{Arc, Weak};

use crate::arch::TARGET;
use crate::caller::{Lookup, MAX_SLOTS, Shape, select};
use crate::error::{Error, Refusal};
use crate::grace;
use crate::md::Md;
use crate::poke::{Writable, verify};
use crate::probe::{AnyProbe, Kind, LinkState};
use crate::registry::Selector;
use crate::site::Function;
use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use crate::sys;

use super::core::{LinkCore, Member};
use super::detach::poison;
use super::fork;
use super::rows;
use super::transaction::{Transaction, full_caller, is_armed, publish};

/// What a builder has collected.
pub(crate) struct Request {
    pub(crate) probes: Vec<Box<dyn AnyProbe>>,
    pub(crate) selector: Selector,
    pub(crate) cookie: Box<dyn Fn(&Function) -> u64>,
    pub(crate) order: i32,
    pub(crate) sleepable: bool,
    pub(crate) lookup: Lookup,
    pub(crate) specialise: bool,
    pub(crate) skip_invalid: bool,
}

/// Attaches, or changes nothing.
pub(crate) fn attach(request: Request) -> Result<Arc<LinkCore>, Error> {
    if request.probes.is_empty() {
        return Err(Error::NoProbe);
    }
    if request.selector.is_empty() {
        return Err(Error::NoFunctions);
    }
    sys::prepare()
        .map_err(|error| Error::Unsupported { target: TARGET, reason: error.to_string() })?;
    grace::prepare();
    fork::prepare();

    let mut members = Vec::new();
    let mut refused = Vec::new();
    for function in request.selector.resolve()? {
        match bind(function, &request) {
            Ok(through) => {
                let cookie = (request.cookie)(function);
                members.push(Member { function, cookie, through });
            }
            Err(reason) => refused.push(Refusal { function, reason }),
        }
    }
    let mut refused = check(refused, &members, request.skip_invalid)?;

    let mut transaction = Transaction::begin();
    members.retain(|member| match verify_sites(member.function) {
        Ok(()) => true,
        Err(reason) => {
            refused.push(Refusal { function: member.function, reason });
            false
        }
    });
    let refused = check(refused, &members, request.skip_invalid)?;

    let state = transaction.state();
    state.attaches += 1;
    let rank = (request.order, state.attaches);
    let hashed = request.lookup == Lookup::Hash;
    let sleepable = request.sleepable || request.probes.iter().any(|probe| probe.is_sleepable());
    let link = Arc::new_cyclic(|link: &Weak<LinkCore>| {
        let link = Weak::clone(link);
        let suspend = move |message| {
            if let Some(link) = link.upgrade() {
                poison(&link, message);
            }
        };
        LinkCore {
            state: LinkState::new(rank, sleepable, hashed, Box::new(suspend)),
            probes: request.probes,
            // A specialised caller finds metadata through the site.
            specialise: request.specialise && !hashed,
            members: Mutex::new(Vec::new()),
            enabled: AtomicBool::new(true),
            refused,
        }
    });
    install(&mut transaction, &link, &members)?;
    *lock(&link.members) = members;
    transaction.end();
    Ok(link)
}

/// Puts the probes of a link back into the lists of its functions.
pub(crate) fn enable(link: &LinkCore) -> Result<(), Error> {
    let mut transaction = Transaction::begin();
    if link.enabled.load(Ordering::Relaxed) {
        return Ok(());
    }
    let members = lock(&link.members).clone();
    members.iter().try_for_each(|member| verify_sites(member.function))?;
    install(&mut transaction, link, &members)?;
    link.enabled.store(true, Ordering::Relaxed);
    transaction.end();
    Ok(())
}

/// Steps 3 and 4. The entries were verified.
fn install(
    transaction: &mut Transaction,
    link: &LinkCore,
    members: &[Member],
) -> Result<(), Error> {
    let to_arm = members.iter().flat_map(|member| member.function.sites());
    let mut writable = Writable::open(to_arm.copied().filter(|site| !is_armed(site)))?;
    let mut lists = Vec::with_capacity(members.len());
    for member in members {
        let full = full_caller(member.function).expect("bind() found it").code();
        for site in member.function.sites() {
            let md = Md::of(site, member.function, full);
            lists.push((md, rows::with(md.current(), link, member)));
        }
    }
    if link.state.hashed {
        transaction.reserve(lists.len());
    }
    for (md, list) in lists {
        if link.state.hashed {
            transaction.state().table.insert(md.target.address, md);
        }
        let old = publish(md, list);
        transaction.retire(old);
        if !md.is_armed() {
            writable.write(md.site, true);
            md.set_armed(true);
        }
    }
    Ok(())
}

/// Checks all probes against one function.
fn bind(function: &'static Function, request: &Request) -> Result<Box<[u32]>, Error> {
    if full_caller(function).is_none() {
        return Err(Error::TooManyArgs {
            function: function.instance().to_owned(),
            count: function.slots(),
            max: MAX_SLOTS,
        });
    }
    let probes = &request.probes;
    let shape = Shape {
        slots: function.slots(),
        sleepable: request.sleepable || probes.iter().any(|probe| probe.is_sleepable()),
        origin: probes.iter().any(|probe| probe.kind() != Kind::Fentry),
    };
    if select(shape, request.lookup).is_none() {
        return Err(Error::NotGenerated {
            function: function.instance().to_owned(),
            caller: shape.to_string(),
        });
    }
    let bound = probes.iter().map(|probe| probe.bind(function));
    bound.collect::<Result<_, _>>().map_err(|mismatch| Error::mismatch(function, mismatch))
}

fn verify_sites(function: &'static Function) -> Result<(), Error> {
    function.sites().iter().try_for_each(|site| verify(site, is_armed(site), function))
}

/// Fails unless everything was accepted, or something was and the rest may be skipped.
fn check(
    mut refused: Vec<Refusal>,
    accepted: &[Member],
    skip_invalid: bool,
) -> Result<Vec<Refusal>, Error> {
    if refused.is_empty() || (skip_invalid && !accepted.is_empty()) {
        return Ok(refused);
    }
    match (refused.len(), accepted.len()) {
        (1, 0) => Err(refused.remove(0).reason),
        _ => Err(Error::Refused(refused)),
    }
}
