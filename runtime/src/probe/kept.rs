//! The value of one session's call, where a caller was compiled for its two halves: no probe has to look for it.

use core::mem::{ManuallyDrop, needs_drop};

use crate::grace::Errno;
use crate::site::Slot;

use super::fentry::run_entry_by;
use super::fexit::run_exit_by;
use super::frame::{Outcome, Target};
use super::session::{EntryHalf, ExitHalf, States, drop_last};
use super::{Entry, Exit, Row, SessionEntry, SessionExit};

/// The value that the entry half has left, if it has, in the frame of its caller.
pub(crate) struct Kept<S: Send + 'static> {
    /// Which session's; 0 before the entry half has run.
    session: u64,
    value: ManuallyDrop<Option<S>>,
}

impl<S: Send + 'static> Default for Kept<S> {
    #[inline(always)]
    fn default() -> Self {
        Self { session: 0, value: ManuallyDrop::new(None) }
    }
}

impl<S: Send + 'static> Kept<S> {
    /// The value, where exit probes look for it that are run as their rows say.
    pub(crate) fn into_states(mut self) -> States {
        States::of(self.session, self.value.take())
    }
}

impl<S: Send + 'static> Drop for Kept<S> {
    #[inline(always)]
    fn drop(&mut self) {
        if needs_drop::<S>() && self.value.is_some() {
            drop_value(self.value.take());
        }
    }
}

/// The value comes by itself, so that its place can be in registers until then.
#[cold]
#[inline(never)]
fn drop_value<S>(value: Option<S>) {
    drop_last(|| drop(value));
}

/// Runs the entry half of a session, see [`run_entry`](super::run_entry), and keeps what it leaves.
///
/// # Safety
///
/// As there; the row's probe is an [`EntryHalf`] of `E`.
#[inline(always)]
pub(crate) unsafe fn run_entry_half<E: SessionEntry<M>, M, const THROUGH: bool>(
    row: &Row,
    args: *mut Slot,
    target: &'static Target,
    errno: Errno,
    kept: &mut Kept<E::State>,
) {
    let call = |half: &EntryHalf<E, E::State>, ctx: &Entry<'_>| {
        kept.session = half.session.number();
        // SAFETY: the row was bound to the target's function.
        kept.value = ManuallyDrop::new(unsafe { half.half.call(ctx) });
    };
    // SAFETY: the caller's promise.
    unsafe { run_entry_by::<_, THROUGH>(row, args, target, errno, call) };
}

/// Runs the exit half of a session at a call that has returned, see [`run_exit`](super::run_exit), if there is a
/// value of its session.
///
/// # Safety
///
/// As there; the row's probe is an [`ExitHalf`] of `X`.
#[inline(always)]
pub(crate) unsafe fn run_exit_half<X: SessionExit<S, M>, S: Send + 'static, M>(
    row: &Row,
    args: *mut Slot,
    target: &'static Target,
    ret: *mut (),
    errno: Errno,
    kept: &mut Kept<S>,
) {
    let call = |half: &ExitHalf<X, S>, ctx: &Exit<'_>| {
        if let Some(value) = kept.value.take() {
            // Probes that were exchanged meanwhile are those of another link as far as a call is concerned.
            debug_assert_eq!(kept.session, half.session.number(), "it is of this session");
            // SAFETY: the row was bound to the target's function.
            unsafe { half.half.call(ctx, value) };
        }
    };
    // SAFETY: the caller's promise.
    unsafe { run_exit_by::<_, false>(row, args, target, ret, Outcome::Returned, errno, call) };
}
