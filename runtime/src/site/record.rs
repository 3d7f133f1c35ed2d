//! The records that entry stubs leave in the section `gtramp_sites`.

use core::mem::{MaybeUninit, size_of};

use crate::sync::{AtomicPtr, AtomicUsize, Ordering};

use super::{RawDescription, Shown};

/// The mutable part of a site. The type of its metadata is known in `md`.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct SiteData {
    /// What the entry loads, and through whose first word it jumps: the metadata; null until there is any,
    /// and no call comes to the entry before that.
    md: AtomicPtr<()>,
    /// What lets a call through that comes back to its own function: see [`super::body`]. Not 0 while
    /// the site is armed.
    pub(super) pass: AtomicUsize,
    /// What replaces the function's body, known in `patch`: the second way of the entry jumps to where its first
    /// word says. Null until it was replaced for the first time, and nobody goes that way before.
    patched: AtomicPtr<()>,
}

impl SiteData {
    /// The metadata, or null.
    pub(crate) fn md(&self) -> *mut () {
        self.md.load(Ordering::Acquire)
    }

    /// Gives the site its metadata, for good.
    pub(crate) fn set_md(&self, md: *mut ()) {
        // Release: whoever finds the metadata through the site sees all of it.
        self.md.store(md, Ordering::Release);
    }

    /// Whether the site was never armed.
    pub(crate) fn is_new(&self) -> bool {
        self.pass.load(Ordering::Relaxed) == 0
    }

    /// What replaces the function's body, or null.
    pub(crate) fn patched(&self) -> *mut () {
        self.patched.load(Ordering::Acquire)
    }

    /// Gives the site what replaces its function's body, for good.
    pub(crate) fn set_patched(&self, patched: *mut ()) {
        // Release: whoever finds it sees all of it.
        self.patched.store(patched, Ordering::Release);
    }

    /// Gives the site, which is off, another pass.
    pub(crate) fn set_pass(&self, pass: usize) {
        // Release: so that a thread which finds the new one finds nothing older afterwards.
        self.pass.store(pass, Ordering::Release);
    }
}

/// A 32-bit offset from itself to what it names: read-only data that needs no start-up
/// relocation.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct Offset(i32);

impl Offset {
    pub(super) fn target(&self) -> *const () {
        let here = core::ptr::from_ref(self).expose_provenance();
        core::ptr::with_exposed_provenance(here.wrapping_add_signed(self.0 as isize))
    }
}

/// One site, as its entry stub recorded it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Record {
    entry: Offset,
    data: Offset,
    body: Offset,
    describe: Offset,
}

impl Record {
    /// The place of the site among the program's.
    pub(crate) fn number(&self) -> usize {
        let offset = core::ptr::from_ref(self).addr() - records().as_ptr().addr();
        offset / size_of::<Self>()
    }

    /// The entry stub.
    pub(crate) fn entry(&self) -> *const () {
        self.entry.target()
    }

    /// The second way of the entry, which stands in the place of the body while that is replaced.
    pub(crate) fn detour(&self) -> *const () {
        self.entry().cast::<u8>().wrapping_add(crate::arch::ENTRY_LEN).cast()
    }

    /// The function's own body.
    pub(crate) fn body(&self) -> *const () {
        self.body.target()
    }

    /// The mutable words.
    pub(crate) fn data(&self) -> &'static SiteData {
        // SAFETY: the stub emitted this offset to its own data, which is laid out as
        // `SiteData`, is aligned to 8, lives as long as the program, and is only ever
        // accessed through its atomics.
        unsafe { &*self.data.target().cast::<SiteData>() }
    }

    /// Asks the site what function it is.
    pub(crate) fn describe(&self) -> RawDescription {
        // SAFETY: what can be shown is not asked for.
        unsafe { self.ask(core::ptr::null_mut()) }
    }

    /// Asks the site what can be shown of a call with so many arguments: of each, of the result, and which variant
    /// the result is.
    pub(crate) fn shown(&self, arguments: usize) -> Box<[Shown]> {
        let mut shown = vec![Shown::UNKNOWN; arguments + 2].into_boxed_slice();
        // SAFETY: there is room.
        unsafe { self.ask(shown.as_mut_ptr()) };
        shown
    }

    /// # Safety
    ///
    /// `shown` is null, or there is room for what the function's arguments show and for two more.
    unsafe fn ask(&self, shown: *mut Shown) -> RawDescription {
        type Describe = unsafe extern "C" fn(*mut RawDescription, *mut Shown);
        // SAFETY: the stub emitted this offset to its own `describe_N`, whose signature this is.
        let describe =
            unsafe { core::mem::transmute::<*const (), Describe>(self.describe.target()) };
        let mut description = MaybeUninit::uninit();
        // SAFETY: there is room for one, and the caller's promise.
        unsafe { describe(description.as_mut_ptr(), shown) };
        // SAFETY: `describe_N` writes the whole description.
        unsafe { description.assume_init() }
    }
}

/// Every site of the program (or of the shared library this crate is linked into). None on a target
/// without stubs: there, `#[traceable]` leaves a plain function.
pub(crate) fn records() -> &'static [Record] {
    section(crate::arch::sites())
}

/// A section's records, given where it begins and ends.
pub(super) fn section<R>([start, stop]: [*const (); 2]) -> &'static [R] {
    if start.is_null() {
        return &[];
    }
    let bytes = stop.addr() - start.addr();
    // SAFETY: the section holds nothing but such records, aligned to 4 and constant.
    unsafe { core::slice::from_raw_parts(start.cast::<R>(), bytes / size_of::<R>()) }
}
