//! Probes: their kinds, what they are handed, and the lists in which a function keeps them.
//!
//! One file per kind, with the same names as on the macro side. How a list is found and run
//! is `md` and `caller`; how it comes to be is `link`.

mod access;
mod answer;
mod block;
mod call;
mod context;
mod fentry;
mod fexit;
mod fmod_ret;
mod frame;
mod kept;
mod life;
mod list;
mod listing;
mod misfit;
mod needs;
mod param;
mod plain;
mod poll;
mod polled;
mod row;
mod session;
mod sole;
mod state;
mod tally;
mod typed;
mod underway;
mod watched;

pub use call::Call;
pub use context::{ArgumentKey, Context, Entry, Exit, ModRet, Return};
pub use fentry::EntryProbe;
pub use fexit::ExitProbe;
pub use fmod_ret::ModRetProbe;
pub use life::LifeInfo;
pub use misfit::Misfit;
pub use param::{Param, RetParam};
pub use poll::{PollProbe, Polling};
pub use polled::PollStep;
pub use session::{SessionEntry, SessionExit};
pub use typed::{TypedArgument, TypedReturn};
pub use underway::{LifeUnderWay, lives};

pub(crate) use answer::{AsValue, Awaited};
pub(crate) use block::Room;
pub(crate) use fentry::{AnyEntry, run_entry};
pub(crate) use fexit::{AnyExit, run_exit};
pub(crate) use fmod_ret::{AnyModRet, run_mod_ret};
pub(crate) use frame::{Frame, Outcome, Target};
pub(crate) use kept::{Kept, run_entry_half, run_exit_half};
pub(crate) use list::{FutureList, List, ListBox, OwnCaller};
pub(crate) use listing::{in_forked_child, prepare};
pub(crate) use needs::Needs;
pub(crate) use param::{Asks, Mismatch};
pub(crate) use poll::{AnyPoll, no_poll_probes};
pub(crate) use polled::PollCall;
pub(crate) use row::{END_SLOTS, Row};
pub(crate) use session::{EntryHalf, ExitHalf, HalfOf, States, halves, is_inline};
pub(crate) use sole::{Sole, is_one_link, next_number, number_of};
pub(crate) use state::{LinkState, PairCaller, Payload, discard, drop_caught, first_panic, go_on};
pub(crate) use tally::{Counts, Tally};
pub(crate) use watched::admits_at_once;

/// When a probe runs, and what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Before the function; reads its arguments.
    Fentry,
    /// After every `fentry`; may decide the result in the function's place.
    FmodRet,
    /// After the function, however it ended; reads its result.
    Fexit,
    /// Before and after each poll of an async function's future.
    Poll,
}

impl core::fmt::Display for Kind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(match self {
            Self::Fentry => "fentry",
            Self::FmodRet => "fmod_ret",
            Self::Fexit => "fexit",
            Self::Poll => "poll",
        })
    }
}

/// What an attribute says of the probe it makes.
pub trait Probe: Copy + Send + Sync + 'static {
    /// The probe function's name.
    const NAME: &'static str;
    /// The module it is written in.
    const MODULE: &'static str;
    /// The functions the attribute selects; none if the link has to say.
    const PATTERNS: &'static [&'static str];
}

/// Marks functions that return a probe, as an attribute leaves one beside the probe's type: they stand for it.
pub struct Returned<P>(core::marker::PhantomData<P>);

/// The type of the probe for which a function of type `F` stands.
pub(crate) fn returned_type<F: 'static, P: 'static>() -> core::any::TypeId {
    // Callers that were compiled for the probe may be handed the function: there is nothing to be read in either.
    if size_of::<F>() == 0 && size_of::<P>() == 0 {
        core::any::TypeId::of::<P>()
    } else {
        core::any::TypeId::of::<F>()
    }
}

/// A probe whose type is forgotten, as a link keeps it.
pub(crate) trait AnyProbe: Send + Sync {
    fn kind(&self) -> Kind;
    fn is_sleepable(&self) -> bool;
    /// The probe's own type.
    fn probe_type(&self) -> core::any::TypeId;
    /// What it asks of its functions.
    fn asks(&self) -> Asks;
    /// What runs it, at functions to which it was bound thus: with these bits for [`Row`]'s
    /// `through`. If the link `is_watched`, it is asked at every call: see [`LinkState::is_watched`].
    fn thunk(&self, through: u32, is_watched: bool) -> row::Thunk;
    /// The caller for this probe alone, at functions of so many slots to which it was bound thus.
    fn specialised(&self, slots: usize, through: u32) -> Option<*const ()>;
    /// The same, if its link is limited to a scope; only of entry probes.
    fn specialised_in_scope(&self, slots: usize, through: u32) -> Option<*const ()> {
        let _ = (slots, through);
        None
    }
    /// Whether it makes sense of the futures of async functions alone.
    fn is_for_futures(&self) -> bool {
        self.kind() == Kind::Poll
    }
    /// What the thunk is handed.
    fn data(&self) -> *const ();
}
