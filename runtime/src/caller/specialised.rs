//! Callers compiled for one probe type: the probe is part of the caller, and the arguments stay in
//! registers unless the probe wants them elsewhere.
//!
//! A site gets one when its list holds a single probe that is found through the site and does not
//! block. The call is an ordinary one, whose last act is to call the body: the compiler makes a
//! jump of it where nothing of the frame is needed any more.
//!
//! When the list turns out to be another than the caller was made for, or the thread is in a
//! probe already, the call goes on in [`run_origin`], which serves every list.

use core::marker::PhantomData;

use crate::grace::current;
use crate::md::Md;
use crate::probe::{EntryProbe, List, call_entry};
use crate::site::{SiteData, Slot};
use crate::sync::Ordering;

use super::origin::{call_body, run_origin};
use super::run::Inline;
use super::select::specialised;

/// A kind of probe and the probe's type.
pub(crate) trait Specialised {
    /// Runs a call: the probe, and the body.
    ///
    /// # Safety
    ///
    /// The slots are those of a call of the site's function, the site was armed, and `caller` is
    /// the address that the site's list has for this caller.
    unsafe fn run<const N: usize>(
        slots: [Slot; N],
        site: &'static SiteData,
        caller: *const (),
    ) -> Slot;
}

/// An entry probe of type `P`. Unless `THROUGH`, what it asks for is in the slots themselves.
struct EntryOnly<P, M, const THROUGH: bool>(PhantomData<fn(P, M)>);

/// The caller for one entry probe alone.
pub(crate) fn entry_caller<P: EntryProbe<M>, M>(slots: usize, through: u32) -> Option<*const ()> {
    if through == 0 {
        specialised::<EntryOnly<P, M, false>>(slots)
    } else {
        specialised::<EntryOnly<P, M, true>>(slots)
    }
}

impl<P: EntryProbe<M>, M, const THROUGH: bool> Specialised for EntryOnly<P, M, THROUGH> {
    #[inline(always)]
    unsafe fn run<const N: usize>(
        mut slots: [Slot; N],
        site: &'static SiteData,
        caller: *const (),
    ) -> Slot {
        let thread = current();
        let mark = thread.outermost();
        if !mark.load(Ordering::Relaxed).is_null() {
            // SAFETY: the caller's promise.
            return unsafe { run_any(slots, site) };
        }
        // SAFETY: the site was armed.
        let md = unsafe { Md::of_armed(site) };
        let list: &List = md.enter(mark);
        let Some(row) = list.only_row_of(caller) else {
            mark.store(core::ptr::null_mut(), Ordering::Release);
            // SAFETY: the caller's promise.
            return unsafe { run_any(slots, site) };
        };
        // SAFETY: `thread` is the calling thread's.
        let errno = unsafe { thread.errno() };
        let through = if THROUGH { row.through } else { 0 };
        // SAFETY: the list was found current after the mark was set, so whoever retires it
        // waits; the row's probe is a `P`, because this caller is the row's, and was bound to this
        // function.
        unsafe { call_entry::<P, M>(row, slots.as_mut_ptr(), &md.target, through) };
        // SAFETY: `thread` is the calling thread's.
        unsafe { thread.set_errno(errno) };
        // Release: what the probe did happens before whatever waited for the mark.
        mark.store(core::ptr::null_mut(), Ordering::Release);
        // SAFETY: the origin is the body of this site's function.
        unsafe { call_body(md.origin(), slots) }
    }
}

/// Any list: the way out of a specialised caller.
///
/// # Safety
///
/// As [`run_origin`].
#[cold]
#[inline(never)]
unsafe fn run_any<const N: usize>(mut slots: [Slot; N], site: &'static SiteData) -> Slot {
    // SAFETY: the caller's promise.
    unsafe { run_origin::<Inline, N, true>(slots.as_mut_ptr(), site) }
}
