//! The metadata of one site.

use core::ptr::NonNull;

use crate::grace::{Mark, Pin, Thread};
use crate::probe::{List, ListBox, Target};
use crate::site::{Function, Record, SiteData};
use crate::sync::{AtomicBool, AtomicPtr, Ordering, light_barrier};

/// The metadata of one site, made when it is first attached to and kept for the life of the
/// process: a thread may stand between an armed entry and its caller for any length of time,
/// holding nothing but the site's address.
///
/// One cache line serves a call.
#[repr(C, align(64))]
pub(crate) struct Md {
    /// The probes. Null never.
    list: AtomicPtr<List>,
    /// The body a call that is not overridden runs.
    origin: AtomicPtr<()>,
    /// A caller that serves any list.
    full: *const (),
    pub(crate) target: Target,
    pub(crate) site: &'static Record,
    /// Whether the entry is armed. Under the transaction lock.
    armed: AtomicBool,
}

// SAFETY: its raw pointers are code addresses, and the list pointer follows the protocol below.
unsafe impl Send for Md {}
// SAFETY: as above.
unsafe impl Sync for Md {}

impl Md {
    /// The metadata of `site`, which `full` (a caller for its shape) can serve; made if missing.
    ///
    /// Called under the transaction lock alone.
    pub(crate) fn of(
        site: &'static Record,
        function: &'static Function,
        full: *const (),
    ) -> &'static Self {
        let data = site.data();
        if let Some(md) = Self::existing(data) {
            return md;
        }
        let target = Target {
            function,
            address: site.entry().addr(),
            slots: u32::try_from(function.slots()).expect("a few slots"),
            ret_in_slot: function.description().ret.in_slot,
        };
        let md: &'static Self = Box::leak(Box::new(Self {
            list: AtomicPtr::new(ListBox::empty().into_raw()),
            origin: AtomicPtr::new(site.body().cast_mut()),
            full,
            target,
            site,
            armed: AtomicBool::new(false),
        }));
        data.address.store(md.target.address, Ordering::Relaxed);
        // Release: whoever finds the metadata through the site sees all of it.
        data.md.store(core::ptr::from_ref(md).cast_mut().cast(), Ordering::Release);
        md
    }

    /// The metadata of a site that was attached to before.
    pub(crate) fn existing(data: &SiteData) -> Option<&'static Self> {
        let md: *const Self = data.md.load(Ordering::Acquire).cast_const().cast();
        // SAFETY: null, or what `of` leaked.
        unsafe { md.as_ref() }
    }

    /// The metadata of a site whose entry is or was armed.
    ///
    /// # Safety
    ///
    /// The site was armed, which happens after [`Md::of`].
    #[inline(always)]
    pub(crate) unsafe fn of_armed(data: &SiteData) -> &'static Self {
        // Relaxed: arming follows the store, and the address carries the dependency.
        let md: *const Self = data.md.load(Ordering::Relaxed).cast_const().cast();
        // SAFETY: `of` has run, says the caller, and leaked it.
        unsafe { &*md }
    }

    #[inline(always)]
    pub(crate) fn origin(&self) -> *const () {
        self.origin.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn full(&self) -> *const () {
        self.full
    }

    /// The list, kept from being freed by `mark`, which names its first row when this returns.
    ///
    /// Publish first, then look again: if the list is still the same, whoever retires it
    /// later will see the mark after its barrier. If it retired the list before, this sees
    /// the new one. [`light_barrier`] has the other side's name.
    #[inline(always)]
    pub(crate) fn enter(&self, mark: &Mark) -> &List {
        let mut list = self.list.load(Ordering::Acquire);
        loop {
            // Release, here and below: what an earlier run under this mark did happens before
            // whoever sees the mark name something else.
            mark.store(List::entering(list), Ordering::Release);
            light_barrier();
            let again = self.list.load(Ordering::Acquire);
            if again == list {
                // SAFETY: never null, and the mark keeps it from being freed.
                let list = unsafe { &*list };
                mark.store(list.entered(), Ordering::Release);
                return list;
            }
            list = again;
        }
    }

    /// The list, kept from being freed by a pin. As [`Md::enter`].
    #[inline(always)]
    pub(crate) fn pin(&self, thread: &'static Thread) -> (&List, Pin) {
        let mut list = self.list.load(Ordering::Acquire);
        loop {
            let pin = thread.pin(list.cast());
            let again = self.list.load(Ordering::Acquire);
            if again == list {
                // SAFETY: never null, and the pin keeps it from being freed.
                return (unsafe { &*list }, pin);
            }
            pin.release(thread);
            list = again;
        }
    }

    /// Whether the entry is armed. Under the transaction lock.
    pub(crate) fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Relaxed)
    }

    /// Notes that the entry was armed or disarmed. Under the transaction lock.
    pub(crate) fn set_armed(&self, armed: bool) {
        self.armed.store(armed, Ordering::Relaxed);
    }

    /// The list, for the holder of the transaction lock: nobody else replaces it.
    pub(crate) fn current(&self) -> &List {
        // SAFETY: never null, and only a transaction retires it.
        unsafe { &*self.list.load(Ordering::Acquire) }
    }

    /// Publishes a list and hands back the old one, which callers may still be using.
    ///
    /// Under the transaction lock.
    pub(crate) fn publish(&self, list: ListBox) -> ListBox {
        // AcqRel: callers that find the new list see its rows.
        let old = self.list.swap(list.into_raw(), Ordering::AcqRel);
        let old = NonNull::new(old).expect("metadata always has a list");
        // SAFETY: this metadata owned the old list and has just given it up.
        unsafe { ListBox::from_raw(old.as_ptr()) }
    }
}
