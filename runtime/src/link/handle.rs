//! The handle of an attachment.

use std::sync::Arc;

use crate::error::Error;
use crate::sync::Ordering;

use super::attach::enable;
use super::core::LinkCore;
use super::detach::{Patience, detach, disable};
use super::info::LinkInfo;

/// An attachment: probes at functions, with cookies. Dropping it detaches.
#[must_use = "dropping a link detaches it"]
pub struct Link {
    core: Arc<LinkCore>,
}

impl core::fmt::Debug for Link {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Link").field(&self.info()).finish()
    }
}

impl Link {
    pub(crate) fn new(core: Arc<LinkCore>) -> Self {
        Self { core }
    }

    /// What is attached where, and how it fared.
    #[must_use]
    pub fn info(&self) -> LinkInfo {
        LinkInfo::of(&self.core)
    }

    /// Takes the probes out of their functions, which run then as if the link were detached. When
    /// this returns, none of the probes is running.
    ///
    /// Called from inside a probe it does not wait for probes on other threads.
    pub fn disable(&self) {
        disable(&self.core);
    }

    /// Puts the probes back, at their old place among others; also after one of them has panicked.
    ///
    /// # Errors
    ///
    /// [`Error::Modified`] and [`Error::Poke`]: something has happened to an entry meanwhile;
    /// [`Error::OutOfMemory`]; [`Error::Unsupported`] where the process is not allowed any more what
    /// attaching needs. The link stays disabled.
    pub fn enable(&self) -> Result<(), Error> {
        enable(&self.core)
    }

    /// Whether the probes run when their functions are called.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.core.enabled.load(Ordering::Relaxed)
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
    pub fn detach_deferred(self) {
        detach(&self.core, Patience::Leave);
    }

    /// Keeps the probes attached for the life of the process.
    pub fn leak(self) {
        core::mem::forget(self);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        detach(&self.core, Patience::Wait);
    }
}
