//! What runs in the place of a body.

use crate::probe::{Payload, drop_caught};
use crate::site::Slot;
use crate::sync::{AtomicPtr, AtomicUsize, Mutex, Ordering, lock};

use super::Replacement;

/// What runs a replacement.
///
/// It is never freed, because a call may always be on its way to it. So that making and reverting patches again and
/// again leaves nothing behind, one is made once for each function, and for closures as many as were there at the
/// same time.
#[derive(Debug)]
pub(crate) struct Code {
    run: Run,
    /// Of a closure.
    captures: Option<Captures>,
}

/// Runs a replacement, given its captures and the slots of the call, as [`Replacement::run`].
pub(crate) type Run = unsafe fn(*const (), *mut Slot) -> Slot;

/// What a closure has captured. It is dropped by whoever leaves last of the patch and the calls that are in it.
#[derive(Debug)]
struct Captures {
    /// Null before and after.
    at: AtomicPtr<()>,
    drop: Drop,
    /// The patch and the calls. Where it is none, it stays so until another closure is put in.
    users: AtomicUsize,
    /// How many closures were put in, and how many of them were dropped.
    puts: AtomicUsize,
    drops: AtomicUsize,
    /// In which process it was put in: see [`GENERATION`].
    generation: AtomicUsize,
}

/// How many forks led here: counts of an earlier process are of threads that are not here.
pub(super) static GENERATION: AtomicUsize = AtomicUsize::new(0);

type Drop = unsafe fn(*mut ());

/// A closure that is to be put in the place of bodies.
#[derive(Debug)]
pub(crate) struct Closure {
    run: Run,
    at: *mut (),
    drop: Drop,
}

// SAFETY: what it owns is `Send`, says `new`.
unsafe impl Send for Closure {}
// SAFETY: nothing is done with it but to move it.
unsafe impl Sync for Closure {}

static ALL: Mutex<Vec<&'static Code>> = Mutex::new(Vec::new());

impl Closure {
    /// Of a box, which `run` is handed the address of.
    pub(crate) fn new<F: Send + Sync + 'static>(run: Run, closure: F) -> Self {
        Self { run, at: Box::into_raw(Box::new(closure)).cast(), drop: drop_box::<F> }
    }
}

impl core::ops::Drop for Closure {
    fn drop(&mut self) {
        // SAFETY: it is the owner, and `new` has made it thus.
        unsafe { (self.drop)(self.at) }
    }
}

/// # Safety
///
/// It is the address of a box of an `F`, which nobody uses after this.
unsafe fn drop_box<F>(at: *mut ()) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(at.cast::<F>()) });
}

/// [`Replacement::run`], of what has captured nothing.
///
/// # Safety
///
/// As there.
pub(crate) unsafe fn run_function<R: Replacement>(_: *const (), slots: *mut Slot) -> Slot {
    // SAFETY: the caller's promise.
    unsafe { R::run(slots) }
}

impl Code {
    /// The code of a function. Under the transaction lock.
    pub(crate) fn of(run: Run) -> &'static Self {
        let mut all = lock(&ALL);
        let mut functions = all.iter().filter(|code| code.captures.is_none());
        let known = functions.find(|code| core::ptr::fn_addr_eq(code.run, run));
        if let Some(known) = known {
            return known;
        }
        let code: &'static Self = Box::leak(Box::new(Self { run, captures: None }));
        all.push(code);
        code
    }

    /// The code of a closure, which is used by the patch. Under the transaction lock.
    pub(crate) fn of_closure(closure: Closure) -> &'static Self {
        let closure = core::mem::ManuallyDrop::new(closure);
        let mut all = lock(&ALL);
        let free = all.iter().find(|code| {
            core::ptr::fn_addr_eq(code.run, closure.run)
                && code.captures.as_ref().is_some_and(|captures| captures.takes(&closure))
        });
        if let Some(code) = free {
            code.captures.as_ref().expect("it takes captures").put(closure.at);
            return code;
        }
        let captures = Captures {
            at: AtomicPtr::new(closure.at),
            drop: closure.drop,
            users: AtomicUsize::new(1),
            puts: AtomicUsize::new(1),
            drops: AtomicUsize::new(0),
            generation: AtomicUsize::new(GENERATION.load(Ordering::Relaxed)),
        };
        let code = Box::leak(Box::new(Self { run: closure.run, captures: Some(captures) }));
        all.push(code);
        code
    }

    /// Takes part in the use of what it has captured, if that is there and it `is_current`.
    ///
    /// Whoever is sent here may come late, when a closure for another function has been put in.
    #[inline(always)]
    pub(crate) fn hold(&self, is_current: impl FnOnce() -> bool) -> bool {
        self.captures.as_ref().is_none_or(|captures| captures.hold(is_current))
    }

    /// Ends a use of what it has captured, which is dropped after the last. A panic of that ends here, and is handed
    /// back.
    #[inline(always)]
    pub(crate) fn release(&self) -> Result<(), Payload> {
        self.captures.as_ref().map_or(Ok(()), Captures::release)
    }

    /// Which of the closures that were put in one after the other is there. Under the transaction lock.
    pub(crate) fn number(&self) -> usize {
        self.captures.as_ref().map_or(0, |captures| captures.puts.load(Ordering::Relaxed))
    }

    /// Whether what the closure of this number has captured was dropped, or never will be: in the child of a fork,
    /// when threads of its parent were using it.
    pub(crate) fn is_dropped(&self, number: usize) -> bool {
        self.captures.as_ref().is_none_or(|captures| captures.is_dropped(number))
    }

    /// Runs it.
    ///
    /// # Safety
    ///
    /// As [`Replacement::run`]; it is held.
    #[inline(always)]
    pub(crate) unsafe fn run(&self, slots: *mut Slot) -> Slot {
        let captures = self.captures.as_ref();
        // Relaxed: `hold` has seen that they are there.
        let at = captures.map_or(core::ptr::null_mut(), |held| held.at.load(Ordering::Relaxed));
        // SAFETY: the caller's promise.
        unsafe { (self.run)(at, slots) }
    }
}

impl Captures {
    /// What nobody runs any more.
    const NONE: Run = |_, _| Slot::uninit();

    fn takes(&self, closure: &Closure) -> bool {
        // Acquire: whoever has taken out what was there before was the last to use it.
        core::ptr::fn_addr_eq(self.drop, closure.drop)
            && self.users.load(Ordering::Acquire) == 0
            && self.drops.load(Ordering::Acquire) == self.puts.load(Ordering::Relaxed)
    }

    fn is_dropped(&self, number: usize) -> bool {
        // Acquire: who drops them is done with them.
        self.drops.load(Ordering::Acquire) >= number
            || self.generation.load(Ordering::Relaxed) != GENERATION.load(Ordering::Relaxed)
    }

    fn put(&self, at: *mut ()) {
        self.at.store(at, Ordering::Relaxed);
        self.puts.fetch_add(1, Ordering::Relaxed);
        self.generation.store(GENERATION.load(Ordering::Relaxed), Ordering::Relaxed);
        // Release: with the acquire of `hold`, whoever counts itself in finds them.
        self.users.store(1, Ordering::Release);
    }

    /// The patch gives up its use after it has made something else current. So if it is still current when the call
    /// has counted itself in, the patch's use is one of those that the call has found, and the call's own comes off
    /// after it.
    fn hold(&self, is_current: impl FnOnce() -> bool) -> bool {
        let more = |users| (users > 0).then(|| users + 1);
        // SeqCst: in the one order of all, the look at what is current comes after it.
        if self.users.fetch_update(Ordering::SeqCst, Ordering::Acquire, more).is_err() {
            return false;
        }
        if is_current() {
            return true;
        }
        let _ = self.release().map_err(crate::probe::discard);
        false
    }

    fn release(&self) -> Result<(), Payload> {
        // AcqRel: what others did with them happens before they are dropped.
        if self.users.fetch_sub(1, Ordering::AcqRel) != 1 {
            return Ok(());
        }
        let at = self.at.swap(core::ptr::null_mut(), Ordering::AcqRel);
        // It owns them again, and drops them.
        let dropped = drop_caught(Closure { run: Self::NONE, at, drop: self.drop });
        // Release: who finds it finds them dropped.
        self.drops.fetch_add(1, Ordering::Release);
        dropped
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Closure, Code};
    use crate::site::Slot;

    unsafe fn nothing(_: *const (), _: *mut Slot) -> Slot {
        Slot::uninit()
    }

    #[test]
    fn captures_go_with_the_last_user_and_the_next_closure_takes_their_place() {
        let captured = Arc::new(());
        let code = Code::of_closure(Closure::new(nothing, Arc::clone(&captured)));
        assert!(code.hold(|| true));
        assert!(code.release().is_ok());
        assert!(code.hold(|| true));
        // The patch leaves first.
        assert!(code.release().is_ok());
        assert_eq!(Arc::strong_count(&captured), 2);
        assert!(code.release().is_ok());
        assert_eq!(Arc::strong_count(&captured), 1);
        assert!(!code.hold(|| true), "nothing is there to be used");

        let again = Code::of_closure(Closure::new(nothing, Arc::clone(&captured)));
        assert!(core::ptr::eq(again, code));
        let other = Code::of_closure(Closure::new(nothing, Arc::clone(&captured)));
        assert!(!core::ptr::eq(other, code), "the first is in use");
        // Who comes late, for what was there before, leaves it as it was.
        assert!(!again.hold(|| false));
        assert_eq!(Arc::strong_count(&captured), 3);
        assert!(again.release().is_ok() && other.release().is_ok());
        assert_eq!(Arc::strong_count(&captured), 1);
    }

    #[test]
    fn who_came_late_for_an_earlier_closure_is_waited_for_as_who_is_in_the_present_one() {
        unsafe fn another(_: *const (), _: *mut Slot) -> Slot {
            Slot::uninit()
        }
        let captured = Arc::new(());
        let code = Code::of_closure(Closure::new(another, Arc::clone(&captured)));
        let first = code.number();
        assert!(!code.is_dropped(first));
        assert!(code.release().is_ok());
        assert!(code.is_dropped(first));
        let again = Code::of_closure(Closure::new(another, Arc::clone(&captured)));
        let second = again.number();
        assert!(core::ptr::eq(again, code) && second != first);
        // The patch leaves while it is looking whether the closure is its own.
        assert!(!code.hold(|| {
            assert!(code.release().is_ok());
            assert!(!code.is_dropped(second), "it may drop it");
            false
        }));
        assert!(code.is_dropped(second));
        assert_eq!(Arc::strong_count(&captured), 1);
    }

    #[test]
    fn a_closure_that_was_never_put_anywhere_is_dropped() {
        let captured = Arc::new(());
        drop(Closure::new(nothing, Arc::clone(&captured)));
        assert_eq!(Arc::strong_count(&captured), 1);
    }
}
