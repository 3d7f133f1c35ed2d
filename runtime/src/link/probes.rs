//! The probes of a link, before it is one.

use core::fmt;
use core::marker::PhantomData;

use crate::caller::{
    entry_caller, entry_caller_in_scope, exit_caller, mod_ret_caller, pair_caller, session_caller,
};
use crate::probe::{
    AnyEntry, AnyExit, AnyModRet, AnyPoll, AnyProbe, AsValue, Awaited, EntryProbe, ExitProbe,
    HalfOf, Kind, ModRetProbe, PairCaller, PollProbe, SessionEntry, SessionExit, halves,
};

/// Probes that are attached together: what [`Link::update`](crate::Link::update) puts in the place of a link's own
/// if there are several.
///
/// ```
/// use std::time::Instant;
/// use gtramp::{Entry, Exit, Probes, site, traceable};
///
/// #[traceable]
/// fn work() {}
///
/// let start = |_: &Entry| Some(Instant::now());
/// let link = site!(work).fsession(start, |_: &Exit, _: Instant| {})?;
/// link.update(Probes::new().fsession(start, |ctx: &Exit, begun: Instant| {
///     println!("{} {:?}", ctx.function(), begun.elapsed());
/// }))?;
/// # work();
/// # Ok::<(), gtramp::Error>(())
/// ```
#[derive(Default)]
#[must_use = "probes do nothing before they are attached"]
pub struct Probes {
    pub(super) list: Vec<Box<dyn AnyProbe>>,
    /// The caller for the first two of them, if they came together.
    pub(super) pair: Option<PairCaller>,
    pub(super) sessions: bool,
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kinds()).finish()
    }
}

/// What can be the probes of a link: one probe of any kind, or [`Probes`].
///
/// It cannot be implemented elsewhere.
pub trait IntoProbes<M>: sealed::IntoProbes<M> {}

impl<P: sealed::IntoProbes<M>, M> IntoProbes<M> for P {}

/// Tells what is one probe of a kind from what is one of another.
#[derive(Debug)]
pub struct OneOf<K, M>(PhantomData<(K, M)>);

mod sealed {
    use super::{EntryProbe, ExitProbe, ModRetProbe, OneOf, PollProbe, Probes};
    use crate::probe::{Entry, Exit, ModRet, Polling};

    pub trait IntoProbes<M> {
        fn into_probes(self) -> Probes;
    }

    impl IntoProbes<()> for Probes {
        fn into_probes(self) -> Probes {
            self
        }
    }

    impl<P: EntryProbe<M>, M: 'static> IntoProbes<OneOf<Entry<'static>, M>> for P {
        fn into_probes(self) -> Probes {
            Probes::new().fentry(self)
        }
    }

    impl<P: ModRetProbe<M>, M: 'static> IntoProbes<OneOf<ModRet<'static>, M>> for P {
        fn into_probes(self) -> Probes {
            Probes::new().fmod_ret(self)
        }
    }

    impl<P: ExitProbe<M>, M: 'static> IntoProbes<OneOf<Exit<'static>, M>> for P {
        fn into_probes(self) -> Probes {
            Probes::new().fexit(self)
        }
    }

    impl<P: PollProbe<M>, M: 'static> IntoProbes<OneOf<Polling<'static>, M>> for P {
        fn into_probes(self) -> Probes {
            Probes::new().poll(self)
        }
    }
}

impl Probes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.list.iter().map(|probe| probe.kind())
    }

    /// Adds a probe that runs at entry: a closure or what `#[fentry]` made.
    pub fn fentry<M: 'static, P: EntryProbe<M>>(mut self, probe: P) -> Self {
        let (specialised, in_scope) = (entry_caller::<P, M>, entry_caller_in_scope::<P, M>);
        self.list.push(Box::new(AnyEntry { probe, specialised, in_scope, closure: PhantomData }));
        self
    }

    /// Adds a probe that may override the result: a closure or what `#[fmod_ret]` made.
    pub fn fmod_ret<M: 'static, P: ModRetProbe<M>>(mut self, probe: P) -> Self {
        let specialised = mod_ret_caller::<P, M>;
        let how = PhantomData::<fn(M, AsValue)>;
        self.list.push(Box::new(AnyModRet { probe, specialised, how }));
        self
    }

    /// Adds a probe that may answer in the place of an async function with a future, which is awaited: a closure or
    /// what `#[fmod_ret(.., future)]` made. See [`LinkBuilder::fmod_ret_future`](super::LinkBuilder::fmod_ret_future).
    pub fn fmod_ret_future<M: 'static, P>(mut self, probe: P) -> Self
    where
        P: ModRetProbe<M>,
        P::Ret: Future<Output: 'static> + Send,
    {
        let how = PhantomData::<fn(M, Awaited)>;
        // The probes of a future run through no caller.
        self.list.push(Box::new(AnyModRet { probe, specialised: |_, _| None, how }));
        self
    }

    /// Adds a probe that runs at exit: a closure or what `#[fexit]` made.
    pub fn fexit<M: 'static, P: ExitProbe<M>>(mut self, probe: P) -> Self {
        let specialised = exit_caller::<P, M>;
        self.list.push(Box::new(AnyExit { probe, specialised, closure: PhantomData }));
        self
    }

    /// Adds a probe that runs before and after each poll of an async function's future: a closure or what `#[poll]` made.
    pub fn poll<M: 'static, P: PollProbe<M>>(mut self, probe: P) -> Self {
        self.list.push(Box::new(AnyPoll::<P, M>::new(probe)));
        self
    }

    /// Adds a probe that runs at entry and one that runs at exit, see [`LinkBuilder::around`](super::LinkBuilder::around). A function that has no other probe gets one caller compiled for
    /// both.
    pub fn around<EM, E, XM, X>(mut self, entry: E, exit: X) -> Self
    where
        EM: 'static,
        E: EntryProbe<EM>,
        XM: 'static,
        X: ExitProbe<XM>,
    {
        if self.list.is_empty() {
            self.pair = Some(pair_caller::<E, EM, X, XM>);
        }
        self.fentry(entry).fexit(exit)
    }

    /// Adds a session: what runs at entry returns a value of the call, and what runs at exit of the same call
    /// takes it, however the call ends. Where the entry half returns `None`, the exit half does not run for this
    /// call.
    ///
    /// Each call has a value of its own, on any thread and at any depth of recursion. It is dropped exactly once:
    /// by the exit half, or where that does not run any more, because the link was detached meanwhile, at the end
    /// of the call. A panic in that drop ends there. Values of up to four words lie in the frame of the call;
    /// larger ones, and those of further sessions at the same function, on the heap.
    pub fn fsession<EM, E, XM, X>(mut self, entry: E, exit: X) -> Self
    where
        EM: 'static,
        E: SessionEntry<EM>,
        XM: 'static,
        X: SessionExit<E::State, XM>,
    {
        let (probe, exit) = halves(entry, exit);
        let specialised = session_caller::<E, EM, X, XM>;
        if self.list.is_empty() {
            self.pair = Some(specialised);
        }
        let closure = PhantomData::<fn(HalfOf<EM>)>;
        // Half of a session is never alone.
        let in_scope = |_, _| None;
        self.list.push(Box::new(AnyEntry { probe, specialised, in_scope, closure }));
        let closure = PhantomData::<fn(HalfOf<XM>)>;
        self.list.push(Box::new(AnyExit { probe: exit, specialised, closure }));
        self.sessions = true;
        self
    }
}
