//! Compiled callers: which instance serves probes of these types, or of any. `None` where a function has too
//! many slots for one.

use crate::probe::{EntryHalf, ExitHalf, HalfOf, Kept, States, is_inline};
use crate::probe::{EntryProbe, ExitProbe, ModRetProbe, SessionEntry, SessionExit};

use super::abi::CallAbi;
use super::generated::specialised;
use super::specialised::{AsItSays, EveryOne, Half, Returning, Typed};
use super::specialised::{EntryOnly, ExitOnly, InScope, ModRetOnly, Pair};

/// The caller for one entry probe alone.
pub(crate) fn entry_caller<P: EntryProbe<M>, M>(slots: usize, through: u32) -> Option<*const ()> {
    if through == 0 {
        specialised::<EntryOnly<Typed<P, M, false>>>(slots)
    } else {
        specialised::<EntryOnly<Typed<P, M, true>>>(slots)
    }
}

/// The caller for one entry probe alone, of a link that is limited to a scope.
pub(crate) fn entry_caller_in_scope<P: EntryProbe<M>, M>(
    slots: usize,
    through: u32,
) -> Option<*const ()> {
    if through == 0 {
        specialised::<InScope<Typed<P, M, false>>>(slots)
    } else {
        specialised::<InScope<AsItSays>>(slots)
    }
}

/// The caller for one modify-return probe alone.
pub(crate) fn mod_ret_caller<P, M>(slots: usize, through: u32) -> Option<*const ()>
where
    P: ModRetProbe<M>,
{
    if through == 0 {
        specialised::<ModRetOnly<Typed<P, M, false>>>(slots)
    } else {
        specialised::<ModRetOnly<Typed<P, M, true>>>(slots)
    }
}

/// The caller for one exit probe alone.
pub(crate) fn exit_caller<P: ExitProbe<M>, M>(slots: usize, _: u32) -> Option<*const ()> {
    specialised::<ExitOnly<Typed<P, M, false>>>(slots)
}

/// The caller for an entry and an exit probe of one link, if they are all there is.
pub(crate) fn pair_caller<P, PM, Q, QM>(slots: usize, through: u32) -> Option<*const ()>
where
    P: EntryProbe<PM>,
    Q: ExitProbe<QM>,
{
    if through == 0 {
        specialised::<Pair<Typed<P, PM, false>, Typed<Q, QM, false>>>(slots)
    } else {
        specialised::<Pair<Typed<P, PM, true>, Typed<Q, QM, false>>>(slots)
    }
}

/// The caller for the two halves of a session, if they are all there is.
pub(crate) fn session_caller<E, EM, X, XM>(slots: usize, through: u32) -> Option<*const ()>
where
    EM: 'static,
    E: SessionEntry<EM>,
    XM: 'static,
    X: SessionExit<E::State, XM>,
{
    type EntryOf<E, S, M, const THROUGH: bool> = Typed<EntryHalf<E, S>, HalfOf<M>, THROUGH>;
    type ExitOf<X, S, M> = Typed<ExitHalf<X, S>, HalfOf<M>, false>;
    type OnHeap<E, S, EM, X, XM, const THROUGH: bool> =
        Pair<EntryOf<E, S, EM, THROUGH>, ExitOf<X, S, XM>, States>;
    match (is_inline::<E::State>(), through == 0) {
        (true, true) => {
            specialised::<Pair<Half<E, EM, false>, Half<X, XM, false>, Kept<E::State>>>(slots)
        }
        (true, false) => {
            specialised::<Pair<Half<E, EM, true>, Half<X, XM, false>, Kept<E::State>>>(slots)
        }
        (false, true) => specialised::<OnHeap<E, E::State, EM, X, XM, false>>(slots),
        (false, false) => specialised::<OnHeap<E, E::State, EM, X, XM, true>>(slots),
    }
}

/// The caller for one entry probe of any type.
pub(super) fn any_entry(slots: usize) -> Option<*const ()> {
    specialised::<EntryOnly<AsItSays>>(slots)
}

/// The caller for one exit probe of any type.
pub(super) fn any_exit(slots: usize) -> Option<*const ()> {
    specialised::<ExitOnly<AsItSays>>(slots)
}

/// The caller for an entry and an exit probe of any types, of a function whose result travels in a slot or does
/// not.
pub(super) fn any_pair(abi: CallAbi) -> Option<*const ()> {
    if abi.ret_in_slot {
        specialised::<Pair<AsItSays, Returning<true>>>(abi.slots)
    } else {
        specialised::<Pair<AsItSays, Returning<false>>>(abi.slots)
    }
}

/// The caller for entry and exit probes of one link, of any number and types.
pub(super) fn one_link(abi: CallAbi) -> Option<*const ()> {
    specialised::<Pair<EveryOne, EveryOne>>(abi.slots)
}
