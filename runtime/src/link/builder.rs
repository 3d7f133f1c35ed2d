//! Making links.

use std::thread::ThreadId;

use crate::caller::Lookup;
use crate::error::Error;
use crate::probe::{
    EntryProbe, ExitProbe, ModRetProbe, PollProbe, Probe, SessionEntry, SessionExit,
};
use crate::registry::Selector;
use crate::scope::{Limit, Scope};

use super::attach::attach;
use super::bind::Request;
use super::cookie::{Cookie, Cookies};
use super::core::Settings;
use super::handle::Link;
use super::probes::Probes;

/// Collects what a link is to be, then attaches it in one transaction.
///
/// A link has any number of probes: each method that names one adds it. Of all else it has one, and what is said
/// last holds.
///
/// ```no_run
/// # fn main() -> Result<(), gtramp::Error> {
/// use gtramp::{Entry, Exit};
///
/// let link = gtramp::link()
///     .functions(["bank::**", "!bank::audit::*"])
///     .fentry(|ctx: &Entry| println!("> {}", ctx.function().path()))
///     .fexit(|ctx: &Exit| println!("< {}", ctx.function().path()))
///     .cookie(7)
///     .attach()?;
/// # Ok(()) }
/// ```
#[must_use = "nothing is attached before attach()"]
pub struct LinkBuilder {
    probes: Probes,
    selector: Selector,
    cookies: Cookies,
    order: i32,
    counted: bool,
    settings: Settings,
}

impl core::fmt::Debug for LinkBuilder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LinkBuilder")
            .field("probes", &self.probes)
            .field("functions", &self.selector)
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

/// Starts a link without probes and without functions.
pub fn link() -> LinkBuilder {
    LinkBuilder {
        probes: Probes::new(),
        selector: Selector::default(),
        cookies: Cookies::Same(0),
        order: 0,
        counted: false,
        settings: Settings {
            sleepable: false,
            lookup: Lookup::default(),
            skip_invalid: false,
            limit: Limit::Everywhere,
        },
    }
}

impl LinkBuilder {
    /// Adds a probe that runs at entry: a closure or what `#[fentry]` made.
    pub fn fentry<M: 'static, P: EntryProbe<M>>(mut self, probe: P) -> Self {
        self.probes = self.probes.fentry(probe);
        self
    }

    /// Adds a probe that may override the result: a closure or what `#[fmod_ret]` made.
    pub fn fmod_ret<M: 'static, P: ModRetProbe<M>>(mut self, probe: P) -> Self {
        self.probes = self.probes.fmod_ret(probe);
        self
    }

    /// Adds a probe that may answer in the place of an async function with a future: a closure or what
    /// `#[fmod_ret(.., future)]` made.
    ///
    /// The probe runs at the first poll of the function's future. Where it breaks with a future, that is polled in the
    /// place of the body, and what it gives is the result. The arguments are dropped before its first poll. Exit
    /// probes run when it ends, is dropped or panics; [`Exit::origin_skipped`](crate::Exit::origin_skipped) is
    /// true if it has ended. It goes on if the link is detached meanwhile.
    ///
    /// Functions that are not async refuse it, and where a pattern selects others they are left out.
    ///
    /// ```
    /// # use std::future::Future;
    /// # use std::pin::pin;
    /// # use std::task::{Context, Waker};
    /// use std::ops::ControlFlow;
    /// use gtramp::{ModRet, site, traceable};
    ///
    /// #[traceable]
    /// async fn fetch(page: u32) -> usize {
    ///     page as usize
    /// }
    ///
    /// async fn from_cache(page: u32) -> usize {
    ///     // a real one waits for something
    ///     page as usize + 1_000
    /// }
    ///
    /// let link = site!(fetch).fmod_ret_future(|_: &ModRet, page: &u32| match *page {
    ///     0 => ControlFlow::Continue(()),
    ///     page => ControlFlow::Break(from_cache(page)),
    /// })?;
    /// # let run = |page| match pin!(fetch(page)).poll(&mut Context::from_waker(Waker::noop())) {
    /// #     std::task::Poll::Ready(size) => size,
    /// #     std::task::Poll::Pending => unreachable!(),
    /// # };
    /// assert_eq!((run(0), run(7)), (0, 1_007));
    /// # Ok::<(), gtramp::Error>(())
    /// ```
    pub fn fmod_ret_future<M: 'static, P>(mut self, probe: P) -> Self
    where
        P: ModRetProbe<M>,
        P::Ret: Future<Output: 'static> + Send,
    {
        self.probes = self.probes.fmod_ret_future(probe);
        self
    }

    /// Adds a probe that runs at exit: a closure or what `#[fexit]` made.
    pub fn fexit<M: 'static, P: ExitProbe<M>>(mut self, probe: P) -> Self {
        self.probes = self.probes.fexit(probe);
        self
    }

    /// Adds a probe that runs before and after each poll of an async function's future: a closure or what `#[poll]`
    /// made. The link attaches to async functions alone, and leaves out others that a pattern selects.
    ///
    /// It sees every poll that begins while the link is attached, also of a life that began before: such a one has no
    /// [`Context::life`](crate::Context::life), and its polls no number. Between an `fentry` and an `fexit` of the same
    /// life come all its polls. Of probes that are around the same poll, those that come first before it come last
    /// after it.
    ///
    /// ```
    /// # use std::future::Future;
    /// # use std::pin::pin;
    /// # use std::task::{Context, Waker};
    /// use std::time::Duration;
    /// use gtramp::{Polling, site, traceable};
    ///
    /// #[traceable]
    /// async fn handle(id: u32) -> u32 {
    ///     id
    /// }
    ///
    /// // Who blocks a thread of the runtime?
    /// let link = site!(handle).poll(|ctx: &Polling| {
    ///     if ctx.step().has_ended() && ctx.took() > Duration::from_millis(10) {
    ///         eprintln!("poll {:?} of {} took {:?}", ctx.number(), ctx.function().path(), ctx.took());
    ///     }
    /// })?;
    /// # assert!(pin!(handle(1)).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    /// # Ok::<(), gtramp::Error>(())
    /// ```
    pub fn poll<M: 'static, P: PollProbe<M>>(mut self, probe: P) -> Self {
        self.probes = self.probes.poll(probe);
        self
    }

    /// Adds a probe that runs at entry and one that runs at exit, as [`LinkBuilder::fentry`] and
    /// [`LinkBuilder::fexit`] do. A function that has no other probe gets one caller compiled for
    /// both.
    ///
    /// ```
    /// use gtramp::{Entry, Exit, Return, site, traceable};
    ///
    /// #[traceable]
    /// fn double(x: u64) -> u64 {
    ///     2 * x
    /// }
    ///
    /// let link = site!(double)
    ///     .link()
    ///     .around(
    ///         |_: &Entry, x: &u64| println!("double({x})"),
    ///         |_: &Exit, x: u64, result: Return<u64>| println!("double({x}) = {:?}", result.get()),
    ///     )
    ///     .attach()?;
    /// assert_eq!(double(4), 8);
    /// # Ok::<(), gtramp::Error>(())
    /// ```
    pub fn around<EM, E, XM, X>(mut self, entry: E, exit: X) -> Self
    where
        EM: 'static,
        E: EntryProbe<EM>,
        XM: 'static,
        X: ExitProbe<XM>,
    {
        self.probes = self.probes.around(entry, exit);
        self
    }

    /// Adds a session: what runs at entry returns a value of the call, and what runs at exit of the same call
    /// takes it, however the call ends. Where the entry half returns `None`, the exit half does not run for this
    /// call.
    ///
    /// Each call has a value of its own, on any thread and at any depth of recursion. It is dropped exactly once:
    /// by the exit half, or where that does not run any more, because the link was detached meanwhile, at the end
    /// of the call. A panic in that drop ends there. Values of up to four words lie in the frame of the call;
    /// larger ones, and those of further sessions at the same function, on the heap.
    ///
    /// ```
    /// use std::time::Instant;
    /// use gtramp::{Entry, Exit, site, traceable};
    ///
    /// #[traceable]
    /// fn work(rounds: u64) -> u64 {
    ///     (0..rounds).sum()
    /// }
    ///
    /// let link = site!(work)
    ///     .link()
    ///     .fsession(
    ///         |_: &Entry, rounds: &u64| (*rounds > 10).then(Instant::now),
    ///         |ctx: &Exit, begun: Instant| println!("{} {:?}", ctx.function(), begun.elapsed()),
    ///     )
    ///     .attach()?;
    /// work(3);
    /// work(1_000);
    /// # Ok::<(), gtramp::Error>(())
    /// ```
    pub fn fsession<EM, E, XM, X>(mut self, entry: E, exit: X) -> Self
    where
        EM: 'static,
        E: SessionEntry<EM>,
        XM: 'static,
        X: SessionExit<E::State, XM>,
    {
        self.probes = self.probes.fsession(entry, exit);
        self
    }

    /// Says which functions, in the place of what was said before: of a probe that an attribute made, in the place
    /// of the attribute's patterns. [`Selector::and`] puts selections together.
    pub fn functions(mut self, functions: impl Into<Selector>) -> Self {
        self.selector = functions.into();
        self
    }

    /// Gives every function this cookie, or each its own: a number, a closure that is asked once for each
    /// function when it is attached to, or numbers by path, as in `[("bank::fee", 7)]` or a `HashMap`, where
    /// functions that are not named have what was said before. 0 unless said.
    ///
    /// ```
    /// use gtramp::Function;
    ///
    /// let numbered = gtramp::link().cookie(7);
    /// let by_length = gtramp::link().cookie(|function: &Function| function.name().len() as u64);
    /// let one_and_others = gtramp::link().cookie(7).cookie([("bank::fee", 100)]);
    /// ```
    pub fn cookie<M>(mut self, cookie: impl Cookie<M>) -> Self {
        self.cookies = cookie.after(self.cookies);
        self
    }

    /// The place of the link's probes among others of their kind: lower runs outside, that is
    /// earlier at entry and later at exit. 0 unless said; links of one order run in the order in
    /// which they were attached.
    pub fn order(mut self, order: i32) -> Self {
        self.order = order;
        self
    }

    /// Allows the link's probes to block. Detaching waits for one that does; others' detach does
    /// not.
    pub fn sleepable(mut self, sleepable: bool) -> Self {
        self.settings.sleepable = sleepable;
        self
    }

    #[doc(hidden)]
    /// How callers find the functions' metadata; [`Lookup::Inline`] unless said.
    pub fn lookup(mut self, lookup: Lookup) -> Self {
        self.settings.lookup = lookup;
        self
    }

    /// Leaves out the functions that refuse a probe, and lists them in [`Link::info`], instead of
    /// failing. It still fails if none is left.
    pub fn skip_invalid(mut self, skip: bool) -> Self {
        self.settings.skip_invalid = skip;
        self
    }

    /// Limits the link to calls on the calling thread. A later limit replaces an earlier one.
    ///
    /// A call elsewhere is not a miss. What probes see of a call's end follows its beginning, also where an async
    /// function ends on another thread.
    pub fn on_this_thread(mut self) -> Self {
        self.settings.limit = Limit::this_thread();
        self
    }

    /// As [`LinkBuilder::on_this_thread`], on another.
    pub fn on_thread(mut self, thread: ThreadId) -> Self {
        self.settings.limit = Limit::Thread(thread);
        self
    }

    /// Limits the link to calls where this scope is in force, or one inside it. As
    /// [`LinkBuilder::on_this_thread`] in all else.
    pub fn within(mut self, scope: &Scope) -> Self {
        self.settings.limit = Limit::within(scope);
        self
    }

    /// Whether the runs of the link's probes are counted and timed from the beginning: see
    /// [`Link::set_stats`].
    pub fn stats(mut self, stats: bool) -> Self {
        self.counted = stats;
        self
    }

    /// Attaches to all the functions, or changes nothing.
    ///
    /// # Errors
    ///
    /// Whatever [`Error`] lists: the selection matches nothing, a probe does not fit a function,
    /// an entry was modified by something else or cannot be written.
    pub fn attach(self) -> Result<Link, Error> {
        attach(self.into_request())
    }

    pub(super) fn into_request(self) -> Request {
        let Self { probes, selector, cookies, order, counted, settings } = self;
        Request { probes, selector, cookies, order, counted, settings }
    }
}

/// The patterns of a probe's attribute; `crate` in them is the crate that wrote it.
pub(super) fn patterns<P: Probe>() -> Selector {
    let own_crate = P::MODULE.split("::").next().unwrap_or_default();
    let resolved = P::PATTERNS.iter().map(|pattern| {
        let (not, path) = pattern.strip_prefix('!').map_or(("", *pattern), |path| ("!", path));
        match path.strip_prefix("crate::") {
            Some(rest) => format!("{not}{own_crate}::{rest}"),
            None => (*pattern).to_owned(),
        }
    });
    resolved.collect()
}

/// A link of an entry probe that an attribute made, for the functions its attribute names.
pub fn entry_link<P: Probe + EntryProbe>(probe: P) -> LinkBuilder {
    link().functions(patterns::<P>()).fentry(probe)
}

/// A link of a modify-return probe that an attribute made, for the functions its attribute names.
pub fn mod_ret_link<P: Probe + ModRetProbe>(probe: P) -> LinkBuilder {
    link().functions(patterns::<P>()).fmod_ret(probe)
}

/// A link of a modify-return probe that answers with futures and that an attribute made, for the functions its
/// attribute names.
pub fn mod_ret_future_link<P>(probe: P) -> LinkBuilder
where
    P: Probe + ModRetProbe,
    P::Ret: Future<Output: 'static> + Send,
{
    link().functions(patterns::<P>()).fmod_ret_future(probe)
}

/// A link of an exit probe that an attribute made, for the functions its attribute names.
pub fn exit_link<P: Probe + ExitProbe>(probe: P) -> LinkBuilder {
    link().functions(patterns::<P>()).fexit(probe)
}

/// A link of a poll probe that an attribute made, for the functions its attribute names.
pub fn poll_link<P: Probe + PollProbe>(probe: P) -> LinkBuilder {
    link().functions(patterns::<P>()).poll(probe)
}

/// A link of a session that an attribute made, for the functions its attribute names.
pub fn session_link<P>(session: P) -> LinkBuilder
where
    P: Probe + SessionEntry<()> + SessionExit<<P as SessionEntry<()>>::State, ()>,
{
    link().functions(patterns::<P>()).fsession(session, session)
}

/// Attaches a probe that runs when one of the functions is entered.
///
/// The probe is a closure that takes the context and the first arguments of the function, each by
/// reference; its types are checked against every function before anything is attached.
///
/// # Errors
///
/// As [`LinkBuilder::attach`].
///
/// ```
/// use gtramp::{Entry, traceable};
///
/// #[traceable]
/// fn echo(name: &str, times: u32) -> String {
///     name.repeat(times as usize)
/// }
///
/// # echo("x", 1);
/// let link = gtramp::fentry("**::echo", |ctx: &Entry, name: &str, times: &u32| {
///     println!("{}({name:?}, {times})", ctx.function().name());
/// })?;
/// echo("hello ", 3);
/// drop(link);
/// # Ok::<(), gtramp::Error>(())
/// ```
pub fn fentry<M: 'static>(
    functions: impl Into<Selector>,
    probe: impl EntryProbe<M>,
) -> Result<Link, Error> {
    link().functions(functions).fentry(probe).attach()
}

/// Attaches a probe that runs when one of the functions ends, by return or by panic.
///
/// The probe is a closure that takes the context, the first arguments of the function (by value,
/// `Copy`) and, last, the result as a [`Return`](crate::Return), if it wants it.
///
/// # Errors
///
/// As [`LinkBuilder::attach`].
pub fn fexit<M: 'static>(
    functions: impl Into<Selector>,
    probe: impl ExitProbe<M>,
) -> Result<Link, Error> {
    link().functions(functions).fexit(probe).attach()
}

/// Attaches a probe that runs before and after each poll of the futures of these async functions: see
/// [`LinkBuilder::poll`].
///
/// # Errors
///
/// As [`LinkBuilder::attach`]; [`Error::NotAsync`] if none of the functions is async.
pub fn poll<M: 'static>(
    functions: impl Into<Selector>,
    probe: impl PollProbe<M>,
) -> Result<Link, Error> {
    link().functions(functions).poll(probe).attach()
}

/// Attaches a session: see [`LinkBuilder::fsession`].
///
/// # Errors
///
/// As [`LinkBuilder::attach`].
///
/// ```
/// use std::time::Instant;
/// use gtramp::{Entry, Exit};
///
/// # #[gtramp::traceable] fn work() {}
/// # work();
/// let link = gtramp::fsession(
///     "**::work",
///     |_: &Entry| Some(Instant::now()),
///     |ctx: &Exit, begun: Instant| println!("{} took {:?}", ctx.function().path(), begun.elapsed()),
/// )?;
/// # Ok::<(), gtramp::Error>(())
/// ```
pub fn fsession<EM, E, XM, X>(
    functions: impl Into<Selector>,
    entry: E,
    exit: X,
) -> Result<Link, Error>
where
    EM: 'static,
    E: SessionEntry<EM>,
    XM: 'static,
    X: SessionExit<E::State, XM>,
{
    link().functions(functions).fsession(entry, exit).attach()
}

/// Attaches a probe that runs before one of the functions and may decide its result: with
/// `ControlFlow::Break(value)` the function does not run and `value` is what its caller gets.
///
/// # Errors
///
/// As [`LinkBuilder::attach`].
pub fn fmod_ret<M: 'static>(
    functions: impl Into<Selector>,
    probe: impl ModRetProbe<M>,
) -> Result<Link, Error> {
    link().functions(functions).fmod_ret(probe).attach()
}
