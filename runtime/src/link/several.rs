//! Several links changed as one.

use crate::error::Error;
use crate::registry::Selector;

use super::builder::LinkBuilder;
use super::change::{Change, Setting, Which, change};
use super::handle::Link;
use super::probes::IntoProbes;

/// Changes of several links that take effect together, or not at all. At each function, a call sees all of it or
/// nothing; each link is changed once.
///
/// ```
/// use core::ops::ControlFlow;
/// use gtramp::{Entry, ModRet, Transaction, site, traceable};
///
/// #[traceable]
/// fn fee(amount: u64) -> u64 {
///     amount / 100
/// }
///
/// # fee(1);
/// let old = site!(fee).fmod_ret(|_: &ModRet, _: &u64| ControlFlow::Break(1_u64))?;
/// let log = site!(fee).fentry(|_: &Entry| println!("a fee"))?;
/// let new = site!(fee).link().fmod_ret(|_: &ModRet, _: &u64| ControlFlow::Break(2_u64));
///
/// let attached = Transaction::new()
///     .detach(&old)
///     .attach(new)
///     .update(&log, |_: &Entry| println!("another fee"))
///     .commit()?;
/// assert_eq!((fee(500), attached.len()), (2, 1));
/// # Ok::<(), gtramp::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "nothing changes before commit()"]
pub struct Transaction<'l> {
    changes: Vec<Change<'l>>,
}

impl<'l> Transaction<'l> {
    /// One that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, change: Change<'l>) -> Self {
        self.changes.push(change);
        self
    }

    /// Attaches a link: [`Transaction::commit`] hands it back.
    pub fn attach(self, link: LinkBuilder) -> Self {
        self.with(Change::Attach(link.into_request()))
    }

    /// Detaches a link. What its closures hold is dropped with the link.
    pub fn detach(self, link: &'l Link) -> Self {
        self.with(Change::Detach(link))
    }

    /// As [`Link::update`].
    pub fn update<M>(self, link: &'l Link, probes: impl IntoProbes<M>) -> Self {
        self.with(Change::Update(link, probes.into_probes()))
    }

    /// As [`Link::set_functions`].
    pub fn set_functions(self, link: &'l Link, functions: impl Into<Selector>) -> Self {
        self.with(Change::Functions(link, Which::Only, functions.into()))
    }

    /// As [`Link::extend`].
    pub fn extend(self, link: &'l Link, functions: impl Into<Selector>) -> Self {
        self.with(Change::Functions(link, Which::Also, functions.into()))
    }

    /// As [`Link::remove`].
    pub fn remove(self, link: &'l Link, functions: impl Into<Selector>) -> Self {
        self.with(Change::Functions(link, Which::NotThere, functions.into()))
    }

    /// As [`Link::set_order`].
    pub fn set_order(self, link: &'l Link, order: i32) -> Self {
        self.with(Change::Set(link, Setting::Order(order)))
    }

    /// Makes all the changes: the links that were attached, in the order in which they were named. When this
    /// returns, no probe that was detached or exchanged is running, unless it is called from inside a probe.
    ///
    /// # Errors
    ///
    /// As the changes themselves, and [`Error::ChangedTwice`] if one link was named twice. Nothing has changed then. Where
    /// one of several changes has been refused by itself, before all of them are made, it is in
    /// [`Error::InTransaction`], which says of which. Functions whose entries were patched by something else are an error here, even where a link says
    /// `skip_invalid`.
    pub fn commit(self) -> Result<Vec<Link>, Error> {
        change(self.changes)
    }
}
