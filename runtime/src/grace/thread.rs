//! The per-thread records, and the pool they come from.
//!
//! A record is never freed, so a thread that waits may read any record at any time. It is
//! handed to a new thread when its own has exited.

use core::ffi::c_void;
use core::mem::size_of;

use crate::sync::{AtomicI32, AtomicPtr, AtomicU32, OnceLock, Ordering, light_barrier};
use crate::sys;

use super::current::{current, set_current};

/// Probes of different links that may be nested on one thread: a probe calls a traced
/// function, whose probe calls another, and so on.
const MARKS: usize = 14;

/// Calls in progress on one thread that will run exit probes and have a pin each; a deeper
/// call holds back every list instead of its own.
const PINS: usize = 111;

/// A cell of a record, which says what its thread is running; null when nothing.
pub(crate) type Mark = AtomicPtr<()>;

/// What one thread is doing, readable by all.
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Thread {
    /// Address of the thread's `errno`.
    errno: AtomicPtr<i32>,
    /// Whether a thread owns the record: 0 or 1.
    owned: AtomicU32,
    /// Index of the pin that is probably free next.
    top: AtomicU32,
    /// `marks[0]` belongs to the outermost probe; the others to those nested in it.
    marks: [Mark; MARKS],
    pins: [AtomicPtr<()>; PINS],
    /// Calls in progress that found no free pin.
    deep: AtomicI32,
}

/// Not an address of anything: the first mark of records that stand in for a thread's own.
const NOBODY: *mut () = core::ptr::without_provenance_mut(4);

impl Thread {
    const fn new(first_mark: *mut ()) -> Self {
        let mut marks = [const { Mark::new(core::ptr::null_mut()) }; MARKS];
        marks[0] = Mark::new(first_mark);
        Self {
            errno: AtomicPtr::new(core::ptr::null_mut()),
            owned: AtomicU32::new(0),
            top: AtomicU32::new(0),
            marks,
            pins: [const { AtomicPtr::new(core::ptr::null_mut()) }; PINS],
            deep: AtomicI32::new(0),
        }
    }

    /// The mark of the outermost probe. Null means: no probe runs on this thread, and the
    /// record is its own. One load answers both, which is what the fast path wants.
    #[inline(always)]
    pub(crate) fn outermost(&self) -> &Mark {
        &self.marks[0]
    }

    pub(super) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    pub(super) fn pins(&self) -> &[AtomicPtr<()>] {
        &self.pins
    }

    pub(super) fn is_deep(&self) -> bool {
        self.deep.load(Ordering::Acquire) != 0
    }

    /// What the thread runs now, outermost first, for the thread itself.
    pub(crate) fn running(&self) -> impl Iterator<Item = *mut ()> {
        self.marks.iter().map(|mark| mark.load(Ordering::Relaxed)).filter(|mark| !mark.is_null())
    }

    /// As [`Thread::running`], without what `own` says, which is one of the marks.
    pub(crate) fn running_besides<'t>(
        &'t self,
        own: &'t Mark,
    ) -> impl Iterator<Item = *mut ()> + 't {
        let others = self.marks.iter().filter(move |mark| !core::ptr::eq(*mark, own));
        others.map(|mark| mark.load(Ordering::Relaxed)).filter(|mark| !mark.is_null())
    }

    /// The calling thread's `errno`.
    ///
    /// # Safety
    ///
    /// The record is the calling thread's own.
    #[inline(always)]
    pub(crate) unsafe fn errno(&self) -> i32 {
        let errno = self.errno.load(Ordering::Relaxed);
        // SAFETY: set at registration to this thread's `errno`, which lives as long as it.
        unsafe { errno.read() }
    }

    /// Puts `errno` back.
    ///
    /// # Safety
    ///
    /// As [`Thread::errno`].
    #[inline(always)]
    pub(crate) unsafe fn set_errno(&self, value: i32) {
        let errno = self.errno.load(Ordering::Relaxed);
        // SAFETY: as in `errno`.
        unsafe { errno.write(value) };
    }

    /// Keeps `list` from being freed until [`Pin::release`]. Publish it first, then check that
    /// the list is still the one in use: [`light_barrier`] stands between.
    #[inline(always)]
    pub(crate) fn pin(&'static self, list: *mut ()) -> Pin {
        let top = self.top.load(Ordering::Relaxed);
        if let Some(pin) = self.pins.get(top as usize)
            && pin.load(Ordering::Relaxed).is_null()
        {
            pin.store(list, Ordering::Relaxed);
            self.top.store(top + 1, Ordering::Relaxed);
            light_barrier();
            return Pin { thread: self, index: top };
        }
        self.pin_anywhere(list)
    }

    /// The hint was wrong (a coroutine moved to another thread) or the pins are used up.
    #[cold]
    #[inline(never)]
    fn pin_anywhere(&'static self, list: *mut ()) -> Pin {
        let free = self.pins.iter().position(|pin| pin.load(Ordering::Relaxed).is_null());
        let index = match free {
            Some(index) => {
                self.pins[index].store(list, Ordering::Relaxed);
                index
            }
            None => {
                self.deep.fetch_add(1, Ordering::Relaxed);
                PINS
            }
        };
        light_barrier();
        #[expect(clippy::cast_possible_truncation, reason = "at most PINS")]
        let index = index as u32;
        self.top.store(index + 1, Ordering::Relaxed);
        Pin { thread: self, index }
    }

    /// Gives up the record of a thread that a fork has left behind: what it ran, nobody ends.
    ///
    /// What it has pinned stays, and the record with it: a coroutine that began there may go on
    /// in the child.
    fn abandon(&self) {
        for mark in &self.marks {
            mark.store(core::ptr::null_mut(), Ordering::Relaxed);
        }
        self.deep.store(0, Ordering::Relaxed);
        let pinned = self.pins.iter().any(|pin| !pin.load(Ordering::Relaxed).is_null());
        self.owned.store(u32::from(pinned), Ordering::Relaxed);
    }
}

/// A list that is held back. Belongs to a call in progress, which may finish on another
/// thread than it began on: the record is the one it began on.
#[derive(Debug)]
pub(crate) struct Pin {
    thread: &'static Thread,
    index: u32,
}

impl Pin {
    /// Lets the list go. `now` is the record of the thread on which the call ends.
    #[inline(always)]
    pub(crate) fn release(self, now: &Thread) {
        match self.thread.pins.get(self.index as usize) {
            // Release: what this call read of the list happens before whoever sees the pin
            // gone frees it.
            Some(pin) => pin.store(core::ptr::null_mut(), Ordering::Release),
            None => {
                self.thread.deep.fetch_sub(1, Ordering::Release);
            }
        }
        if core::ptr::eq(now, self.thread) {
            self.thread.top.store(self.index, Ordering::Relaxed);
        }
    }
}

/// Stands in for the record of a thread that has none yet.
pub(super) static UNREGISTERED: Thread = Thread::new(NOBODY);

/// Stands in for the record of a thread that is to run unprobed.
static IGNORED: Thread = Thread::new(NOBODY);

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
    match thread.marks.iter().position(|mark| mark.load(Ordering::Relaxed).is_null()) {
        Some(free) => Slow::Enter { thread, mark: &thread.marks[free], nested: free > 0 },
        None => Slow::Skip,
    }
}

/// Gives the calling thread a record. `None` if the system has no memory for one: the thread
/// then runs unprobed, and the next call tries again.
///
/// It may run in a signal handler, so it neither locks nor uses the allocator.
fn register() -> Option<&'static Thread> {
    let fresh = POOL.acquire()?;
    fresh.errno.store(sys::errno_location(), Ordering::Relaxed);
    let registered = OWN.with(|own| {
        let (none, fresh) = (core::ptr::null_mut(), core::ptr::from_ref(fresh).cast_mut());
        own.compare_exchange(none, fresh, Ordering::Relaxed, Ordering::Relaxed)
    });
    let thread = match registered {
        Ok(_) => fresh,
        // A signal handler came in between, and has registered the thread. Or this is the
        // handler, and the thread was about to use its record.
        Err(first) => {
            fresh.owned.store(0, Ordering::Release);
            // SAFETY: a record, and records live for ever.
            unsafe { &*first }
        }
    };
    set_current(thread);
    if let Some(hook) = EXIT.get().and_then(Option::as_ref) {
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
    // The pins stay: a coroutine may carry them on to another thread, and lets them go there.
    // Release: the next owner sees the record as this thread left it.
    thread.owned.store(0, Ordering::Release);
}

/// In the child of a fork, whose only thread is the one that forked: nobody will ever clear
/// what the others had marked.
pub(crate) fn in_forked_child() {
    let own = own();
    for thread in POOL.threads() {
        let owned = thread.owned.load(Ordering::Relaxed) != 0;
        if owned && !own.is_some_and(|own| core::ptr::eq(own, thread)) {
            thread.abandon();
        }
    }
}

static EXIT: OnceLock<Option<sys::ThreadExit>> = OnceLock::new();

/// Installs the hook for thread exit, once.
pub(super) fn prepare() {
    EXIT.get_or_init(|| sys::ThreadExit::new(at_thread_exit));
}

/// Every record there is.
pub(super) fn threads() -> impl Iterator<Item = &'static Thread> {
    POOL.threads()
}

/// How many records come with one mapping.
const CHUNK: usize = 32;

/// Some records, and the way to more.
#[derive(Debug)]
struct Chunk {
    threads: [Thread; CHUNK],
    next: AtomicPtr<Chunk>,
}

impl Chunk {
    const fn new() -> Self {
        Self {
            threads: [const { Thread::new(core::ptr::null_mut()) }; CHUNK],
            next: AtomicPtr::new(core::ptr::null_mut()),
        }
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
        self.chunks().flat_map(|chunk| &chunk.threads)
    }

    fn acquire(&'static self) -> Option<&'static Thread> {
        let mut chunk = &self.first;
        loop {
            let free = chunk.threads.iter().find(|thread| {
                // Acquire: see the record as its last owner left it.
                thread.owned.load(Ordering::Relaxed) == 0
                    && thread
                        .owned
                        .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
                        .is_ok()
            });
            match free {
                Some(thread) => return Some(thread),
                None => chunk = chunk.grow()?,
            }
        }
    }
}
