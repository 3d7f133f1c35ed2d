//! Functions that others patch, and the probes those are given.

use core::sync::atomic::{AtomicPtr, Ordering};

use crate::cells::{hit, hit_exit};

/// A function that adds two numbers and is like no other, so that none shares its code.
macro_rules! target {
    ($name:ident) => {
        #[inline(never)]
        extern "C" fn $name(a: u64, b: u64) -> u64 {
            // SAFETY: a comment and an instruction without effect, of one byte.
            unsafe {
                ::core::arch::asm!(
                    concat!("nop /* ", module_path!(), stringify!($name), " */"),
                    options(nomem, nostack, preserves_flags)
                );
            }
            $crate::target::body([a, b])
        }
    };
}

pub(super) use target;

/// A pair of functions to put in a patched function's place: the first calls one probe before it, the
/// second both, on either side.
macro_rules! hooks {
    ($before:path, $after:path) => {
        pub(super) static BEFORE: $crate::rows::patched::Original =
            $crate::rows::patched::Original::new();
        pub(super) static BOTH: $crate::rows::patched::Original =
            $crate::rows::patched::Original::new();

        pub(super) extern "C" fn before(a: u64, b: u64) -> u64 {
            $before(a, b);
            BEFORE.call(a, b)
        }

        pub(super) extern "C" fn both(a: u64, b: u64) -> u64 {
            $before(a, b);
            let ret = BOTH.call(a, b);
            $after(a, b, ret);
            ret
        }
    };
}

pub(super) use hooks;

/// The way to a function that was patched.
pub(super) struct Original(AtomicPtr<()>);

impl Original {
    pub(super) const fn new() -> Self {
        Self(AtomicPtr::new(core::ptr::null_mut()))
    }

    /// Says where it is.
    ///
    /// # Safety
    ///
    /// `code` is an `extern "C" fn(u64, u64) -> u64`.
    pub(super) unsafe fn set(&self, code: *const ()) {
        self.0.store(code.cast_mut(), Ordering::Release);
    }

    /// Calls it. Nothing calls a hook before it is there.
    #[inline(always)]
    pub(super) fn call(&self, a: u64, b: u64) -> u64 {
        let code = self.0.load(Ordering::Acquire);
        // SAFETY: `set` was given such a function.
        let code = unsafe { core::mem::transmute::<*mut (), extern "C" fn(u64, u64) -> u64>(code) };
        code(a, b)
    }
}

/// The probe before, as a part of who runs it.
#[inline(always)]
pub(super) fn store_before(a: u64, b: u64) {
    hit([a, b]);
}

/// The probe after, likewise.
#[inline(always)]
pub(super) fn store_after(a: u64, b: u64, ret: u64) {
    hit_exit([a, b], ret);
}
