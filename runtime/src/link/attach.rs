//! Attaching: everything is checked and made before anything is written.
//!
//! 1. resolve the functions, check every probe against each, compute cookies (user code);
//! 2. lock; verify the bytes of every entry;
//! 3. make the pages writable; make the metadata and the lists; make room in the table;
//! 4. from here on nothing fails: make sites that are attached to for the first time know their
//!    metadata, and run the barrier, so that every thread which finds such an entry armed finds
//!    the metadata behind it: fetching an instruction orders no later load;
//! 5. publish every list and caller, arm the entries (if one cannot be written after all, which no
//!    system is known to do, the link is detached again);
//! 6. if anything was replaced, barrier, free what nobody holds; unlock.

use std::sync::{Arc, Weak};

use crate::arch::TARGET;
use crate::caller::{CallAbi, MAX_SLOTS, Shape, choose};
use crate::error::{Error, Refusal};
use crate::grace;
use crate::md::{Fresh, Front, Md};
use crate::poke::{Found, Writable, verify, written_code_is_run};
use crate::probe::{AnyProbe, Asks, Kind, LinkState, Needs, Tally, number_of};
use crate::registry::Selector;
use crate::site::{Function, Record, find_switches};
use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering, lock};
use crate::sys::{self, OutOfMemory};

use super::cookie::Cookies;
use super::core::{Fit, LinkCore, Member, Settings};
use super::detach::{Fate, Patience, poison, withdraw};
use super::fork;
use super::handle::Link;
use super::line::Errand;
use super::probes::Probes;
use super::rows;
use super::transaction::{Transaction, expected, follow};

/// What a builder has collected.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) probes: Probes,
    pub(crate) selector: Selector,
    pub(crate) cookies: Cookies,
    pub(crate) order: i32,
    pub(crate) counted: bool,
    pub(crate) settings: Settings,
}

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
    mixed.sort_unstable_by_key(|md| md.mark());

    let since = transaction.state().attaches + 1;
    let tally = Arc::new(Tally::default());
    let functions = members.iter().map(|member| member.function);
    tally.add(functions).map_err(list_of_functions)?;
    let identity = Identity { number: number_of(since), rank: (order, since), tally };
    let link = new_link(probes, identity, settings, cookies, fits, Arc::new(AtomicBool::new(true)));
    link.state.counted.store(counted, Ordering::Relaxed);
    *lock(&link.refused) = refused;
    match install(&mut transaction, &link, &members, &mixed) {
        Ok(()) => {
            *lock(&link.members) = members;
            // From here on, whatever cuts this short detaches.
            let link = Link::new(link);
            transaction.end();
            Ok(link)
        }
        Err(fault) => {
            undo(transaction, &link, members, &fault, Fate::Goes);
            Err(fault.error)
        }
    }
}

/// Binds the probes of a request to the functions that it selects.
pub(super) fn bind_request(request: &Request) -> Result<Bound, Error> {
    if request.probes.list.is_empty() {
        return Err(Error::NoProbe);
    }
    if request.selector.is_empty() {
        return Err(Error::NoFunctions);
    }
    let functions = request.selector.resolve()?;
    let cookie = |function| request.cookies.of(function);
    let Request { probes, settings, .. } = request;
    let bound = bind(&probes.list, Vec::new(), *settings, &functions, cookie)?;
    let refused = check(bound.refused, &bound.members, settings.skip_invalid)?;
    Ok(Bound { refused, ..bound })
}

/// Functions with probes that fit.
#[derive(Default)]
pub(super) struct Bound {
    pub(super) members: Vec<Member>,
    pub(super) fits: Vec<Fit>,
    /// Those that they do not fit.
    pub(super) refused: Vec<Refusal>,
}

/// Binds probes to functions, in one of these ways or another, and asks for cookies.
pub(super) fn bind(
    probes: &[Box<dyn AnyProbe>],
    fits: Vec<Fit>,
    settings: Settings,
    functions: &[&'static Function],
    cookie: impl Fn(&'static Function) -> u64,
) -> Result<Bound, Error> {
    let (mut members, mut refused) = (Vec::new(), Vec::new());
    sys::reserve(&mut members, functions.len()).map_err(list_of_functions)?;
    let mut binding = Binding::new(probes, fits, settings);
    for function in functions {
        match binding.bind(function) {
            Ok(fit) => members.push(Member { function, cookie: cookie(function), fit }),
            Err(refusal) => sys::push(&mut refused, refusal).map_err(list_of_functions)?,
        }
    }
    Ok(Bound { members, fits: binding.fits, refused })
}

/// Which link probes are of.
pub(super) struct Identity {
    pub(super) number: u64,
    pub(super) rank: (i32, u64),
    pub(super) tally: Arc<Tally>,
}

/// A link that is attached to nothing yet.
pub(super) fn new_link(
    probes: Probes,
    Identity { number, rank, tally }: Identity,
    settings: Settings,
    cookies: Cookies,
    fits: Vec<Fit>,
    enabled: Arc<AtomicBool>,
) -> Arc<LinkCore> {
    let sleepable = settings.sleepable || probes.list.iter().any(|probe| probe.is_sleepable());
    let sleep = if sleepable { Needs::SLEEP } else { Needs::NOTHING };
    let needs = sleep.and(if probes.sessions { Needs::SESSION } else { Needs::NOTHING });
    let pair = choose::typed_pair(&probes.list, probes.pair);
    Arc::new_cyclic(|link: &Weak<LinkCore>| {
        let link = Weak::clone(link);
        let suspend = move |message| {
            if let Some(link) = link.upgrade() {
                poison(&link, message);
            }
        };
        let (limit, hashed, suspend) = (settings.limit, settings.is_hashed(), Box::new(suspend));
        LinkCore {
            state: Arc::new(LinkState::new(
                number, rank, tally, limit, needs, hashed, pair, suspend,
            )),
            probes: probes.list,
            settings,
            cookies,
            fits: Mutex::new(fits),
            members: Mutex::new(Vec::new()),
            changes: AtomicU64::new(0),
            enabled,
            gone: AtomicBool::new(false),
            refused: Mutex::new(Vec::new()),
        }
    })
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
    mixed.sort_unstable_by_key(|md| md.mark());
    if let Err(fault) = install(&mut transaction, link, &members, &mixed) {
        undo(transaction, link, members, &fault, Fate::Stays);
        return Err(fault.error);
    }
    link.enabled.store(true, Ordering::Relaxed);
    transaction.end();
    Ok(())
}

/// Why an [`install`] failed.
struct Fault {
    error: Error,
    /// Whether it was in step 5.
    begun: bool,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self { error, begun: false }
    }
}

/// Ends a transaction in which [`install`] has failed. The users' closures are not dropped before
/// the lock is free.
fn undo(
    transaction: Transaction,
    link: &Arc<LinkCore>,
    members: Vec<Member>,
    fault: &Fault,
    fate: Fate,
) {
    if fault.begun {
        withdraw(transaction, link, members, Patience::Wait, fate);
    }
}

/// Steps 3 to 5. The entries were verified; `mixed` are those that are armed in part, sorted by
/// their marks, and they are armed anew.
fn install(
    transaction: &mut Transaction,
    link: &LinkCore,
    members: &[Member],
    mixed: &[&'static Md],
) -> Result<(), Fault> {
    let sites = members.iter().map(|member| member.function.sites().len()).sum();
    let mut lists = Vec::new();
    sys::reserve(&mut lists, sites)
        .map_err(|refused| no_memory("the lists of probes", None, refused))?;
    let mut next = rows::next(link, sites);
    let all_sites = members.iter().flat_map(|member| member.function.sites());
    let missing = all_sites.filter(|site| Md::existing(site.data()).is_none()).count();
    let mut fresh =
        Fresh::room(missing).map_err(|refused| no_memory("the metadata", None, refused))?;
    let mut replaced = 0;
    for member in members {
        let abi = CallAbi::of(member.function);
        let full = choose::fullest(abi).expect("bind() found it").code();
        for site in member.function.sites() {
            let md = Md::of(site, member.function, full, &mut fresh);
            let mut list = rows::with(&md, link, &mut next, member).map_err(|refused| {
                no_memory("the list of probes", Some(member.function), refused)
            })?;
            replaced += usize::from(!md.current().is_empty());
            let caller = transaction.select(&md, &mut list);
            lists.push((md, list, caller));
        }
    }
    let is_turned = |md: &Md, caller| md.is_armed() && md.caller() != caller;
    let turned = lists.iter().filter(|(md, _, caller)| is_turned(md, *caller));
    // Without it, they find their callers the long way.
    let mut turning = Writable::open(turned.map(|(md, ..)| md.site())).ok();
    // After it: a batch that is refused closes what it had opened, which may be pages of this one too.
    let to_arm = members.iter().flat_map(|member| member.function.sites());
    let is_mixed = |site: &Record| {
        let md = Md::existing(site.data());
        md.is_some_and(|md| mixed.binary_search_by_key(&md.mark(), |mixed| mixed.mark()).is_ok())
    };
    let to_arm = to_arm.copied().filter(|site| !expected(site).armed || is_mixed(site));
    let mut arming = Writable::open(to_arm)?;
    let hashed = if link.state.hashed { sites } else { 0 };
    transaction
        .reserve(replaced, hashed)
        .map_err(|refused| no_memory("the table of functions", None, refused))?;
    // Calls that began with a link remember it by this number, even if the link goes at once.
    let state = transaction.state();
    state.attaches = state.attaches.max(link.state.since);
    fresh.publish();
    arming.shorten(members.iter().flat_map(|member| member.function.sites()).copied());
    let is_off = |function: &Function| function.sites().iter().all(|site| !expected(site).armed);
    let mut renewed = false;
    for member in members.iter().filter(|member| is_off(member.function)) {
        transaction.renew_pass(member.function);
        renewed = true;
    }
    if missing > 0 || renewed && !PASSES_ARE_ORDERED {
        sys::barrier();
    }
    link.state.installs.fetch_add(1, Ordering::Relaxed);
    mixed.iter().for_each(|md| md.set_armed(false));
    for (md, list, caller) in lists {
        // SAFETY: what was made afresh has just been published.
        let md = unsafe { md.published() };
        if link.state.hashed {
            transaction.state().table.insert(md.target.address, md);
            Front::offer(md);
        }
        let turned = is_turned(md, caller);
        let _ = transaction.publish(md, list, caller);
        if !md.is_armed() {
            follow(md, &mut arming).map_err(|error| Fault { error, begun: true })?;
        } else if turned {
            match &mut turning {
                Some(turning) => follow(md, turning).expect("it is armed"),
                None => md.set_astray(true),
            }
        }
    }
    Ok(())
}

/// Whether a thread that finds a site armed finds the pass that was stored before, without a barrier.
pub(super) const PASSES_ARE_ORDERED: bool = cfg!(target_arch = "x86_64");

pub(super) fn list_of_functions(refused: OutOfMemory) -> Error {
    no_memory("the list of functions", None, refused)
}

pub(super) fn no_memory(
    what: &'static str,
    function: Option<&'static Function>,
    refused: OutOfMemory,
) -> Error {
    let function = function.map(Function::instance);
    Error::OutOfMemory { function, what, bytes: refused.bytes }
}

/// Checks all probes against one function after another.
struct Binding<'r> {
    probes: &'r [Box<dyn AnyProbe>],
    settings: Settings,
    asks: Arc<[Asks]>,
    /// In which ways they have fitted so far.
    fits: Vec<Fit>,
    /// What the probes' bits at the present function are.
    through: Vec<u32>,
    /// How many slots the last function had for which there are callers.
    served: Option<usize>,
}

impl<'r> Binding<'r> {
    fn new(probes: &'r [Box<dyn AnyProbe>], fits: Vec<Fit>, settings: Settings) -> Self {
        let asks = probes.iter().map(|probe| probe.asks()).collect();
        Self { probes, settings, asks, fits, through: Vec::new(), served: None }
    }

    /// Checks them against this function; which of the fits it is.
    fn bind(&mut self, function: &'static Function) -> Result<u32, Refusal> {
        let slots = function.slots();
        if self.served != Some(slots) {
            self.check_callers(function).map_err(|reason| Refusal::new(function, reason))?;
            self.served = Some(slots);
        }
        self.through.clear();
        for asks in &*self.asks {
            let bits = asks.bind(function);
            let bits = bits.ok_or_else(|| Refusal::misfit(function, Arc::clone(&self.asks)))?;
            self.through.push(bits);
        }
        // From the last on: neighbours are often alike.
        let abi = CallAbi::of(function);
        let is_fit = |fit: &Fit| fit.abi == abi && fit.through.iter().eq(&self.through);
        let fit = self.fits.iter().rposition(is_fit).unwrap_or_else(|| {
            self.fits.push(Fit { abi, through: self.through.clone() });
            self.fits.len() - 1
        });
        Ok(u32::try_from(fit).expect("fewer fits than functions"))
    }

    /// Whether there are callers for the probes at this function.
    fn check_callers(&self, function: &'static Function) -> Result<(), Error> {
        let abi = CallAbi::of(function);
        if choose::fullest(abi).is_none() {
            return Err(Error::TooManyArgs {
                function: function.instance().to_owned(),
                count: function.slots(),
                max: MAX_SLOTS,
            });
        }
        let probes = self.probes;
        let sleeps = self.settings.sleepable || probes.iter().any(|probe| probe.is_sleepable());
        let sleep = if sleeps { Needs::SLEEP } else { Needs::NOTHING };
        let entries_alone = probes.iter().all(|probe| probe.kind() == Kind::Fentry);
        let origin = if entries_alone { Needs::NOTHING } else { Needs::ORIGIN };
        let needs = sleep.and(origin);
        if choose::shared(needs, self.settings.lookup, abi).is_none() {
            return Err(Error::NotGenerated {
                function: function.instance().to_owned(),
                caller: Shape::serving(needs, abi).to_string(),
            });
        }
        Ok(())
    }
}

/// Under the transaction lock. Notes the sites that are to be armed anew, if the attach comes to that.
pub(super) fn verify_sites(
    function: &'static Function,
    mixed: &mut Vec<&'static Md>,
) -> Result<(), Error> {
    let before = mixed.len();
    for site in function.sites() {
        match verify(site, expected(site), function) {
            Ok(Found::AsExpected) => {}
            Ok(Found::Mixed { .. }) => {
                if let Some(md) = Md::existing(site.data()) {
                    sys::push(mixed, md).map_err(list_of_functions)?;
                }
            }
            Err(modified) => {
                mixed.truncate(before);
                return Err(modified);
            }
        }
    }
    Ok(())
}

/// Fails unless everything was accepted, or something was and the rest may be skipped.
pub(super) fn check(
    mut refused: Vec<Refusal>,
    accepted: &[Member],
    skip_invalid: bool,
) -> Result<Vec<Refusal>, Error> {
    if refused.is_empty() || (skip_invalid && !accepted.is_empty()) {
        return Ok(refused);
    }
    match (refused.len(), accepted.len()) {
        (1, 0) => Err(refused.remove(0).into_reason()),
        _ => Err(Error::Refused(refused)),
    }
}
