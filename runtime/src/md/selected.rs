//! Which caller is selected for a site, and what callers made for the lists of one link run.
//!
//! Those do not look for the site's list. They mark its metadata, which live for ever, ask whether they
//! are the selected caller (or after the body: whether the same link is still alone), and if so, run
//! the list that was published with it.

use crate::probe::Sole;
use crate::sync::{AtomicPtr, AtomicU64, Ordering};

/// The caller of a site, and its list if it was made for one.
///
/// Everything that changes it does so under the transaction lock.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Selected<L> {
    /// The caller: where an armed entry jumps to, so it comes first.
    caller: AtomicPtr<()>,
    /// The last list that had a caller of its own. It may be gone: see [`Selected::list`].
    list: AtomicPtr<L>,
    /// Whose list that was, and whether it is still there: a [`Sole`]. The link stays for as long as a
    /// thread may be running its probes under a mark: see [`Selected::tenant`].
    sole: AtomicU64,
}

impl<L> Selected<L> {
    /// This caller, which was made for no list.
    pub(crate) fn new(caller: *const ()) -> Self {
        Self {
            caller: AtomicPtr::new(caller.cast_mut()),
            list: AtomicPtr::new(core::ptr::null_mut()),
            sole: AtomicU64::new(Sole::NOBODY.0),
        }
    }

    /// The selected caller.
    #[inline(always)]
    pub(crate) fn caller(&self) -> *const () {
        self.caller.load(Ordering::Acquire)
    }

    /// The link that is alone: what a call can know that holds nothing.
    #[inline(always)]
    pub(crate) fn sole(&self) -> Sole {
        Sole(self.sole.load(Ordering::Acquire))
    }

    /// What [`Selected::sole`] says whenever the tenant is alone, which has not just one exit probe: others may
    /// have joined it since a call has found it so.
    #[inline(always)]
    pub(crate) fn alone(&self) -> Sole {
        self.sole().alone()
    }

    /// The link whose probes a thread may be running that has a mark of these metadata; 0 if none can
    /// be.
    pub(crate) fn tenant(&self) -> u64 {
        self.sole().link()
    }

    /// Says that no probe of this link, which has gone, runs under such a mark any more.
    pub(crate) fn vacate(&self, link: u64) {
        let sole = self.sole();
        debug_assert!(sole.link() != link || sole == sole.joined(), "its lists have been replaced");
        if sole.link() == link {
            self.sole.store(Sole::NOBODY.0, Ordering::Relaxed);
        }
    }

    /// Comes before a list is published: says whose it is if it has a caller of its own, or that
    /// nobody's is there any more.
    pub(crate) fn announce(&self, list: *mut L, sole: Sole) {
        if sole == Sole::NOBODY {
            self.sole.store(self.sole().joined().0, Ordering::Release);
        } else {
            self.list.store(list, Ordering::Release);
            self.sole.store(sole.0, Ordering::Release);
        }
    }

    /// Comes after it was published: selects its caller.
    pub(crate) fn select(&self, caller: *const ()) {
        // A thread on its way from the entry may find either list in either caller. One that was made
        // for a list asks whether it is selected, and otherwise hands the call on; the others run any
        // list that needs no more than they serve.
        self.caller.store(caller.cast_mut(), Ordering::Release);
    }

    /// The list of the link that is the tenant. What is not used of it is not loaded.
    ///
    /// # Safety
    ///
    /// The calling thread has a mark of these metadata ([`enter_place`](crate::grace::enter_place)), and has since found that a caller made for such
    /// lists is selected, or that a link is alone. The list is used no longer than the mark stands.
    #[inline(always)]
    pub(crate) unsafe fn list<'l>(&self) -> &'l L {
        // SAFETY: the list was stored before what the caller has found; it is kept by the mark, and so
        // is every other list of the link that may have been stored since.
        unsafe { &*self.last() }
    }
}

impl<L> Selected<L> {
    /// Loads the last list, not before what comes before; or does not where nobody uses it.
    #[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
    #[inline(always)]
    fn last(&self) -> *const L {
        // As every load of this architecture, the one below acquires: what the compiler must not do is to
        // put it earlier. A load of which Rust knows that it is atomic, it would never leave out.
        crate::sync::compiler_fence(Ordering::Acquire);
        let list: *const L;
        // SAFETY: loads what is in it.
        unsafe {
            core::arch::asm!(
                "mov {list}, [{selected} + {offset}]",
                list = lateout(reg) list,
                selected = in(reg) self,
                offset = const Selected::<()>::LIST,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        list
    }

    #[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
    #[inline(always)]
    fn last(&self) -> *const L {
        self.list.load(Ordering::Acquire)
    }
}

/// Where what a caller looks at is.
impl<L> Selected<L> {
    pub(crate) const CALLER: usize = core::mem::offset_of!(Self, caller);
    #[allow(dead_code, reason = "only some architectures have assembly that looks there")]
    pub(crate) const LIST: usize = core::mem::offset_of!(Self, list);
    pub(crate) const SOLE: usize = core::mem::offset_of!(Self, sole);
}
