//! The record that callers on this thread use: the thread's own or a stand-in.
//!
//! Where a call goes on after the origin, the thread may have become another in the middle of a
//! function: the origin may have been a coroutine. The compiler takes a thread-local's address
//! for a constant of the function, so on Linux x86-64 the variable is our own, and every
//! [`current`] reads it anew, in two instructions.

use super::record::Thread;

#[cfg(all(target_os = "linux", target_arch = "x86_64", not(miri)))]
mod imp {
    use core::arch::{asm, global_asm};

    use super::Thread;
    use crate::grace::thread::UNREGISTERED;

    global_asm!(
        ".pushsection .tdata.gtramp_current,\"awT\",@progbits",
        ".balign 8",
        ".globl gtramp_current",
        ".hidden gtramp_current",
        ".type gtramp_current,@object",
        "gtramp_current: .quad {unregistered}",
        ".size gtramp_current, 8",
        ".popsection",
        unregistered = sym UNREGISTERED,
    );

    #[inline(always)]
    pub(super) fn get() -> &'static Thread {
        let thread: *const Thread;
        // SAFETY: reads this thread's variable, which holds a reference at any time. The
        // offset comes from the global offset table, which the linker replaces by a constant in
        // programs (initial-exec, ELF Handling For Thread-Local Storage, 4.1.6).
        unsafe {
            asm!(
                "mov {thread}, qword ptr [rip + gtramp_current@GOTTPOFF]",
                "mov {thread}, qword ptr fs:[{thread}]",
                thread = out(reg) thread,
                options(readonly, nostack, preserves_flags),
            );
        }
        // SAFETY: it is a record, which lives for ever.
        unsafe { &*thread }
    }

    pub(super) fn set(thread: &'static Thread) {
        // SAFETY: writes this thread's variable, which holds a reference after it as before.
        unsafe {
            asm!(
                "mov {offset}, qword ptr [rip + gtramp_current@GOTTPOFF]",
                "mov qword ptr fs:[{offset}], {thread}",
                offset = out(reg) _,
                thread = in(reg) core::ptr::from_ref(thread),
                options(nostack, preserves_flags),
            );
        }
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", not(miri))))]
mod imp {
    use core::cell::Cell;

    use super::Thread;
    use crate::grace::thread::UNREGISTERED;

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
}

/// The record to use now. If its [`Thread::outermost`] mark is not null, ask
/// [`enter_slow`](super::enter_slow).
#[inline(always)]
pub(crate) fn current() -> &'static Thread {
    imp::get()
}

pub(super) fn set_current(thread: &'static Thread) {
    imp::set(thread);
}
