//! The replacements of one function, and the calls that are in them.

use core::cell::Cell;
use core::marker::PhantomData;
use std::time::Duration;

use crate::probe::discard;
use crate::site::SiteData;
use crate::sync::{AtomicBool, AtomicPtr, AtomicUsize, Mutex, Ordering, lock};

use super::code::{Code, GENERATION};

/// What replaces the body of one function: all its sites have the same.
#[repr(C)]
pub(crate) struct Patching {
    /// Where the second way of the entry jumps to: the first word.
    stub: *const (),
    /// What runs in the body's place; null: the body.
    current: AtomicPtr<Code>,
    /// Its lowest bit says in which of the two counts new calls count themselves.
    phase: AtomicUsize,
    calls: [Calls; STRIPES],
    /// Whether somebody waits: two who turn the phase at the same time would wait for new calls.
    is_awaited: AtomicBool,
    /// The replacements that are there, the last of which runs. Under the transaction lock.
    stack: Mutex<Vec<(u64, &'static Code)>>,
}

/// Threads count in different lines, as far as there are some.
const STRIPES: usize = 8;

/// The calls of some threads, by phase, in a line of their own.
#[derive(Default)]
#[repr(align(128))]
struct Calls([AtomicUsize; 2]);

// SAFETY: its pointer is a code address.
unsafe impl Send for Patching {}
// SAFETY: as above.
unsafe impl Sync for Patching {}

std::thread_local! {
    /// How many calls of the thread are in replacements. Less than none where calls have ended here that began on
    /// another thread.
    static DEPTH: Cell<isize> = const { Cell::new(0) };
}

/// All there are, for the children of forks. Under the transaction lock.
static ALL: Mutex<Vec<&'static Patching>> = Mutex::new(Vec::new());

/// The thread is in a replacement, and would wait for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InsidePatch;

impl Patching {
    /// What replaces the body of the function of this site, if it was ever replaced.
    pub(crate) fn of(site: &SiteData) -> Option<&'static Self> {
        let patching: *const Self = site.patched().cast_const().cast();
        // SAFETY: null, or what `new` has leaked and a transaction has stored there.
        unsafe { patching.as_ref() }
    }

    /// One for a function whose calls come by `stub`. It stays for ever. Under the transaction lock.
    pub(crate) fn new(stub: *const ()) -> &'static Self {
        let patching: &'static Self = Box::leak(Box::new(Self {
            stub,
            current: AtomicPtr::default(),
            phase: AtomicUsize::new(0),
            calls: Default::default(),
            is_awaited: AtomicBool::new(false),
            stack: Mutex::new(Vec::new()),
        }));
        lock(&ALL).push(patching);
        patching
    }

    /// As a site's data have it.
    pub(crate) fn as_word(&'static self) -> *mut () {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    /// Counts a call in, and says what it is to run; `None`: the body.
    #[inline(always)]
    pub(crate) fn enter(&'static self) -> Option<Entered> {
        let counted = self.count_in()?;
        Some(Entered { _inside: Inside::new(), counted })
    }

    /// As [`Patching::enter`], of a call of an async function, which may end on another thread.
    #[inline(always)]
    pub(crate) fn count_in(&'static self) -> Option<Counted> {
        let phase = self.phase.load(Ordering::Relaxed) & 1;
        let calls = &self.calls[stripe()].0[phase];
        calls.fetch_add(1, Ordering::SeqCst);
        let generation = GENERATION.load(Ordering::Relaxed);
        let Some(code) = self.held() else {
            count_out(calls, generation);
            return None;
        };
        Some(Counted { code, calls, generation })
    }

    /// What is current, held.
    #[inline(always)]
    fn held(&self) -> Option<&'static Code> {
        loop {
            let current = self.current.load(Ordering::SeqCst);
            // SAFETY: null, or a replacement's code, which is never freed.
            let code = unsafe { current.as_ref() }?;
            if code.hold(|| self.current.load(Ordering::SeqCst) == current) {
                return Some(code);
            }
        }
    }

    /// Whether there is a replacement. Under the transaction lock.
    pub(crate) fn is_in_use(&self) -> bool {
        !lock(&self.stack).is_empty()
    }

    /// Whether calls that come by run a replacement now.
    pub(crate) fn is_current(&self) -> bool {
        !self.current.load(Ordering::Acquire).is_null()
    }

    /// Puts a replacement over those that are there. Under the transaction lock.
    pub(crate) fn push(&self, number: u64, code: &'static Code) {
        let mut stack = lock(&self.stack);
        stack.push((number, code));
        self.show(&stack);
    }

    /// Takes out a replacement, wherever in the stack it is. Under the transaction lock.
    pub(crate) fn take(&self, number: u64) {
        let mut stack = lock(&self.stack);
        stack.retain(|&(one, _)| one != number);
        self.show(&stack);
    }

    fn show(&self, stack: &[(u64, &'static Code)]) {
        let last = stack.last().map_or(core::ptr::null(), |&(_, code)| core::ptr::from_ref(code));
        self.current.store(last.cast_mut(), Ordering::SeqCst);
    }

    /// Waits until every call has ended that found what is not current any more. One waits at a time.
    ///
    /// # Errors
    ///
    /// The calling thread is in a replacement: perhaps in this very one.
    pub(crate) fn wait(&self) -> Result<(), InsidePatch> {
        if DEPTH.get() > 0 {
            return Err(InsidePatch);
        }
        let mut pause = Pause::default();
        while self.is_awaited.swap(true, Ordering::Acquire) {
            pause.once();
        }
        for _ in 0..2 {
            let old = self.phase.fetch_xor(1, Ordering::SeqCst) & 1;
            for calls in &self.calls {
                let mut pause = Pause::default();
                while calls.0[old].load(Ordering::SeqCst) != 0 {
                    pause.once();
                }
            }
        }
        self.is_awaited.store(false, Ordering::Release);
        Ok(())
    }
}

/// Waits until what the closure of this number has captured was dropped: see [`Code::is_dropped`]. A call of another
/// function may have come late, and keeps it for a moment.
pub(crate) fn wait_for_drop(code: &Code, number: usize) {
    let mut pause = Pause::default();
    while !code.is_dropped(number) {
        pause.once();
    }
}

/// In the child of a fork: the threads that are not there any more leave what they were in.
pub(crate) fn in_forked_child() {
    // Nobody else is there, and whoever forks has the transaction lock.
    let Ok(all) = ALL.try_lock() else { return };
    GENERATION.fetch_add(1, Ordering::Relaxed);
    for patching in &*all {
        patching.is_awaited.store(false, Ordering::Relaxed);
        patching.calls.iter().flat_map(|calls| &calls.0).for_each(|count| {
            count.store(0, Ordering::Relaxed);
        });
    }
    // A call that the thread is in is not counted any more, and does not count itself out: it is the thread's own
    // depth that says that it is there.
}

/// A call that is in a replacement.
pub(crate) struct Entered {
    /// Dropped first, so that what a closure has captured may wait for patches when it is dropped.
    _inside: Inside,
    counted: Counted,
}

impl Entered {
    /// What it runs.
    pub(crate) fn code(&self) -> &'static Code {
        self.counted.code()
    }
}

/// The thread is in a replacement while this is there.
pub(crate) struct Inside {
    /// Not `Send`.
    _of_this_thread: PhantomData<*const ()>,
}

impl Inside {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self { _of_this_thread: PhantomData }
    }
}

impl Drop for Inside {
    #[inline(always)]
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// A call that was counted, and what it has found. Of an async function, it goes on wherever its future is polled.
pub(crate) struct Counted {
    code: &'static Code,
    calls: &'static AtomicUsize,
    generation: usize,
}

impl Counted {
    /// What it runs, or what makes its future.
    pub(crate) fn code(&self) -> &'static Code {
        self.code
    }
}

impl Drop for Counted {
    #[inline(always)]
    fn drop(&mut self) {
        // First, so that what a closure has captured may wait for other patches when it is dropped: who waits for
        // this one waits for that as well.
        count_out(self.calls, self.generation);
        // The call that it may be in has nothing to do with a closure's captures.
        let _ = self.code.release().map_err(discard);
    }
}

#[inline(always)]
fn count_out(calls: &AtomicUsize, generation: usize) {
    if generation == GENERATION.load(Ordering::Relaxed) {
        // Release: what the call did happens before whoever has waited for it goes on.
        calls.fetch_sub(1, Ordering::Release);
    }
}

/// Where a thread counts: its variables are far from those of others.
fn stripe() -> usize {
    let place = DEPTH.with(|depth| core::ptr::from_ref(depth).addr());
    // Threads' variables are in pieces of memory that begin at multiples of pages.
    (place >> 12) % STRIPES
}

/// Waits a little, the longer the more often.
#[derive(Default)]
struct Pause {
    round: u32,
}

impl Pause {
    fn once(&mut self) {
        self.round += 1;
        match self.round {
            0..64 => core::hint::spin_loop(),
            64..128 => std::thread::yield_now(),
            // A call may take hours.
            round => {
                let longer = Duration::from_micros(50) * (round - 127);
                std::thread::sleep(longer.min(Duration::from_millis(25)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::{Code, Patching};
    use crate::site::Slot;

    fn patching() -> &'static Patching {
        unsafe fn nothing(_: *const (), _: *mut Slot) -> Slot {
            Slot::uninit()
        }
        let patching = Patching::new(core::ptr::null());
        patching.push(1, Code::of(nothing));
        patching
    }

    #[test]
    fn a_wait_ends_when_the_calls_have_that_began_before_it() {
        let patching = patching();
        let (entered, is_in) = mpsc::channel();
        let (leave, may_leave) = mpsc::channel::<()>();
        std::thread::scope(move |scope| {
            // Its own, so that a failure lets the other thread go.
            let leave = leave;
            scope.spawn(move || {
                let call = patching.enter();
                entered.send(()).unwrap();
                may_leave.recv().unwrap();
                drop(call);
            });
            is_in.recv().unwrap();
            patching.take(1);
            let waiter = scope.spawn(|| patching.wait());
            // A call that begins now is nobody's concern.
            for _ in 0..1000 {
                assert!(patching.enter().is_none());
                std::thread::yield_now();
            }
            assert!(!waiter.is_finished());
            leave.send(()).unwrap();
            assert_eq!(waiter.join().unwrap(), Ok(()));
        });
    }

    #[test]
    fn who_is_in_a_replacement_is_told_that_it_would_wait_for_itself() {
        let patching = patching();
        let call = patching.enter();
        assert!(patching.wait().is_err());
        drop(call);
        assert_eq!(patching.wait(), Ok(()));
    }

    #[test]
    fn the_last_of_several_runs_and_any_may_go() {
        unsafe fn other(_: *const (), _: *mut Slot) -> Slot {
            Slot::pointer(core::ptr::null_mut::<u8>())
        }
        let patching = patching();
        let current = || patching.enter().map(|call| core::ptr::from_ref(call.code()));
        let first = current();
        patching.push(2, Code::of(other));
        assert_ne!(current(), first);
        patching.take(1);
        assert_ne!(current(), first);
        patching.take(2);
        assert_eq!((current(), patching.is_in_use()), (None, false));
    }
}
