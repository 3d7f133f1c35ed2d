//! Does a replacement fit a function?

use core::any::TypeId;
use std::sync::Arc;

use crate::caller::{CallAbi, MAX_SLOTS, choose, patched};
use crate::error::{Error, Refusal};
use crate::patch::{Closure, Code, Run};
use crate::probe::Asks;
use crate::registry::Selector;
use crate::site::Function;

use super::super::bind::check;

/// One replacement, and what it replaces.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) functions: Selector,
    pub(super) asks: Asks,
    /// Where its result borrows: the identity of its type.
    pub(super) signature: Option<TypeId>,
    /// Whether it is the body of an async function.
    pub(super) is_async: bool,
    pub(super) with: With,
}

/// What it puts in the place of bodies.
#[derive(Debug)]
pub(super) enum With {
    Function(Run),
    /// Until it is put there.
    Closure(Option<Closure>),
}

impl With {
    /// What runs it, and if it is a closure, is to be released. Once. Under the transaction lock.
    pub(super) fn code(&mut self) -> &'static Code {
        match self {
            Self::Function(run) => Code::of(*run),
            Self::Closure(closure) => {
                Code::of_closure(closure.take().expect("a patch is applied once"))
            }
        }
    }
}

/// A function, what is to be in the place of its body, and the stub by which calls come to that.
#[derive(Clone, Copy)]
pub(super) struct Replaced {
    pub(super) function: &'static Function,
    /// Which part of the patch replaces it.
    pub(super) part: usize,
    pub(super) stub: *const (),
}

/// Checks all replacements against the functions that they are for.
pub(super) fn bind(parts: &[Part]) -> Result<Vec<Replaced>, Error> {
    let (mut bound, mut refused) = (Vec::new(), Vec::new());
    for (index, part) in parts.iter().enumerate() {
        if part.functions.is_empty() {
            return Err(Error::NoFunctions);
        }
        let asks: Arc<[Asks]> = Arc::from([part.asks.clone()]);
        for function in part.functions.resolve()? {
            match bind_one(part, &asks, function) {
                Ok(stub) => bound.push(Replaced { function, part: index, stub }),
                Err(refusal) => refused.push(refusal),
            }
        }
    }
    bound.sort_by_key(|replaced| core::ptr::from_ref(replaced.function));
    for pair in bound.windows(2) {
        if core::ptr::eq(pair[0].function, pair[1].function) {
            let reason = "the patch selects it for two replacements";
            refused.push(Refusal::new(pair[0].function, not_replaceable(pair[0].function, reason)));
        }
    }
    check(refused, &[], false)?;
    Ok(bound)
}

fn not_replaceable(function: &'static Function, reason: impl Into<String>) -> Error {
    Error::NotReplaceable { function: function.instance(), reason: reason.into() }
}

/// The stub by which calls come to the replacement.
fn bind_one(
    part: &Part,
    asks: &Arc<[Asks]>,
    function: &'static Function,
) -> Result<*const (), Refusal> {
    let refusal = |reason| Refusal::new(function, reason);
    let abi = CallAbi::of(function);
    let Some((_, stub)) = choose::fullest(abi).zip(patched(abi.slots)) else {
        let function = function.instance().to_owned();
        return Err(refusal(Error::TooManyArgs { function, count: abi.slots, max: MAX_SLOTS }));
    };
    let no = |reason: String| refusal(not_replaceable(function, reason));
    if function.is_async() != part.is_async {
        let reason = if function.is_async() {
            "it is async, and what is to be in its place is not: put #[replace] on an `async fn`, or answer in its \
             place with `fmod_ret_async`"
        } else {
            "it is not async, and what is to be in its place is"
        };
        return Err(no(reason.to_owned()));
    }
    if function.is_tracepoint() {
        return Err(no("it is a tracepoint, which has no body".to_owned()));
    }
    if part.asks.bind(function).is_none() {
        return Err(Refusal::misfit(function, Arc::clone(asks)));
    }
    let (has, takes) = (function.argument_count(), part.asks.params.len());
    if has != takes {
        return Err(no(format!(
            "it has {has} arguments, and what is to be in its place takes {takes}: it takes all of them"
        )));
    }
    if let Some(borrows) = part.signature {
        match function.description().source.signature {
            Some(signature) if signature() == borrows => {}
            Some(_) => {
                let reason = "the results borrow from different arguments: write the lifetimes that the function \
                              has";
                return Err(no(reason.to_owned()));
            }
            None => {
                let reason = "from which argument its result borrows cannot be told: write out its lifetimes, \
                              and put #[traceable] on the whole impl of a method";
                return Err(no(reason.to_owned()));
            }
        }
    }
    Ok(stub)
}
