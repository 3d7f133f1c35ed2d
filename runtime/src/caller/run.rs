//! Callers that run entry probes and leave the origin to the entry: the stub jumps on, and no
//! frame of ours is on the stack while the body runs.
//!
//! What a caller serves and how it finds its metadata are constants of the caller, so each has
//! a `run` of its own with nothing left to decide about itself.

use crate::grace::{Mark, Slow, Thread, current, enter_slow};
use crate::md::{Md, Table};
use crate::probe::{Frame, LinkState, Needs, Outcome, Row};
use crate::site::{SiteData, Slot};
use crate::sync::{Ordering, light_barrier};

/// The functions that are attached to through the hash callers.
pub(crate) static TABLE: Table = Table::new();

/// A way to find metadata.
pub(super) trait Find {
    /// Whether it sets the mark while it looks.
    ///
    /// # Safety
    ///
    /// `site` is armed or was.
    unsafe fn find(site: &'static SiteData, mark: &Mark) -> &'static Md;
}

/// Through the site.
#[derive(Debug)]
pub(super) struct Inline;

impl Find for Inline {
    #[inline(always)]
    unsafe fn find(site: &'static SiteData, _: &Mark) -> &'static Md {
        // SAFETY: the site was armed.
        unsafe { Md::of_armed(site) }
    }
}

/// Through the hash table.
#[derive(Debug)]
pub(super) struct Hash;

impl Find for Hash {
    #[inline(always)]
    unsafe fn find(site: &'static SiteData, mark: &Mark) -> &'static Md {
        let address = site.address.load(Ordering::Relaxed);
        match TABLE.find(address, mark) {
            Some(md) => md,
            // The function was detached after the thread had entered its caller.
            // SAFETY: the site was armed.
            None => unsafe { Md::of_armed(site) },
        }
    }
}

/// Where a caller that does not call the origin goes on, and what it puts in the site register.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Next {
    code: *const (),
    site: *const SiteData,
}

/// What a caller of these flags can run.
pub(super) const fn serves(sleepable: bool, origin: bool) -> Needs {
    let sleep = if sleepable { Needs::SLEEP } else { Needs::NOTHING };
    let origin = if origin { Needs::ORIGIN } else { Needs::NOTHING };
    sleep.and(origin)
}

/// Runs the entry probes and says where the body is.
///
/// If the list asks for more than this caller serves, because it was published after the
/// entry had chosen the caller, nothing runs here: the call goes on in a caller that serves every
/// list. So a call sees exactly one list, whole.
///
/// # Safety
///
/// Called by a generated caller: `args` are the function's saved slots and `site` is its site,
/// which was armed.
pub(super) unsafe extern "C" fn run_entry<L: Find, const SLEEP: bool>(
    args: *mut Slot,
    site: &'static SiteData,
) -> Next {
    let thread = current();
    let mark = thread.outermost();
    if mark.load(Ordering::Relaxed).is_null() {
        // SAFETY: the caller's promise.
        unsafe { entry::<L, SLEEP, false>(args, site, thread, mark) }
    } else {
        // SAFETY: the caller's promise.
        unsafe { run_entry_slow::<L, SLEEP>(args, site) }
    }
}

/// [`run_entry`] on a thread that is running a probe, is new, or is to be left alone.
///
/// # Safety
///
/// As [`run_entry`].
#[cold]
#[inline(never)]
unsafe fn run_entry_slow<L: Find, const SLEEP: bool>(
    args: *mut Slot,
    site: &'static SiteData,
) -> Next {
    match enter_slow() {
        Slow::Skip => {
            // SAFETY: the site was armed.
            let md = unsafe { Md::of_armed(site) };
            Next { code: md.origin(), site }
        }
        Slow::Enter { thread, mark, nested: false } => {
            // SAFETY: the caller's promise.
            unsafe { entry::<L, SLEEP, false>(args, site, thread, mark) }
        }
        Slow::Enter { thread, mark, nested: true } => {
            // SAFETY: the caller's promise.
            unsafe { entry::<L, SLEEP, true>(args, site, thread, mark) }
        }
    }
}

/// # Safety
///
/// As [`run_entry`]; `mark` is free and of `thread`, the calling thread's record.
#[inline(always)]
unsafe fn entry<L: Find, const SLEEP: bool, const NESTED: bool>(
    args: *mut Slot,
    site: &'static SiteData,
    thread: &'static Thread,
    mark: &Mark,
) -> Next {
    // SAFETY: the caller's promise.
    let md = unsafe { L::find(site, mark) };
    let mut frame = Frame {
        target: &raw const md.target,
        args,
        ret: core::ptr::null_mut(),
        outcome: Outcome::Running,
    };
    // SAFETY: `thread` is the calling thread's.
    let errno = unsafe { thread.errno() };
    let served = if SLEEP {
        // Probes may block, so the list is held by a pin, which nobody waits for, and
        // each probe by a mark of its own.
        mark.store(core::ptr::null_mut(), Ordering::Relaxed);
        let (list, pin) = md.pin(thread);
        let served = list.needs().within(serves(SLEEP, false));
        if served {
            for row in list.entries() {
                run_row::<NESTED>(row, &mut frame, thread, mark);
            }
        }
        pin.release();
        served
    } else {
        let list = md.enter(mark);
        let served = list.needs().within(serves(SLEEP, false));
        if served {
            for row in list.entries() {
                run_row_in_section::<NESTED>(row, &mut frame, thread, mark);
            }
        }
        served
    };
    // SAFETY: `thread` is the calling thread's.
    unsafe { thread.set_errno(errno) };
    // Release: what the probes did happens before whatever waited for the mark.
    mark.store(core::ptr::null_mut(), Ordering::Release);
    let code = if served { md.origin() } else { md.full() };
    Next { code, site }
}

/// Whether a probe of the same link is running on this thread already; counted as missed then.
#[inline(always)]
fn is_recursive<const NESTED: bool>(row: &Row, thread: &Thread, mark: &Mark) -> bool {
    NESTED && is_recursive_slow(row, thread, mark)
}

#[cold]
#[inline(never)]
fn is_recursive_slow(row: &Row, thread: &Thread, mark: &Mark) -> bool {
    let own = mark.load(Ordering::Relaxed);
    let running = thread.running().any(|running| {
        // The mark of a list or of a look-up runs no probe.
        running != own && link_of(running) == Some(row.link)
    });
    if running {
        // SAFETY: the row was not dead when the mark was set, so its link is alive.
        unsafe { &*row.link }.count_missed();
    }
    running
}

/// The link whose probe a mark of this thread says is running.
fn link_of(mark: *mut ()) -> Option<*const LinkState> {
    let row = Row::of_mark(mark)?;
    // SAFETY: the thread itself set the mark and has not cleared it, so the row's list is held.
    Some(unsafe { (*row).link })
}

/// Runs one probe while the mark holds the whole list: no probe of it can be freed.
#[inline(always)]
fn run_row_in_section<const NESTED: bool>(
    row: &Row,
    frame: &mut Frame,
    thread: &Thread,
    mark: &Mark,
) {
    mark.store(row.mark(), Ordering::Relaxed);
    if is_recursive::<NESTED>(row, thread, mark) {
        return;
    }
    // SAFETY: the mark names the row's list since before the list was found current, so whoever
    // retires it waits; and the row was bound to this function when it was attached.
    unsafe { (row.thunk)(row, frame) };
}

/// Runs one probe of a list that is only pinned, unless it has been detached.
///
/// Mark first, then ask: if the row is not dead now, whoever kills it later will see the mark
/// after its barrier and wait.
#[inline(always)]
pub(super) fn run_row<const NESTED: bool>(row: &Row, frame: &mut Frame, thread: &Thread, mark: &Mark) {
    mark.store(row.mark(), Ordering::Relaxed);
    light_barrier();
    if !row.is_dead() && !is_recursive::<NESTED>(row, thread, mark) {
        // SAFETY: the row is not dead and the mark names it, so its link stays; and the row was
        // bound to this function when it was attached.
        unsafe { (row.thunk)(row, frame) };
    }
    // Release: what the probe did happens before whatever waited for the mark.
    mark.store(core::ptr::null_mut(), Ordering::Release);
}

