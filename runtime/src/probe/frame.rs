//! A call: of which site it is, its slots, and how it has ended so far.

use crate::site::{Function, Slot};
use crate::sync::AtomicBool;

/// What every call of one site has in common.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Target {
    pub(crate) function: &'static Function,
    /// The entry that was called.
    pub(crate) address: usize,
    /// The place of its site among the program's.
    pub(crate) site: u32,
    pub(crate) slots: u8,
    pub(crate) ret_in_slot: bool,
    /// Whether the entry is armed. Under the transaction lock.
    pub(crate) armed: AtomicBool,
    /// Whether the entry may show another way than that to the selected caller, or if it is not armed,
    /// than none. Under the transaction lock.
    pub(crate) astray: AtomicBool,
}

impl Target {
    /// Where it is in the metadata of its function.
    pub(crate) const IN_METADATA: usize = 40;
}

/// A function's metadata, of which probes know the target alone: what callers in assembly have at hand.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Whose(*const ());

impl Whose {
    #[inline(always)]
    pub(crate) fn new(target: &'static Target) -> Self {
        Self(core::ptr::from_ref(target).wrapping_byte_sub(Target::IN_METADATA).cast())
    }

    /// # Safety
    ///
    /// They are metadata, or it is what [`Whose::new`] made.
    #[inline(always)]
    pub(crate) unsafe fn target(self) -> &'static Target {
        let target = self.0.wrapping_byte_add(Target::IN_METADATA).cast::<Target>();
        // SAFETY: the caller's promise: metadata live for ever.
        unsafe { &*target }
    }
}

/// How a call ended, so far. As wide as the register in which it is handed on: a byte that was stored would
/// have to reach the cache before it could be loaded so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Outcome {
    /// It has not: no result yet. The only one that is 0.
    Running = 0,
    /// The origin returned.
    Returned,
    /// A probe decided the result, and the origin did not run.
    Skipped,
    /// The origin panicked: there is no result.
    Unwound,
    /// The future of an async function was dropped before its end: there is no result.
    Cancelled,
    /// It is no call but one poll of it, which has neither arguments nor a result.
    Polled,
}

impl Outcome {
    /// Whether there is a result.
    #[inline(always)]
    pub(crate) fn has_result(self) -> bool {
        matches!(self, Self::Returned | Self::Skipped)
    }
}

/// One call.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Frame {
    pub(crate) target: &'static Target,
    /// The saved slots.
    pub(crate) args: *mut Slot,
    /// Where the result is or will be: as large as the function's return type.
    pub(crate) ret: *mut (),
    pub(crate) outcome: Outcome,
}
