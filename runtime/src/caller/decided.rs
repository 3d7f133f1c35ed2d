//! The end of a call whose result a modify-return probe has decided, in place of the body.

use crate::md::Md;
use crate::site::Slot;

use super::origin::drop_skipped;

/// Drops the arguments that the body would have taken, and returns the result. Callers in assembly jump
/// here when nothing of their frame is left, instead of to the body.
///
/// # Safety
///
/// The slots are those of a call of `md`'s function, which has no more than these; nobody has taken their
/// values. Its result travels in a slot, and is `ret`.
#[allow(dead_code, reason = "only some architectures have such callers")]
pub(super) unsafe extern "C-unwind" fn decided(
    s0: Slot,
    s1: Slot,
    s2: Slot,
    s3: Slot,
    ret: Slot,
    md: &'static Md,
) -> Slot {
    if md.target.function.description().types.drop_args.is_none() {
        return ret;
    }
    // SAFETY: the caller's promise.
    unsafe { drop_all(s0, s1, s2, s3, ret, md) }
}

/// [`decided`] where there is something to drop. Whoever calls it thus can jump to it.
///
/// # Safety
///
/// As [`decided`].
#[cold]
#[inline(never)]
unsafe extern "C-unwind" fn drop_all(
    s0: Slot,
    s1: Slot,
    s2: Slot,
    s3: Slot,
    mut ret: Slot,
    md: &'static Md,
) -> Slot {
    let mut args = [s0, s1, s2, s3];
    // SAFETY: the caller's promise.
    unsafe { drop_skipped(md, args.as_mut_ptr(), (&raw mut ret).cast()) };
    ret
}
