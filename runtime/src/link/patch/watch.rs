//! Who is asked before a function is patched, and told when it is not any more.

use core::fmt;
use core::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::error::Error;
use crate::registry::Selector;
use crate::site::Function;
use crate::sync::{Mutex, lock};

use super::super::line::Errand;
use super::super::transaction::Transaction;

/// What is about to happen to a function, or has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchEvent {
    /// It is to be patched. `Break` with a reason declines.
    Applying,
    /// A patch that was to come has not come after all, or one that was there is reverted. The answer is not asked
    /// for.
    Reverted,
}

type Answer = dyn Fn(PatchEvent, &'static Function) -> ControlFlow<String> + Send + Sync;

/// One who watches functions.
pub(super) struct Watch {
    functions: Vec<&'static Function>,
    answer: Box<Answer>,
}

/// Under the transaction lock, so that no fork finds it locked.
static WATCHES: Mutex<Vec<Arc<Watch>>> = Mutex::new(Vec::new());

/// Looks at all, or changes them; nothing of a user's runs.
fn watches<R>(look: impl FnOnce(&mut Vec<Arc<Watch>>) -> R) -> Option<R> {
    let transaction = Transaction::begin(Errand::Leaving)?;
    let seen = look(&mut lock(&WATCHES));
    transaction.end();
    Some(seen)
}

/// Keeps somebody watching, until it is dropped: see [`watch_patches`].
#[must_use = "dropping it ends the watch"]
pub struct PatchWatch(Arc<Watch>);

/// Has `answer` asked before any of these functions is patched, and told when it was not, or is not any more: for
/// whoever holds a function, and relies on what its body does.
///
/// It is asked on the thread that patches, outside of any lock. If it declines, nothing is patched, and those that
/// were asked before it are told. A panic in it declines.
///
/// ```
/// use std::ops::ControlFlow;
///
/// # #[gtramp::traceable] fn audited() {}
/// # #[gtramp::replace("**::audited")] fn other() {}
/// # audited();
/// let watch = gtramp::watch_patches("**::audited", |event, function| match event {
///     gtramp::PatchEvent::Applying => ControlFlow::Break(format!("{} is audited", function.name())),
///     _ => ControlFlow::Continue(()),
/// })?;
/// assert!(other::apply().is_err());
/// drop(watch);
/// assert!(other::apply().is_ok());
/// # Ok::<(), gtramp::Error>(())
/// ```
///
/// # Errors
///
/// As [`Selector::resolve`].
pub fn watch_patches(
    functions: impl Into<Selector>,
    answer: impl Fn(PatchEvent, &'static Function) -> ControlFlow<String> + Send + Sync + 'static,
) -> Result<PatchWatch, Error> {
    let mut functions = functions.into().resolve()?;
    functions.sort_by_key(|function| core::ptr::from_ref(*function));
    let watch = Arc::new(Watch { functions, answer: Box::new(answer) });
    let _ = watches(|all| all.push(Arc::clone(&watch)));
    Ok(PatchWatch(watch))
}

impl Drop for PatchWatch {
    fn drop(&mut self) {
        // It is dropped with this.
        let _ = watches(|all| all.retain(|watch| !Arc::ptr_eq(watch, &self.0)));
    }
}

impl fmt::Debug for PatchWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatchWatch").field("functions", &self.0.functions).finish_non_exhaustive()
    }
}

impl Watch {
    fn watches(&self, function: &'static Function) -> bool {
        let key = core::ptr::from_ref(function);
        self.functions.binary_search_by_key(&key, |one| core::ptr::from_ref(*one)).is_ok()
    }

    /// Tells it; a panic ends here, and the panic hook has reported it.
    pub(super) fn tell(&self, event: PatchEvent, function: &'static Function) {
        let _ = catch_unwind(AssertUnwindSafe(|| (self.answer)(event, function)));
    }

    fn ask(&self, function: &'static Function) -> ControlFlow<String> {
        let answer = || (self.answer)(PatchEvent::Applying, function);
        catch_unwind(AssertUnwindSafe(answer))
            .unwrap_or_else(|_| ControlFlow::Break("whoever watches it has panicked".to_owned()))
    }
}

/// Asks everybody who watches one of these; whom it has asked.
pub(super) fn ask(
    functions: &[&'static Function],
) -> Result<Vec<(Arc<Watch>, &'static Function)>, Error> {
    let mut asked: Vec<(Arc<Watch>, &'static Function)> = Vec::new();
    for (watch, function) in pairs(functions) {
        if let ControlFlow::Break(reason) = watch.ask(function) {
            asked.iter().for_each(|(watch, function)| watch.tell(PatchEvent::Reverted, function));
            return Err(Error::Declined { function: function.instance(), reason });
        }
        asked.push((watch, function));
    }
    Ok(asked)
}

/// Tells everybody who watches one of these.
pub(super) fn tell(event: PatchEvent, functions: &[&'static Function]) {
    pairs(functions).for_each(|(watch, function)| watch.tell(event, function));
}

fn pairs<'f>(
    functions: &'f [&'static Function],
) -> impl Iterator<Item = (Arc<Watch>, &'static Function)> + 'f {
    // A copy: what they are asked may end a watch or begin one.
    let watches = watches(|all| all.clone());
    watches.unwrap_or_default().into_iter().flat_map(move |watch| {
        let watched = functions.iter().copied().filter(|function| watch.watches(function));
        watched.map(|function| (Arc::clone(&watch), function)).collect::<Vec<_>>()
    })
}
