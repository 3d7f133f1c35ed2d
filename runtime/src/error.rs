//! Everything that can be wrong with an attach.

use core::fmt;
use std::io;
use std::sync::Arc;

use crate::arch;
use crate::probe::{Asks, Kind, Misfit, Mismatch};
use crate::site::Function;
use crate::sync::OnceLock;

/// Why an attach or another change of a link failed. Nothing was changed: every function is as it was before.
///
/// Its `Debug` is its `Display`, so that an `unwrap()` says what is wrong.
#[non_exhaustive]
pub enum Error {
    /// No traceable function has a path that the selection matches.
    #[non_exhaustive]
    NoMatch {
        /// The pattern, or several with commas.
        pattern: String,
        /// Paths that are close to it.
        near: Vec<String>,
    },
    /// A pattern is not a glob.
    #[non_exhaustive]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `site!` named a function that has no site.
    #[non_exhaustive]
    NotTraceable {
        /// The function, as the compiler names it.
        function: String,
    },
    /// The link selects no function: neither it nor its probe's attribute has a pattern.
    NoFunctions,
    /// The link has no probe.
    NoProbe,
    /// A probe asks for another type than the function has.
    TypeMismatch(Misfit),
    /// A probe asks for more arguments than the function has.
    #[non_exhaustive]
    MissingArgument {
        /// The function's path.
        function: &'static str,
        /// How many the probe asks for.
        asked: usize,
        /// How many the function has.
        count: usize,
    },
    /// A probe asks for an argument by a name that the function has not.
    #[non_exhaustive]
    NoSuchArgument {
        /// The function's path.
        function: &'static str,
        /// The name that the probe asks for.
        name: String,
        /// The names there are.
        names: Vec<&'static str>,
    },
    /// No caller was generated for so many slots.
    #[non_exhaustive]
    TooManyArgs {
        /// The function's path.
        function: String,
        /// Its slot count.
        count: usize,
        /// The largest slot count for which callers were generated.
        max: usize,
    },
    /// The configuration leaves out the callers that such a link needs.
    #[non_exhaustive]
    NotGenerated {
        /// The function's path.
        function: String,
        /// The missing caller.
        caller: String,
    },
    /// An entry cannot be written.
    #[non_exhaustive]
    Poke {
        /// The first address of the pages that could not be made writable.
        address: usize,
        /// What the system said.
        source: io::Error,
    },
    /// There is no memory for what the link needs.
    #[non_exhaustive]
    OutOfMemory {
        /// The path of the function it is for; `None` if it is for all.
        function: Option<&'static str>,
        /// What it is for.
        what: &'static str,
        /// How much was asked for.
        bytes: usize,
    },
    /// An entry does not hold the instruction that belongs there: something else patched it.
    #[non_exhaustive]
    Modified {
        /// The function's path.
        function: String,
        /// The entry's address.
        address: usize,
        /// The bytes found there.
        found: Vec<u8>,
        /// The bytes that belong there.
        expected: Vec<u8>,
    },
    /// Functions cannot be patched on this target or in this process.
    #[non_exhaustive]
    Unsupported {
        /// The target.
        target: &'static str,
        /// What is missing.
        reason: String,
    },
    /// A link is to have other kinds of probes than it has.
    #[non_exhaustive]
    OtherKinds {
        /// The kinds of the probes that it has.
        there: Vec<Kind>,
        /// The kinds of those that were given.
        given: Vec<Kind>,
    },
    /// A link is to be detached from functions to none of which it is attached.
    #[non_exhaustive]
    NotAttached {
        /// The first of them.
        function: String,
    },
    /// A tracepoint has no end and no result: only entry probes attach to it.
    #[non_exhaustive]
    NoEnd {
        /// The tracepoint's path.
        tracepoint: &'static str,
    },
    /// Only the futures of async functions are polled, and give way to others: poll probes, and probes that answer with
    /// futures, attach to no other function.
    #[non_exhaustive]
    NotAsync {
        /// The function's path.
        function: &'static str,
    },
    /// A function is patched already.
    #[non_exhaustive]
    Busy {
        /// The function's path.
        function: &'static str,
    },
    /// A function's body cannot be replaced by this.
    #[non_exhaustive]
    NotReplaceable {
        /// The function's path.
        function: &'static str,
        /// What is in the way.
        reason: String,
    },
    /// Somebody who watches a function does not want it patched.
    #[non_exhaustive]
    Declined {
        /// The function's path.
        function: &'static str,
        /// What they say.
        reason: String,
    },
    /// A thread that is in a replacement would wait for itself.
    InsidePatch,
    /// What is shared under these names is of another type.
    #[non_exhaustive]
    OtherShared {
        /// The library's name.
        library: String,
        /// The name in it.
        name: String,
        /// The type that was asked for.
        asked: &'static str,
        /// The type that is there.
        there: &'static str,
    },
    /// A library was built for another program.
    #[non_exhaustive]
    NotALibrary {
        /// What is wrong.
        reason: String,
    },
    /// A library of this name is open.
    #[non_exhaustive]
    LibraryOpen {
        /// Its name.
        library: String,
    },
    /// No library of this name is open.
    #[non_exhaustive]
    NoSuchLibrary {
        /// The name.
        name: String,
        /// The names of those that are.
        there: Vec<String>,
    },
    /// A library has no such probe.
    #[non_exhaustive]
    NoSuchProbe {
        /// Its name.
        library: String,
        /// The probe's.
        name: String,
        /// The kind that was asked for.
        kind: Kind,
        /// Names and kinds of those that it has.
        there: Vec<String>,
    },
    /// A library cannot be unloaded yet.
    #[non_exhaustive]
    LibraryInUse {
        /// Its name.
        library: String,
        /// How many probes and handles of it there are.
        holders: usize,
    },
    /// A link is to be changed that was detached.
    Detached,
    /// One transaction changes a link twice.
    #[non_exhaustive]
    ChangedTwice {
        /// What the link is.
        link: String,
    },
    /// One of the changes of a transaction failed, so none was made.
    #[non_exhaustive]
    InTransaction {
        /// Which of them, from 1, in the order in which they were named.
        number: usize,
        /// How many there are.
        of: usize,
        /// The method that named it: `attach`, `update`, ..
        change: &'static str,
        /// Why.
        reason: Box<Self>,
    },
    /// Some functions refused the link; `skip_invalid(true)` would attach to the others. All of them are here;
    /// the text lists the first twenty.
    Refused(Vec<Refusal>),
}

/// One function that a link could not be attached to.
#[derive(Clone)]
pub struct Refusal {
    function: &'static Function,
    /// What its types were compared with, if that is why.
    asks: Option<Arc<[Asks]>>,
    /// Of many refusals few are read, so the rest is put into words when somebody asks.
    reason: OnceLock<Arc<Error>>,
}

impl Refusal {
    pub(crate) fn new(function: &'static Function, reason: Error) -> Self {
        Self { function, asks: None, reason: OnceLock::from(Arc::new(reason)) }
    }

    /// The function does not fit what probes ask for.
    pub(crate) fn misfit(function: &'static Function, asks: Arc<[Asks]>) -> Self {
        Self { function, asks: Some(asks), reason: OnceLock::new() }
    }

    /// Of a refusal that nobody has cloned.
    pub(crate) fn into_reason(self) -> Error {
        let _ = self.reason();
        let reason = self.reason.into_inner().expect("it was just made");
        Arc::into_inner(reason).expect("it is the only one")
    }

    /// The function.
    #[must_use]
    pub fn function(&self) -> &'static Function {
        self.function
    }

    /// Why it refused.
    #[must_use]
    pub fn reason(&self) -> &Error {
        self.reason.get_or_init(|| {
            let mut asks = self.asks.iter().flat_map(|asks| asks.iter());
            let mismatch = asks.find_map(|asks| asks.mismatch(self.function));
            Arc::new(Error::mismatch(
                self.function,
                mismatch.expect("what was refused is so again"),
            ))
        })
    }
}

/// As `Display`.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As `Display`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.function.instance(), self.reason())
    }
}

impl Error {
    /// A probe's parameters do not fit `function`.
    pub(crate) fn mismatch(function: &'static Function, mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Type { argument, expected, found, hint } => {
                Self::TypeMismatch(Misfit::said(function, argument, expected, found, hint))
            }
            Mismatch::Count { asked } => {
                let count = function.argument_count();
                Self::MissingArgument { function: function.instance(), asked, count }
            }
        }
    }
}

/// How many refusals a text lists.
pub(crate) const SHOWN: usize = 20;

/// Where in code that was modified there is a breakpoint.
pub(crate) fn breakpoint(address: usize, found: &[u8], expected: &[u8]) -> Option<usize> {
    let differs_at = found.iter().zip(expected).position(|(found, expected)| found != expected)?;
    arch::is_breakpoint(found, differs_at).then(|| address + differs_at)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMatch { pattern, near } => {
                write!(f, "no traceable function matches `{pattern}`")?;
                if !near.is_empty() {
                    write!(f, "; is it one of `{}`?", near.join("`, `"))?;
                }
                // What attributes' patterns begin with, which the macro replaces.
                if pattern.trim_start_matches('!').starts_with("crate::") {
                    write!(f, "; in text, `crate` is written as the crate's name")?;
                }
                write!(
                    f,
                    " (gtramp::functions() lists all of them: what has #[traceable], and is in the program \
                     because something calls it)"
                )
            }
            Self::BadPattern { pattern, reason } => {
                write!(f, "`{pattern}` is not a pattern: {reason}")
            }
            Self::NotTraceable { function } => write!(
                f,
                "`{function}` has no site: put #[traceable] on it, and make sure that the \
                 program calls it"
            ),
            Self::NoFunctions => f.write_str(
                "the link selects no function: give it some with functions(..), or give the \
                 probe's attribute a pattern",
            ),
            Self::NoProbe => f.write_str("the link has no probe: give it one before attach()"),
            Self::TypeMismatch(misfit) => fmt::Display::fmt(misfit, f),
            Self::NoSuchArgument { function, name, names } => {
                write!(f, "the probe asks for an argument `{name}`, but ")?;
                match names.as_slice() {
                    [] => write!(f, "`{function}` has none"),
                    names => write!(f, "those of `{function}` are `{}`", names.join("`, `")),
                }
            }
            Self::MissingArgument { function, asked, count } => {
                write!(f, "the probe asks for {asked} arguments, but `{function}` has {count}")
            }
            Self::TooManyArgs { function, count, max } => write!(
                f,
                "`{function}` takes {count} slots, but callers were generated for at most {max}: \
                 raise `max-args` in gtramp.toml and build again"
            ),
            Self::NotGenerated { function, caller } => write!(
                f,
                "`{function}` needs `{caller}`, which was not generated: widen `kinds` or \
                 `sleepable` in gtramp.toml and build again"
            ),
            Self::Poke { address, source } => write!(
                f,
                "the entries at {address:#x} cannot be written ({source}): this system keeps \
                 code read-only, which needs a build with the `slot` entry mode"
            ),
            Self::OutOfMemory { function, what, bytes } => {
                write!(f, "no memory for {what}")?;
                if let Some(function) = function {
                    write!(f, " of `{function}`")?;
                }
                write!(f, " ({bytes} bytes)")
            }
            Self::Modified { function, address, found, expected } => {
                write!(
                    f,
                    "the entry of `{function}` at {address:#x} holds {found:02x?} instead of \
                     {expected:02x?}: something else has patched it, "
                )?;
                match breakpoint(*address, found, expected) {
                    Some(at) => write!(
                        f,
                        "it is a breakpoint at {at:#x} (of a debugger, or a uprobe of perf or \
                         bpftrace); remove it first"
                    ),
                    None => write!(f, "perhaps another hooking library; undo that first"),
                }
            }
            Self::Unsupported { target, reason } => {
                write!(f, "functions cannot be patched here ({target}): {reason}")
            }
            Self::OtherKinds { there, given } => {
                let text = |kinds: &[Kind]| match kinds {
                    [] => "none".to_owned(),
                    kinds => kinds.iter().map(Kind::to_string).collect::<Vec<_>>().join(" + "),
                };
                write!(
                    f,
                    "the link's probes are {}, those that are to take their place {}: they must be of the \
                     same kinds in the same order; to change the kinds, attach another link in a Transaction",
                    text(there),
                    text(given),
                )
            }
            Self::NotAttached { function } => write!(
                f,
                "the link is not attached to `{function}`, nor to any other function that was selected \
                 (Link::info() lists those that it has)"
            ),
            Self::NoEnd { tracepoint } => write!(
                f,
                "`{tracepoint}` is a tracepoint, which has no end and no result: attach an entry probe to it"
            ),
            Self::NotAsync { function } => write!(
                f,
                "`{function}` is not async, so there are no polls of it, and no future that another could be awaited for: \
                 attach a probe of another kind, or put \
                 #[traceable(future)] on it if it returns the future of an `async` block"
            ),
            Self::Busy { function } => write!(
                f,
                "`{function}` is patched already: revert that patch first, or put this one over it with \
                 stack(true)"
            ),
            Self::NotReplaceable { function, reason } => {
                write!(f, "`{function}` cannot be replaced by this: {reason}")
            }
            Self::Declined { function, reason } => {
                write!(f, "`{function}` is not to be patched, says who watches it: {reason}")
            }
            Self::InsidePatch => f.write_str(
                "the patch is reverted, but this thread is in a replacement itself and would wait for ever: \
                 wait on another thread, or revert() without waiting",
            ),
            Self::OtherShared { library, name, asked, there } => write!(
                f,
                "`{name}` of library `{library}` is shared as `{there}`, but this asks for `{asked}`: parts that \
                 share a value name the same type"
            ),
            Self::NotALibrary { reason } => write!(
                f,
                "the library cannot be opened: {reason}; build it and the program with the same version of \
                 gtramp"
            ),
            Self::LibraryOpen { library } => write!(
                f,
                "a library `{library}` is open already: unload it first, or give this one another name in \
                 probe_library!"
            ),
            Self::NoSuchLibrary { name, there } => {
                write!(f, "no library `{name}` is open")?;
                match there.as_slice() {
                    [] => f.write_str("; ProbeLibrary::open opens one"),
                    there => write!(f, ", but these are: `{}`", there.join("`, `")),
                }
            }
            Self::NoSuchProbe { library, name, kind, there } => {
                write!(f, "library `{library}` has no {kind} probe `{name}`, but ")?;
                match there.as_slice() {
                    [] => f.write_str("none at all"),
                    there => f.write_str(&there.join(", ")),
                }
            }
            Self::LibraryInUse { library, holders } => write!(
                f,
                "library `{library}` is in use by {holders} probe(s) or handle(s): it is unloaded when they are \
                 detached and dropped"
            ),
            Self::Detached => {
                f.write_str("the link was detached, and cannot be changed any more: attach another")
            }
            Self::ChangedTwice { link } => write!(
                f,
                "the transaction changes one link twice ({link}): say all that changes of it in one \
                 transaction after the other"
            ),
            Self::InTransaction { number, of, change, reason } => write!(
                f,
                "change {number} of {of} of the transaction, `{change}`, failed, so none was made: {reason}"
            ),
            Self::Refused(refusals) => {
                write!(f, "{} function(s) refused the link:", refusals.len())?;
                for refusal in refusals.iter().take(SHOWN) {
                    write!(f, "\n  {refusal}")?;
                }
                if let Some(more @ 1..) = refusals.len().checked_sub(SHOWN) {
                    write!(f, "\n  and {more} more")?;
                }
                write!(f, "\n(skip_invalid(true) attaches to the others)")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Poke { source, .. } => Some(source),
            Self::InTransaction { reason, .. } => Some(reason),
            _ => None,
        }
    }
}
