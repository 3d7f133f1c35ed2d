//! The handle of an attachment.

use std::sync::Arc;

use crate::error::Error;
use crate::registry::Selector;
use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering, PoisonError, lock};

use super::attach::enable;
use super::builder::{LinkBuilder, link};
use super::change::{Change, Setting, Which, change};
use super::core::LinkCore;
use super::detach::{Patience, detach, disable};
use super::info::LinkInfo;
use super::probes::IntoProbes;

/// An attachment: probes at functions, with cookies. Dropping it detaches.
///
/// All of it can be changed while its functions are called, each change in one go: a call sees the link as it was
/// or as it is. A change that fails has changed nothing. [`Transaction`](crate::Transaction) changes several links
/// at once.
#[must_use = "dropping a link detaches it"]
pub struct Link {
    /// Another one when its probes are exchanged, by a transaction. Locked under the transaction lock, so that no
    /// fork finds it locked.
    core: Mutex<Arc<LinkCore>>,
    /// Whether its probes are in its functions' lists: that of every core.
    enabled: Arc<AtomicBool>,
}

/// Takes no lock.
impl core::fmt::Debug for Link {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut link = f.debug_struct("Link");
        // It is locked for moments only.
        if let Ok(core) = self.core.try_lock() {
            let kinds: Vec<_> = core.probes.iter().map(|probe| probe.kind()).collect();
            link.field("kinds", &kinds).field("enabled", &core.enabled.load(Ordering::Relaxed));
        }
        link.finish_non_exhaustive()
    }
}

impl Link {
    pub(crate) fn new(core: Arc<LinkCore>) -> Self {
        let enabled = Arc::clone(&core.enabled);
        Self { core: Mutex::new(core), enabled }
    }

    /// Starts a link without probes and without functions, as [`link`](fn@crate::link) does.
    pub fn builder() -> LinkBuilder {
        link()
    }

    pub(super) fn core(&self) -> Arc<LinkCore> {
        Arc::clone(&lock(&self.core))
    }

    /// Its core, while nobody exchanges it.
    pub(super) fn look(&self) -> MutexGuard<'_, Arc<LinkCore>> {
        lock(&self.core)
    }

    pub(super) fn replace(&self, core: Arc<LinkCore>) {
        *lock(&self.core) = core;
    }

    /// What is attached where, and how it fared.
    #[must_use]
    pub fn info(&self) -> LinkInfo {
        LinkInfo::of(self)
    }

    /// Puts another probe, or other [`Probes`](crate::Probes), in the place of the link's, at every function, with
    /// its cookie and at its place among others. They are of the same kinds, in the same order.
    ///
    /// A call sees the old probe or the new one, never both or neither. A call that is under way ends with the new
    /// exit probe; but the value of a session is of its own probes, and is dropped at the end of the call if they
    /// were exchanged meanwhile. When this returns, the old probes are not running any more and what their
    /// closures held is dropped, as after [`Link::detach`]. A link that is disabled stays so.
    ///
    /// # Errors
    ///
    /// [`Error::OtherKinds`], [`Error::Detached`], and as [`LinkBuilder::attach`]: a function that does not fit
    /// refuses all of it.
    ///
    /// ```
    /// use gtramp::{Entry, site, traceable};
    ///
    /// #[traceable]
    /// fn greet() {}
    ///
    /// let link = site!(greet).fentry(|_: &Entry| println!("hello"))?;
    /// link.update(|_: &Entry| println!("good evening"))?;
    /// # greet();
    /// # Ok::<(), gtramp::Error>(())
    /// ```
    pub fn update<M>(&self, probes: impl IntoProbes<M>) -> Result<(), Error> {
        self.change(Change::Update(self, probes.into_probes()))
    }

    /// Attaches the link to these functions and no others. Those that it has keep their cookies; the others get
    /// what the builder has said. With `skip_invalid`, functions that refuse are left out and noted.
    ///
    /// When this returns, no probe of the link is running at the functions that it has left.
    ///
    /// # Errors
    ///
    /// [`Error::Detached`], and as [`LinkBuilder::attach`].
    pub fn set_functions(&self, functions: impl Into<Selector>) -> Result<(), Error> {
        self.change(Change::Functions(self, Which::Only, functions.into()))
    }

    /// Attaches the link to these functions as well, as [`Link::set_functions`] does.
    ///
    /// # Errors
    ///
    /// As [`Link::set_functions`].
    pub fn extend(&self, functions: impl Into<Selector>) -> Result<(), Error> {
        self.change(Change::Functions(self, Which::Also, functions.into()))
    }

    /// Detaches the link from these functions, as [`Link::set_functions`] does. A link without functions can be
    /// attached to others.
    ///
    /// # Errors
    ///
    /// [`Error::NotAttached`] if it is attached to none of them; and as [`Link::set_functions`].
    pub fn remove(&self, functions: impl Into<Selector>) -> Result<(), Error> {
        self.change(Change::Functions(self, Which::NotThere, functions.into()))
    }

    /// Changes the place of the link's probes among others, see [`LinkBuilder::order`].
    ///
    /// # Errors
    ///
    /// [`Error::Detached`], and what attaching can meet: [`Error::Modified`], [`Error::Poke`],
    /// [`Error::OutOfMemory`], [`Error::Unsupported`].
    pub fn set_order(&self, order: i32) -> Result<(), Error> {
        self.change(Change::Set(self, Setting::Order(order)))
    }

    /// Starts or ends counting and timing the runs of the link's probes, for [`LinkInfo::stats`]. Off, it costs
    /// nothing: probes that are counted are run by other code. What was counted stays. Of a call that is under way, the end
    /// may still be counted as its beginning was, or not.
    ///
    /// # Errors
    ///
    /// As [`Link::set_order`].
    pub fn set_stats(&self, stats: bool) -> Result<(), Error> {
        self.change(Change::Set(self, Setting::Counted(stats)))
    }

    fn change(&self, only: Change<'_>) -> Result<(), Error> {
        change(vec![only]).map(|_| ())
    }

    /// Takes the probes out of their functions, which run then as if the link were detached. When
    /// this returns, none of the probes is running.
    ///
    /// Called from inside a probe it does not wait for probes on other threads.
    pub fn disable(&self) {
        disable(|| self.core());
    }

    /// Puts the probes back, at their old place among others; also after one of them has panicked.
    ///
    /// # Errors
    ///
    /// [`Error::Modified`] and [`Error::Poke`]: something has happened to an entry meanwhile;
    /// [`Error::OutOfMemory`]; [`Error::Unsupported`] where the process is not allowed any more what
    /// attaching needs. The link stays disabled.
    pub fn enable(&self) -> Result<(), Error> {
        enable(self)
    }

    /// Whether the probes run when their functions are called.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    /// Detaches: when this returns, no probe of the link is running or will run, and what its
    /// closures held is dropped. It never fails. Dropping the link does the same.
    ///
    /// It waits for probes of this link that are running on other threads; not for the functions
    /// they are attached to, and not for other links' probes (except that it may await the end of
    /// a run of non-sleepable probes of one function).
    ///
    /// If dropping what a closure holds panics, the panic goes on from here when all of it is done.
    ///
    /// Called from inside a probe it does not wait, as [`Link::detach_deferred`]. In a child that the bare
    /// `clone` has made while its parent was attaching or detaching, the link stays as it is for ever.
    pub fn detach(self) {
        drop(self);
    }

    /// Detaches without waiting: no call that begins from now on runs the probes. Those that are
    /// running come to their end; the closures are dropped by the next attach or detach of any
    /// link that finds them done, where a panic of what they hold ends as well.
    pub fn detach_deferred(mut self) {
        let core = self.core.get_mut().unwrap_or_else(PoisonError::into_inner);
        detach(core, Patience::Leave);
    }

    /// Keeps the probes attached for the life of the process.
    pub fn leak(self) {
        core::mem::forget(self);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Nobody else has the link, so its lock is not asked for.
        let core = self.core.get_mut().unwrap_or_else(PoisonError::into_inner);
        detach(core, Patience::Wait);
    }
}
