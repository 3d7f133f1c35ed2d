//! The result of a call: where it is, and what becomes of the arguments when a probe has decided it.

use crate::md::Md;
use crate::site::Slot;

/// Where the function's result is or is to be, given its slots, and whether it travels in one if that is
/// known.
#[inline(always)]
pub(super) fn place<const N: usize>(
    md: &Md,
    in_slot: Option<bool>,
    slots: &[Slot; N],
    ret: *mut Slot,
) -> *mut () {
    match slots.last() {
        // SAFETY: the last slot of a function whose result does not fit one is the address of room for
        // it.
        Some(out) if !in_slot.unwrap_or(md.target.ret_in_slot) => unsafe { out.address() },
        _ => ret.cast(),
    }
}

/// Drops the arguments of a call whose body does not run. If that panics, there is no result any more.
///
/// # Safety
///
/// `args` are the slots of a call of `md`'s function, whose values nobody has taken, and its result is
/// at `ret`.
#[inline(always)]
pub(super) unsafe fn drop_skipped(md: &Md, args: *mut Slot, ret: *mut ()) {
    let types = md.target.function.description().types;
    if let Some(drop_args) = types.drop_args {
        let decided = Decided { ret, drop: types.drop_ret };
        // SAFETY: the caller's promise.
        unsafe { drop_args(args) };
        core::mem::forget(decided);
    }
}

/// A result that is dropped if the call panics before it returns it.
struct Decided {
    ret: *mut (),
    drop: Option<unsafe fn(*mut ())>,
}

impl Drop for Decided {
    #[cold]
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            // SAFETY: the result is there, of the function's own type, and nobody else takes it.
            unsafe { drop(self.ret) };
        }
    }
}
