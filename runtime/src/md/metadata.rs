//! The metadata of one site.

use core::alloc::Layout;
use core::mem::{align_of, offset_of};
use core::ptr::NonNull;

use crate::grace::{Mark, Pin, Published, Thread, enter_place};
use crate::probe::{List, ListBox, Sole, Target};
use crate::site::{Function, Record, SiteData, records};
use crate::sync::{AtomicBool, AtomicPtr, Ordering};
use crate::sys::{OutOfMemory, allocate};

use super::selected::Selected;

/// The metadata of one site, made when it is first attached to and kept for the life of the
/// process: a thread may stand between an armed entry and its caller for any length of time,
/// holding nothing but the site's address.
///
/// One cache line serves a call.
#[repr(C, align(64))]
pub(crate) struct Md {
    /// The caller, which an armed entry jumps to and so comes first, and what callers made for the lists of
    /// one link run.
    selected: Selected<List>,
    /// What a call that is not overridden runs: the body, or what is in its place.
    origin: AtomicPtr<()>,
    /// The probes. Null never.
    list: Published<List>,
    pub(crate) target: Target,
}

const _: () = assert!(size_of::<Md>() == 64, "its size counts for every attached function");
const _: () = assert!(offset_of!(Md, target) == Target::IN_METADATA, "probes rely on it");

/// The callers that serve any list, by their slots; null while nothing of so many was attached to.
static FULL: [AtomicPtr<()>; MOST_SLOTS] =
    [const { AtomicPtr::new(core::ptr::null_mut()) }; MOST_SLOTS];

/// More than any function has.
const MOST_SLOTS: usize = 64;

/// A site's metadata, which its site may not know yet.
pub(crate) struct Prepared(NonNull<Md>);

/// Metadata that nobody knows yet, made in one piece; they are freed if it stays so.
pub(crate) struct Fresh {
    start: NonNull<Md>,
    made: usize,
    room: usize,
}

impl Fresh {
    /// Room for the metadata of so many sites.
    pub(crate) fn room(sites: usize) -> Result<Self, OutOfMemory> {
        if sites == 0 {
            return Ok(Self { start: NonNull::dangling(), made: 0, room: 0 });
        }
        let start = allocate(Self::layout(sites)?)?.cast();
        Ok(Self { start, made: 0, room: sites })
    }

    /// Whether none were made.
    pub(crate) fn is_empty(&self) -> bool {
        self.made == 0
    }

    fn layout(sites: usize) -> Result<Layout, OutOfMemory> {
        let too_large = OutOfMemory { bytes: sites.saturating_mul(size_of::<Md>()) };
        Layout::array::<Md>(sites).map_err(|_| too_large)
    }

    fn push(&mut self, md: Md) -> NonNull<Md> {
        assert!(self.made < self.room, "there is room for all");
        // SAFETY: within the allocation, as was asserted.
        let place = unsafe { self.start.add(self.made) };
        // SAFETY: fresh memory of this type's layout.
        unsafe { place.write(md) };
        self.made += 1;
        place
    }

    /// Makes their sites know them, for the life of the process.
    pub(crate) fn publish(self) {
        for at in 0..self.made {
            // SAFETY: so many were made in it.
            let md = unsafe { self.start.add(at) };
            // SAFETY: it was made, and is not freed any more: see below.
            let md: &'static Md = unsafe { md.as_ref() };
            md.site().data().set_md(core::ptr::from_ref(md).cast_mut().cast());
        }
        core::mem::forget(self);
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let (1.., Ok(layout)) = (self.room, Self::layout(self.room)) {
            // SAFETY: `room` allocated it with this layout. Metadata have nothing to drop: their
            // lists are empty.
            unsafe { std::alloc::dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

impl Prepared {
    /// The metadata, which its site knows.
    ///
    /// # Safety
    ///
    /// What it was made in was published: [`Fresh::publish`].
    pub(crate) unsafe fn published(self) -> &'static Md {
        // SAFETY: it was made, and lives for ever.
        unsafe { self.0.as_ref() }
    }
}

impl core::ops::Deref for Prepared {
    type Target = Md;

    fn deref(&self) -> &Md {
        // SAFETY: it was made, and either its site knows it or whoever prepares it keeps the piece in
        // which it is.
        unsafe { self.0.as_ref() }
    }
}

// SAFETY: its raw pointers are code addresses, and the list pointer follows the protocol below.
unsafe impl Send for Md {}
// SAFETY: as above.
unsafe impl Sync for Md {}

impl Md {
    /// Where the selected caller is.
    pub(crate) const CALLER: usize = offset_of!(Self, selected) + Selected::<List>::CALLER;
    /// Where it is said which link is alone.
    pub(crate) const SOLE: usize = offset_of!(Self, selected) + Selected::<List>::SOLE;
    /// Where the list is that the selected caller was made for, for callers in assembly.
    #[allow(dead_code, reason = "only some architectures have such callers")]
    pub(crate) const OWN_LIST: usize = offset_of!(Self, selected) + Selected::<List>::LIST;
    /// Where the list is that is published.
    #[allow(dead_code, reason = "only some architectures have such callers")]
    pub(crate) const LIST: usize = offset_of!(Self, list);
    /// Where the origin is.
    #[allow(dead_code, reason = "only some architectures have such callers")]
    pub(crate) const ORIGIN: usize = offset_of!(Self, origin);
    /// Where the function's address is.
    #[allow(dead_code, reason = "only some architectures have such callers")]
    pub(crate) const ADDRESS: usize = offset_of!(Self, target.address);

    /// The metadata of `site`, which `full` (a caller for its shape) can serve; made in `fresh` if
    /// missing, and then nobody's before [`Fresh::publish`].
    ///
    /// Called under the transaction lock alone.
    pub(crate) fn of(
        site: &'static Record,
        function: &'static Function,
        full: *const (),
        fresh: &mut Fresh,
    ) -> Prepared {
        if let Some(md) = Self::existing(site.data()) {
            return Prepared(NonNull::from(md));
        }
        let target = Target {
            function,
            address: site.entry().addr(),
            site: u32::try_from(site.number()).expect("fewer than 2^32 sites"),
            slots: u8::try_from(function.slots()).expect("a few slots"),
            ret_in_slot: function.description().types.ret.in_slot,
            armed: AtomicBool::new(false),
            astray: AtomicBool::new(false),
        };
        FULL[function.slots()].store(full.cast_mut(), Ordering::Relaxed);
        Prepared(fresh.push(Self {
            selected: Selected::new(full),
            list: Published::new(ListBox::empty().into_raw()),
            origin: AtomicPtr::new(site.body().cast_mut()),
            target,
        }))
    }

    /// Whose metadata they are.
    pub(crate) fn site(&self) -> &'static Record {
        &records()[self.target.site as usize]
    }

    /// The metadata of a site that was attached to before.
    pub(crate) fn existing(data: &SiteData) -> Option<&'static Self> {
        let md: *const Self = data.md().cast_const().cast();
        // SAFETY: null, or what `of` leaked.
        unsafe { md.as_ref() }
    }

    /// The metadata of which this is a part; `None` if it is of none.
    pub(crate) fn of_target(target: &'static Target) -> Option<&'static Self> {
        Self::existing(records()[target.site as usize].data())
    }

    /// The selected caller.
    #[inline(always)]
    pub(crate) fn caller(&self) -> *const () {
        self.selected.caller()
    }

    /// Whether this is the selected caller.
    #[inline(always)]
    pub(crate) fn is_selected(&self, caller: *const ()) -> bool {
        self.caller() == caller
    }

    #[inline(always)]
    pub(crate) fn origin(&self) -> *const () {
        // What is in the body's place looks for itself what it is to run.
        self.origin.load(Ordering::Relaxed)
    }

    /// Whether something is in the place of the body. Under the transaction lock.
    pub(crate) fn is_patched(&self) -> bool {
        !core::ptr::eq(self.origin(), self.site().body())
    }

    /// Puts the second way of the entry in the place of the body, or the body back. Under the transaction lock.
    pub(crate) fn set_patched(&self, patched: bool) {
        let site = self.site();
        let origin = if patched { site.detour() } else { site.body() };
        self.origin.store(origin.cast_mut(), Ordering::Release);
    }

    /// Whether the site is to be armed: there are probes, or something is in the place of the body. Under the
    /// transaction lock.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.current().is_empty() || self.is_patched()
    }

    #[inline(always)]
    pub(crate) fn full(&self) -> *const () {
        // Whoever has metadata of so many slots sees what was stored before they were made.
        FULL[usize::from(self.target.slots) % MOST_SLOTS].load(Ordering::Relaxed)
    }

    /// The link that is alone in the list: what a call can know without holding the list.
    #[inline(always)]
    pub(crate) fn sole(&self) -> Sole {
        self.selected.sole()
    }

    /// What [`Md::sole`] says whenever the link is alone of which a call has just found the caller selected.
    #[inline(always)]
    pub(crate) fn alone(&self) -> Sole {
        self.selected.alone()
    }

    /// The list, kept from being freed by `mark`, which names its first row when this returns.
    #[inline(always)]
    pub(crate) fn enter(&self, mark: &Mark) -> &List {
        self.list.enter(mark)
    }

    /// Sets a mark that names this metadata: see [`enter_place`].
    ///
    /// For callers that serve lists of one link alone. While any thread has such a mark, all lists
    /// that have such a caller are of one link, the [`Md::tenant`]: so the mark names the link as
    /// well.
    #[inline(always)]
    pub(crate) fn hold(&'static self, mark: &Mark) {
        enter_place(mark, self.mark());
    }

    /// The list that the selected caller was made for.
    ///
    /// # Safety
    ///
    /// As [`Selected::list`].
    #[inline(always)]
    pub(crate) unsafe fn own_list<'l>(&self) -> &'l List {
        // SAFETY: the caller's promise.
        unsafe { self.selected.list() }
    }

    /// The mark of [`Md::hold`]: its address.
    #[inline(always)]
    pub(crate) fn mark(&self) -> *mut () {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    /// The metadata that a mark names; `None` for any other mark.
    pub(crate) fn of_mark(mark: *mut ()) -> Option<&'static Self> {
        // Rows' marks are odd, lists' are even but not aligned to 4, and those that name nothing are
        // small.
        if mark.is_null() || !mark.addr().is_multiple_of(align_of::<Self>()) {
            return None;
        }
        // SAFETY: every other mark is less aligned, and metadata live for ever.
        Some(unsafe { &*mark.cast_const().cast::<Self>() })
    }

    /// The link whose probes run under marks of this metadata; 0 if none can.
    pub(crate) fn tenant(&self) -> u64 {
        self.selected.tenant()
    }

    /// Says that no probe of this link runs under such a mark any more, and none of any other.
    ///
    /// Under the transaction lock.
    pub(crate) fn vacate(&self, link: u64) {
        self.selected.vacate(link);
    }

    /// The list, kept from being freed by a pin.
    #[inline(always)]
    pub(crate) fn pin(&self, thread: &'static Thread) -> (&List, Pin) {
        self.list.pin(thread)
    }

    /// Whether the entry is armed. Under the transaction lock.
    pub(crate) fn is_armed(&self) -> bool {
        self.target.armed.load(Ordering::Relaxed)
    }

    /// Notes that the entry was armed or disarmed. Under the transaction lock.
    pub(crate) fn set_armed(&self, armed: bool) {
        self.target.armed.store(armed, Ordering::Relaxed);
    }

    /// Whether what the entry shows is not known. Under the transaction lock.
    pub(crate) fn is_astray(&self) -> bool {
        self.target.astray.load(Ordering::Relaxed)
    }

    /// Notes whether what the entry shows is known: the selected caller if it is armed, and none
    /// otherwise. Under the transaction lock.
    pub(crate) fn set_astray(&self, astray: bool) {
        self.target.astray.store(astray, Ordering::Relaxed);
    }

    /// The list, for the holder of the transaction lock: nobody else replaces it.
    pub(crate) fn current(&self) -> &List {
        // SAFETY: never null, and only a transaction retires it.
        unsafe { &*self.list.current() }
    }

    /// Publishes a list, selects its caller, and hands back the old list, which callers may still
    /// be using. A list with a caller of its own makes its link the [`Md::tenant`].
    ///
    /// Under the transaction lock.
    pub(crate) fn publish(&self, list: ListBox, caller: *const ()) -> ListBox {
        let sole = list.sole();
        let list = list.into_raw();
        self.selected.announce(list, sole);
        let old = self.list.replace(list);
        self.selected.select(caller);
        let old = NonNull::new(old).expect("metadata always has a list");
        // SAFETY: this metadata owned the old list and has just given it up.
        unsafe { ListBox::from_raw(old.as_ptr()) }
    }
}
