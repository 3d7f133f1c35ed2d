//! Which record is whose, and the pool they come from.
//!
//! A record is never freed, so a thread that waits may read any record at any time. It is
//! handed to a new thread when its own has exited.

use core::ffi::c_void;
use core::mem::size_of;

use crate::sync::{AtomicPtr, AtomicUsize, OnceLock, Ordering};
use crate::sys;

use super::current::{current, set_current, set_own};
use super::record::{Mark, Thread};
use super::standin::{IGNORED, UNREGISTERED};

std::thread_local! {
    /// The thread's own record, or null, whatever [`current`] says. Atomic for the sake of signal
    /// handlers: two registrations of one thread may be under way.
    static OWN: AtomicPtr<Thread> = const { AtomicPtr::new(core::ptr::null_mut()) };
}

/// The calling thread's own record, if it ever ran a caller.
pub(super) fn own() -> Option<&'static Thread> {
    let own = OWN.with(|own| own.load(Ordering::Relaxed));
    // SAFETY: null or a record, and records live for ever.
    unsafe { own.as_ref() }
}

/// Makes callers of this thread run without probes, or lets them run again.
pub(super) fn set_ignored(ignored: bool) {
    set_current(if ignored { &IGNORED } else { own().unwrap_or(&UNREGISTERED) });
}

/// What a thread finds whose outermost mark was not free.
#[derive(Debug)]
pub(crate) enum Slow {
    /// Run the probes under this mark; `nested` says whether others run on this thread.
    Enter {
        /// The thread's record.
        thread: &'static Thread,
        /// A free mark of it.
        mark: &'static Mark,
        /// Whether a probe is running on this thread already.
        nested: bool,
    },
    /// Run no probe: every mark of the thread is taken. Its record is for a pin.
    Full {
        /// The thread's record.
        thread: &'static Thread,
    },
    /// Run no probe.
    Skip,
}

/// Finds out why the outermost mark is not free, and what to do.
#[cold]
#[inline(never)]
pub(crate) fn enter_slow() -> Slow {
    let mut thread = current();
    if core::ptr::eq(thread, &raw const IGNORED) {
        return Slow::Skip;
    }
    if core::ptr::eq(thread, &raw const UNREGISTERED) {
        let Some(record) = register() else { return Slow::Skip };
        thread = record;
    }
    match thread.free_mark() {
        Some((running, mark)) => Slow::Enter { thread, mark, nested: running > 0 },
        None => Slow::Full { thread },
    }
}

/// Gives the calling thread a record. `None` if the system has no memory for one: the thread
/// then runs unprobed, and the next call tries again.
///
/// It may run in a signal handler, so it neither locks nor uses the allocator.
fn register() -> Option<&'static Thread> {
    let fresh = POOL.acquire()?;
    fresh.errno.store(sys::errno_location(), Ordering::Relaxed);
    fresh.note_owner();
    let registered = OWN.with(|own| {
        let (none, fresh) = (core::ptr::null_mut(), core::ptr::from_ref(fresh).cast_mut());
        own.compare_exchange(none, fresh, Ordering::Relaxed, Ordering::Relaxed)
    });
    let thread = match registered {
        Ok(_) => fresh,
        // A signal handler came in between, and has registered the thread. Or this is the
        // handler, and the thread was about to use its record.
        Err(first) => {
            fresh.give_back();
            // SAFETY: a record, and records live for ever.
            unsafe { &*first }
        }
    };
    set_own(thread);
    set_current(thread);
    if let Some(hook) = EXIT.get() {
        hook.arm(core::ptr::from_ref(thread).cast());
    }
    Some(thread)
}

/// Runs when a thread exits, after its Rust thread-locals were dropped. If something traced
/// runs later still, the thread registers again and this runs again.
unsafe extern "C" fn at_thread_exit(thread: *mut c_void) {
    // In this order: a signal handler in between still uses the record, which is not free yet; one
    // that comes later registers the thread anew.
    OWN.with(|own| own.store(core::ptr::null_mut(), Ordering::Relaxed));
    set_current(&UNREGISTERED);
    // SAFETY: the hook was armed with a record, and records live for ever.
    let thread = unsafe { &*thread.cast::<Thread>() };
    thread.give_back();
}

/// In the child of a fork, whose only thread is the one that forked: nobody will ever clear
/// what the others had marked.
pub(crate) fn in_forked_child() {
    abandon_all_but_own(|_| true);
}

/// In the child of a raw `clone`, some time after it was made, on the thread that it was made with. Its other
/// threads have begun there.
pub(crate) fn in_cloned_child() {
    let process = sys::process();
    abandon_all_but_own(|thread| !thread.is_of(process));
}

fn abandon_all_but_own(gone: impl Fn(&Thread) -> bool) {
    let own = own();
    if let Some(own) = own {
        own.note_owner();
    }
    for thread in POOL.chunks().flat_map(|chunk| &chunk.threads) {
        let is_own = own.is_some_and(|own| core::ptr::eq(own, thread));
        if thread.is_owned() && !is_own && gone(thread) {
            thread.abandon();
        }
    }
}

static EXIT: OnceLock<sys::ThreadExit> = OnceLock::new();

/// Installs the hook for thread exit. Where the process has none left, the records of threads that
/// exit stay in use, which costs memory alone; the next attach asks again.
pub(super) fn prepare() {
    if EXIT.get().is_none()
        && let Some(hook) = sys::ThreadExit::new(at_thread_exit)
    {
        // Another thread may have been faster: its hook serves as well.
        let _ = EXIT.set(hook);
    }
}

/// Every record under which something may run.
///
/// After a barrier: see `Chunk::used`.
pub(super) fn threads() -> impl Iterator<Item = &'static Thread> {
    POOL.threads()
}

/// How many there are, whether a thread has them or had them.
///
/// Without a barrier, it may be a little out of date.
pub(crate) fn count() -> usize {
    POOL.chunks().map(|chunk| chunk.used().len()).sum()
}

/// How many records come with one mapping.
const CHUNK: usize = 32;

/// Some records, and the way to more.
#[derive(Debug)]
struct Chunk {
    threads: [Thread; CHUNK],
    /// Records behind the first so many name nothing.
    used: AtomicUsize,
    next: AtomicPtr<Chunk>,
}

impl Chunk {
    const fn new() -> Self {
        Self {
            threads: [const { Thread::new(core::ptr::null_mut()) }; CHUNK],
            used: AtomicUsize::new(0),
            next: AtomicPtr::new(core::ptr::null_mut()),
        }
    }

    /// The records that a thread has or had, and has counted.
    fn used(&self) -> &[Thread] {
        // Relaxed: whoever looks at them has passed a barrier. A thread that had set a mark or a pin before it had
        // counted its record before that, and so it is seen; one that sets it later finds what has changed.
        &self.threads[..self.used.load(Ordering::Relaxed)]
    }

    /// Takes a record for the calling thread, if one is free.
    fn acquire(&self) -> Option<&Thread> {
        let (index, thread) = self.threads.iter().enumerate().find(|(_, thread)| thread.claim())?;
        // Relaxed, before any mark of it: see `Chunk::used`.
        self.used.fetch_max(index + 1, Ordering::Relaxed);
        Some(thread)
    }

    fn next(&self) -> Option<&'static Self> {
        let next = self.next.load(Ordering::Acquire);
        // SAFETY: null, or a chunk that `grow` published and that lives for ever.
        unsafe { next.as_ref() }
    }

    /// The next chunk, made if it is missing.
    fn grow(&self) -> Option<&'static Self> {
        if let Some(next) = self.next() {
            return Some(next);
        }
        // Zeroed memory is a chunk of free records: null pointers and zero counters.
        let fresh: *mut Self = sys::map_zeroed(size_of::<Self>()).ok()?.cast();
        let published = self.next.compare_exchange(
            core::ptr::null_mut(),
            fresh,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        let chunk = match published {
            Ok(_) => fresh,
            // Another thread was faster. Hang ours behind its chunk, so that none is lost.
            Err(_) => return self.next()?.append(fresh),
        };
        // SAFETY: mapped, zeroed, aligned to a page, and never unmapped.
        unsafe { chunk.as_ref() }
    }

    fn append(&self, fresh: *mut Self) -> Option<&'static Self> {
        let mut last = self;
        loop {
            let swap = last.next.compare_exchange(
                core::ptr::null_mut(),
                fresh,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            match swap {
                Ok(_) => break,
                Err(_) => last = last.next()?,
            }
        }
        last.next()
    }
}

/// The records of all threads: append-only, so that reading needs no lock.
#[derive(Debug)]
struct Pool {
    first: Chunk,
}

static POOL: Pool = Pool { first: Chunk::new() };

impl Pool {
    fn chunks(&'static self) -> impl Iterator<Item = &'static Chunk> {
        core::iter::successors(Some(&self.first), |chunk| chunk.next())
    }

    fn threads(&'static self) -> impl Iterator<Item = &'static Thread> {
        self.chunks().flat_map(Chunk::used)
    }

    fn acquire(&'static self) -> Option<&'static Thread> {
        let mut chunk = &self.first;
        loop {
            match chunk.acquire() {
                Some(thread) => return Some(thread),
                None => chunk = chunk.grow()?,
            }
        }
    }
}
