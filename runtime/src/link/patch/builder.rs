//! Making patches.

use core::any::TypeId;

use crate::error::Error;
use crate::patch::{Closure, Replacement, Run, run_function};
use crate::probe::{Asks, Param, Probe, RetParam};
use crate::registry::{Selector, Site};

use super::super::builder::patterns;
use super::apply::apply;
use super::bind::{Part, With};
use super::handle::Patch;

/// Collects what is to be put in the place of which functions, then does it in one transaction.
///
/// ```
/// use gtramp::{replace, traceable};
///
/// #[traceable]
/// fn duty(amount: u64) -> u64 {
///     amount / 100
/// }
///
/// #[traceable]
/// fn tax(amount: u64) -> u64 {
///     amount / 5
/// }
///
/// #[replace("**::duty")]
/// fn no_duty(_: u64) -> u64 {
///     0
/// }
///
/// #[replace("**::tax")]
/// fn less_tax(amount: u64) -> u64 {
///     amount / 10
/// }
///
/// # (duty(1), tax(1));
/// let patch = no_duty::patch().and(less_tax::patch()).apply()?;
/// assert_eq!((duty(500), tax(500)), (0, 50));
/// patch.revert();
/// assert_eq!((duty(500), tax(500)), (5, 100));
/// # Ok::<(), gtramp::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is patched before apply()"]
pub struct PatchBuilder {
    parts: Vec<Part>,
    stack: bool,
}

/// A patch with a replacement that an attribute made, for the functions its attribute names.
pub fn replacing<R: Probe + Replacement>(_: R) -> PatchBuilder {
    let part = Part {
        functions: patterns::<R>(),
        asks: Asks { params: R::params(), ret: Some(R::ret()) },
        signature: R::signature(),
        is_async: R::IS_ASYNC,
        with: With::Function(run_function::<R>),
    };
    PatchBuilder { parts: vec![part], stack: false }
}

/// A patch with a closure, for functions that are still to be said: what `replacement!` expands to.
///
/// # Safety
///
/// `run`, which is handed the address of `closure`, takes the arguments that `params` names, all of them, and returns
/// what `ret` describes; it asks no more of lifetimes than these say, or if `signature` is not `None`, than that says.
pub unsafe fn replacing_by<F: Send + Sync + 'static>(
    closure: F,
    params: Vec<Param>,
    ret: RetParam,
    signature: Option<TypeId>,
    run: Run,
) -> PatchBuilder {
    let part = Part {
        functions: Selector::default(),
        asks: Asks { params, ret: Some(ret) },
        signature,
        is_async: false,
        with: With::Closure(Some(Closure::new(run, closure))),
    };
    PatchBuilder { parts: vec![part], stack: false }
}

impl<F> Site<F> {
    /// Puts a replacement in the place of this function's body, as [`PatchBuilder::apply`] does: a closure that
    /// [`replacement!`](crate::replacement) has made, or `other::patch()`.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn replace(self, patch: PatchBuilder) -> Result<Patch, Error> {
        patch.functions(self).apply()
    }
}

impl PatchBuilder {
    /// Says which functions are replaced, in the place of the attribute's patterns: by all that this patch has so
    /// far.
    pub fn functions(mut self, functions: impl Into<Selector>) -> Self {
        let functions = functions.into();
        self.parts.iter_mut().for_each(|part| part.functions = functions.clone());
        self
    }

    /// Both patches, as one: all of both is applied, or nothing.
    pub fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self.stack |= other.stack;
        self
    }

    /// Allows functions that are patched already. The newest patch runs; when one is reverted, in whichever order,
    /// the newest that is left does.
    pub fn stack(mut self, stack: bool) -> Self {
        self.stack = stack;
        self
    }

    /// Puts the replacements in the place of the functions' bodies, or changes nothing.
    ///
    /// Each call that begins after that runs a replacement, at each function, from any thread; one that is under way
    /// ends in the body it began in. Probes are not concerned, whenever they are attached: they run once for each
    /// call, and at exit see the replacement's result.
    ///
    /// # Errors
    ///
    /// - [`Error::TypeMismatch`], [`Error::MissingArgument`] and [`Error::NotReplaceable`] where a replacement's
    ///   types are not the function's, or it cannot be told;
    /// - [`Error::Busy`] where a function is patched already, without [`PatchBuilder::stack`];
    /// - [`Error::Declined`] if somebody who [watches](crate::watch_patches) a function says no;
    /// - and those of attaching a link. Several functions are refused as [`Error::Refused`].
    pub fn apply(mut self) -> Result<Patch, Error> {
        apply(&mut self.parts, self.stack).map(Patch::new)
    }
}
