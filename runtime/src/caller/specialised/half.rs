//! The halves of a session as what a caller runs that keeps the value of the call itself.

use core::marker::PhantomData;

use crate::grace::Thread;
use crate::probe::{Kept, List, SessionEntry, SessionExit, Target, run_entry_half, run_exit_half};
use crate::site::Slot;

use super::runs::{RunEntries, RunExits};

/// One half of a session, which is a `P`. Unless `THROUGH`, what it asks for is in the slots themselves.
pub(in crate::caller) struct Half<P, M, const THROUGH: bool>(PhantomData<fn(P, M)>);

impl<E, M, const THROUGH: bool> RunEntries<Kept<E::State>> for Half<E, M, THROUGH>
where
    E: SessionEntry<M>,
{
    #[inline(always)]
    unsafe fn run(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        thread: &Thread,
        kept: &mut Kept<E::State>,
    ) {
        // SAFETY: the list has such a row, says the caller.
        let row = unsafe { list.row(0) };
        // SAFETY: the caller's promise.
        unsafe { run_entry_half::<E, M, THROUGH>(row, args, target, thread.errno(), kept) };
    }
}

impl<S: Send + 'static, X: SessionExit<S, M>, M> RunExits<Kept<S>> for Half<X, M, false> {
    const IN_SLOT: Option<bool> = X::RET_IN_SLOT;

    #[inline(always)]
    unsafe fn run<const AT: u32>(
        list: &List,
        args: *mut Slot,
        target: &'static Target,
        ret: *mut (),
        thread: &Thread,
        kept: &mut Kept<S>,
    ) {
        // SAFETY: the list has such a row, says the caller.
        let row = unsafe { list.row(AT) };
        // SAFETY: the caller's promise.
        unsafe { run_exit_half::<X, S, M>(row, args, target, ret, thread.errno(), kept) };
    }
}
