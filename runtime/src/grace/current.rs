//! The record that callers on this thread use: the thread's own or a stand-in.
//!
//! Where a call goes on after the origin, the thread may have become another in the middle of a
//! function: the origin may have been a coroutine. The compiler takes a thread-local's address
//! for a constant of the function, so where there are stubs the variable is our own, and
//! every [`current`] reads it anew.
//!
//! Its place is known when the program is loaded (the model "initial exec"), so that a stub finds it in two
//! instructions and no register but one. In a shared object that makes all its thread-locals static ones, which
//! `dlopen` has little room for: README says how much. The model for objects of any size calls a function, which takes
//! 6 ns and may allocate, which a signal handler must not.

use super::record::Thread;

#[cfg(gtramp_stubs)]
mod imp {
    use core::arch::global_asm;

    use super::Thread;
    use crate::arch;
    use crate::grace::standin::UNREGISTERED;

    global_asm!(
        ".pushsection .tdata.gtramp_current,\"awT\",@progbits",
        ".balign 8",
        ".globl gtramp_current",
        ".hidden gtramp_current",
        ".type gtramp_current,@object",
        // The record that the thread uses now, its own, and its pass (`crate::site`).
        "gtramp_current: .quad {unregistered}, 0, 0",
        ".size gtramp_current, 24",
        ".popsection",
        unregistered = sym UNREGISTERED,
    );

    #[inline(always)]
    pub(super) fn get() -> &'static Thread {
        // SAFETY: it is a record at any time: the one above, or what `set` put there. Records live
        // for ever.
        unsafe { &*arch::current().cast() }
    }

    pub(super) fn set(thread: &'static Thread) {
        // SAFETY: the first word, and it is a record.
        unsafe { arch::set_current::<0>(core::ptr::from_ref(thread).cast()) };
    }

    pub(super) fn set_own(thread: &'static Thread) {
        // SAFETY: the second word, and it is a record.
        unsafe { arch::set_current::<{ Thread::OWN }>(core::ptr::from_ref(thread).cast()) };
    }
}

#[cfg(not(gtramp_stubs))]
mod imp {
    use core::cell::Cell;

    use super::Thread;
    use crate::grace::standin::UNREGISTERED;

    std::thread_local! {
        static CURRENT: Cell<&'static Thread> = const { Cell::new(&UNREGISTERED) };
    }

    // Not inlined: see above.
    #[inline(never)]
    pub(super) fn get() -> &'static Thread {
        CURRENT.get()
    }

    pub(super) fn set(thread: &'static Thread) {
        CURRENT.set(thread);
    }

    pub(super) fn set_own(_: &'static Thread) {}
}

/// The record to use now. If its [`Thread::outermost`] mark is not free, ask
/// [`enter_slow`](super::enter_slow).
#[inline(always)]
pub(crate) fn current() -> &'static Thread {
    imp::get()
}

pub(super) fn set_current(thread: &'static Thread) {
    imp::set(thread);
}

/// The thread's own record, for callers in assembly: what they find after a probe, whatever the probe has made the
/// thread use meanwhile.
pub(super) fn set_own(thread: &'static Thread) {
    imp::set_own(thread);
}
