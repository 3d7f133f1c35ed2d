//! Probes are bound to functions: each is checked against each function's types. Users' code is asked here, so no
//! lock is held.

use std::sync::Arc;

use crate::caller::{CallAbi, MAX_SLOTS, Shape, choose};
use crate::error::{Error, Refusal};
use crate::probe::{AnyProbe, Asks, Kind, Needs};
use crate::registry::Selector;
use crate::site::Function;
use crate::sys::{self, OutOfMemory};

use super::cookie::Cookies;
use super::core::{Fit, Member, Settings};
use super::probes::Probes;

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
    // A tracepoint has no end and no result. Whoever selects everything means functions.
    let has_ends = probes.iter().any(|probe| probe.kind() != Kind::Fentry);
    // And only futures are polled, and give way to others.
    let for_futures = probes.iter().any(|probe| probe.is_for_futures());
    let mut left_out = None;
    for function in functions {
        if has_ends && function.is_tracepoint() || for_futures && !function.is_async() {
            left_out = Some(*function);
            continue;
        }
        match binding.bind(function) {
            Ok(fit) => members.push(Member { function, cookie: cookie(function), fit }),
            Err(refusal) => sys::push(&mut refused, refusal).map_err(list_of_functions)?,
        }
    }
    if let (Some(function), [], []) = (left_out, &members[..], &refused[..]) {
        let instance = function.instance();
        let reason = match function.is_tracepoint() {
            true => Error::NoEnd { tracepoint: instance },
            false => Error::NotAsync { function: instance },
        };
        let refusal = Refusal::new(function, reason);
        sys::push(&mut refused, refusal).map_err(list_of_functions)?;
    }
    Ok(Bound { members, fits: binding.fits, refused })
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
        let entries_alone =
            probes.iter().all(|probe| matches!(probe.kind(), Kind::Fentry | Kind::Poll));
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
