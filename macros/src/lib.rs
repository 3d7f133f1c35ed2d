//! The attribute macros of gtramp. Use them through the `gtramp` crate, which re-exports them
//! and holds everything their expansions name.
//!
//! Every macro works the same way: it *parses* into a struct of its own, *checks* it, collecting
//! all mistakes at the smallest span each, and *expands*. On a mistake the user's item is still
//! emitted, so that one mistake does not bring a hundred.

mod args;
mod errors;
mod fields;
mod function;
#[cfg(all(test, feature = "enabled"))]
mod golden;
mod held;
mod probe;
mod text;
mod tokens;
mod traceable;
mod tracepoint;

use proc_macro::TokenStream;

/// Makes functions traceable: a function, or every function of an `impl` block, a trait or an
/// inline module.
///
/// The function stays as it is, with a switch in front of its body: while no probe is attached, one
/// instruction without effect. It may be inlined; each copy has a switch of its own.
///
/// ```ignore
/// use gtramp::traceable;
///
/// #[traceable]
/// fn transfer(from: u32, to: u32, amount: u64) -> Result<u64, Denied> {
///     // ..
/// }
///
/// #[traceable] // every method in it
/// impl Ledger {
///     fn fee(&self, amount: u64) -> u64 {
///         amount / 100
///     }
///
///     #[traceable(skip)] // but not this one
///     const fn new() -> Self {
///         Self
///     }
/// }
/// ```
///
/// Generic functions, every form of `self`, patterns, `impl Trait`, `unsafe`, `extern "C"`,
/// `#[no_mangle]`, recursion, `?`, `return` and `-> !` work as before.
///
/// # On a whole `impl`, trait or module
///
/// Prefer it to single methods: then the macro knows what `Self` is and which type parameters there
/// are, and probes can be typed. On a method alone an argument whose type mentions `Self`, or a name that
/// may be a parameter of the `impl`, can be read by few types only.
///
/// Every function with a body is made traceable, in a module also those in its `impl` blocks, traits
/// and inline modules; tests (`#[test]`, `#[bench]`) are left out. A function that cannot be traced is
/// an error until it says `#[traceable(skip)]`.
///
/// # Options
///
/// - `skip`: leave this item as it is, inside one that is traceable.
/// - `future`: the function is not `async`, but returns the future of an `async` block, `async move { .. }` or
///   `Box::pin(async move { .. })`. It is taken for an `async fn` that gives what the future does.
/// - `crate = path`: where to find gtramp, if not at `::gtramp`.
///
/// # Async functions
///
/// What probes see as a call of an `async fn` is the life of its future: entry probes run at its first poll, exit
/// probes when it returns, unwinds, or is dropped before either (`Exit::cancelled`), which may be on another thread.
/// `Context::life` tells how often and how long it was polled. Under `#[async_trait]`, the attribute may stand on the
/// method or above the one of the block.
///
/// # What cannot be traced
///
/// `const fn` (probes do not run at compile time), variadic and naked functions, and more arguments than callers were
/// generated for (12 unless configured otherwise).
///
/// # Limits
///
/// - Where a function does not know its own path, that is under an attribute of its own unless it is `pub` and has
///   a receiver or `Self` in its signature, a body of more than a few simple expressions moves into a closure. There
///   `self` is renamed to `__self`: the compiler's messages show that name, and so do `dbg!` and macros of others
///   that show what they were handed. A macro that wants the literal token `self`, and a `{self}`
///   in the format string of a macro that this one does not know (it knows those of `std`, `log`, `tracing`,
///   `anyhow` and `eyre`), have to be rewritten: `{}` with `self` as an argument always works. On a whole
///   `impl`, trait or module nothing of this applies.
/// - A probe may answer in the function's place. Do not make a function traceable on whose result
///   `unsafe` code relies for more than its type says.
/// - Under `#[track_caller]`, `Location::caller()` in the body names another place while a probe is attached.
/// - A closure that is returned inside another type, as in `-> Option<impl Fn(&str)>`, has to have its
///   parameters' types written. `-> impl Fn(&str)` needs nothing.
/// - Attributes *above* this one see the function as written, those below see the call. If one below
///   may be a macro, which may change types, arguments can be read by few types only.
/// - A function of a generic `impl` or trait that mentions neither `self` nor `Self` looks like one that stands alone,
///   and a parameter such as `Key` in its arguments like a type: under an attribute of its own it does not compile (E0310:
///   the parameter may not live long enough). Put the attribute on the block, or write `Self` somewhere in it.
/// - What has `Debug` is shown by it, so that is compiled: an `impl` that never comes to an end, as that of
///   `enum Tree<T> { Deep(&'static Tree<(T, T)>) }`, has to be kept out with `redact`.
/// - A `#[traceable(skip)]` inside a `cfg_attr` is left to the compiler; so is the function.
///
/// With the feature `enabled` of gtramp off, all this expands to the item as it was written.
#[proc_macro_attribute]
pub fn traceable(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let written = proc_macro::Span::call_site().source_text();
    traceable::traceable(attribute.into(), item.into(), written.as_deref()).into()
}

/// Makes a probe that runs when a function is entered.
///
/// The function becomes a type of its name with two functions: `audit::attach()` attaches it to the
/// functions that the attribute's patterns select, and `audit::link()` begins a link to say more. Among
/// values the name stands for the probe, for a link that has several:
/// `gtramp::link().fentry(audit).fexit(denied)`. Locals and arguments may have the same name.
///
/// ```ignore
/// use gtramp::{Entry, fentry};
///
/// #[fentry("bank::**", "!bank::audit::*")]
/// fn audit(ctx: &Entry) {
///     println!("> {} {}", ctx.function().path(), ctx.cookie());
/// }
///
/// #[fentry("bank::transfer")]
/// fn large(_ctx: &Entry, _from: u32, to: &Account, amount: u64) {
///     // ..
/// }
///
/// let everything = audit::attach()?;
/// let weekend = audit::link().functions("bank::Ledger::*").cookie(7).attach()?;
/// ```
///
/// # Parameters
///
/// First the context, `&Entry`. Then, if wanted, the function's first arguments in order:
///
/// - `&T` for an argument that is a `T`, a `&T` or a `&mut T`;
/// - `T` for an argument that is a `T` and `Copy`.
///
/// The types are checked when the probe is attached; one that does not fit is an error that
/// names both types. Lifetimes are the call's: nothing that is borrowed can be kept, and
/// `Option<&'static str>` fits only an argument that says `'static` too.
///
/// # Options
///
/// - string patterns: which functions `attach()` takes; the last that matches decides, `!` excludes,
///   and `crate::` begins with the crate the probe is written in;
/// - `sleepable`: the probe may block;
/// - `crate = path`: where to find gtramp, if not at `::gtramp`.
#[proc_macro_attribute]
pub fn fentry(attribute: TokenStream, item: TokenStream) -> TokenStream {
    probe::probe(probe::Kind::Fentry, attribute.into(), item.into()).into()
}

/// Makes a probe that runs when a function has ended, by return, by override or by panic.
///
/// As [`macro@fentry`], with other parameters:
///
/// ```ignore
/// use gtramp::{Exit, fexit};
///
/// #[fexit("bank::transfer")]
/// fn denied(_ctx: &Exit, from: u32, ret: &Result<u64, Denied>) {
///     if ret.is_err() {
///         println!("{from} was denied");
///     }
/// }
/// ```
///
/// # Parameters
///
/// First the context, `&Exit`. Then, if wanted, the function's first arguments in order. The
/// function has taken them, so only what outlives that can still be read:
///
/// - `T` for an argument that is a `T`, is `Copy` and borrows nothing;
/// - `*const T` or `*mut T` for one that is a reference or raw pointer: its address.
///
/// Last, if wanted, the result:
///
/// - `&R`: the probe does not run if the call unwound;
/// - `Option<&R>`: it runs then too, with `None`.
#[proc_macro_attribute]
pub fn fexit(attribute: TokenStream, item: TokenStream) -> TokenStream {
    probe::probe(probe::Kind::Fexit, attribute.into(), item.into()).into()
}

/// Makes a probe that runs when a function is entered and may decide its result in its place.
///
/// As [`macro@fentry`], with the context `&ModRet` and a result:
///
/// ```ignore
/// use std::ops::ControlFlow;
///
/// use gtramp::{ModRet, fmod_ret};
///
/// #[fmod_ret("bank::Ledger::fee")]
/// fn waive(_ctx: &ModRet, _ledger: &Ledger, amount: u64) -> ControlFlow<u64> {
///     if amount > 1_000_000 {
///         return ControlFlow::Break(0); // the function does not run, its caller gets 0
///     }
///     ControlFlow::Continue(())
/// }
/// ```
///
/// It returns `ControlFlow<R>`, where `R` is exactly what the function returns and borrows nothing.
///
/// Of an async function, `R` is what its future gives. With the option `future`, `R` is a future of that, `Send` and
/// borrowing nothing, such as `BoxFuture<usize>`, which is awaited in the place of the body: see
/// `LinkBuilder::fmod_ret_future`.
#[proc_macro_attribute]
pub fn fmod_ret(attribute: TokenStream, item: TokenStream) -> TokenStream {
    probe::probe(probe::Kind::FmodRet, attribute.into(), item.into()).into()
}

/// Makes a probe that runs before and after each poll of an async function's future.
///
/// As [`macro@fentry`], with the context `&Polling` alone: the future has taken the function's arguments.
///
/// ```ignore
/// use std::time::Duration;
///
/// use gtramp::{Polling, poll};
///
/// #[poll("server::**")]
/// fn long(ctx: &Polling) {
///     if ctx.step().has_ended() && ctx.took() > Duration::from_millis(10) {
///         println!("a poll of {} took {:?}", ctx.function().path(), ctx.took());
///     }
/// }
/// ```
///
/// Of the functions that the patterns select it attaches to those that are async.
#[proc_macro_attribute]
pub fn poll(attribute: TokenStream, item: TokenStream) -> TokenStream {
    probe::probe(probe::Kind::Poll, attribute.into(), item.into()).into()
}

/// Makes a function that can be put in the place of others: a live patch.
///
/// It has the arguments and the result of what it replaces, a method's `self` among them as the first. Its types are
/// compared with those of each function when it is applied, lifetimes included, so a result may borrow from an
/// argument as the function's does.
///
/// ```ignore
/// use gtramp::replace;
///
/// #[replace("bank::Ledger::fee")]
/// fn no_fee(_ledger: &Ledger, _amount: u64) -> u64 {
///     0
/// }
///
/// let patch = no_fee::apply()?; // from now on, calls run `no_fee`
/// drop(patch); // and now what was there before
/// ```
///
/// The body of an async function is replaced by an `async fn`. Its future is `Send`, and its result borrows nothing.
///
/// # Options
///
/// - `"pattern"`, any number: which functions `apply()` takes, as for [`macro@fentry`].
/// - `crate = path`: where the `gtramp` crate is, if not at `::gtramp`.
#[proc_macro_attribute]
pub fn replace(attribute: TokenStream, item: TokenStream) -> TokenStream {
    probe::replace(attribute.into(), item.into()).into()
}

/// Makes a patch with a closure, which may hold what it needs: [`macro@replace`] without a function.
///
/// The closure has the arguments and the result of what it replaces, all of them with their types written, and is
/// `Fn + Send + Sync + 'static`. The types are compared when it is applied, as those of a function are. Where its
/// result borrows from one of several arguments, it begins with the lifetime: `for<'a> |one: &'a str, other: &str| ->
/// &'a str { one }`.
///
/// ```ignore
/// use gtramp::{replacement, site};
///
/// let limit = settings.limit;
/// let patch = site!(Ledger::fee)
///     .replace(replacement!(move |_ledger: &Ledger, amount: u64| -> u64 { amount.min(limit) }))?;
///
/// let others = replacement!(|_: &Ledger, _: u64| -> u64 { 0 }).functions("bank::Ledger::*_fee").apply()?;
/// ```
///
/// What it has captured is dropped once: when the patch is reverted, by whoever leaves it last, the one who reverts or
/// a call that is still in it. A panic of that comes out of the revert, and never out of a call.
///
/// It is a `PatchBuilder` without functions. `crate = path,` in front of the closure says where the `gtramp` crate is,
/// if not at `::gtramp`.
#[proc_macro]
pub fn replacement(tokens: TokenStream) -> TokenStream {
    probe::replacement(tokens.into()).into()
}

/// Makes a session: what runs when a function is entered leaves a value for what runs when the same call ends.
///
/// It stands on an `impl` of a type with two functions, `entry` and `exit`, and adds two more: `attach()` attaches
/// the session to the functions that the attribute's patterns select, and `link()` begins a link to say more. They
/// are as visible as `entry`.
///
/// ```ignore
/// use std::time::Instant;
///
/// use gtramp::{Entry, Exit, fsession};
///
/// struct Latency;
///
/// #[fsession("bank::**")]
/// impl Latency {
///     fn entry(_: &Entry) -> Option<Instant> {
///         Some(Instant::now())
///     }
///
///     fn exit(ctx: &Exit, begun: Instant) {
///         println!("{} took {:?}", ctx.function().path(), begun.elapsed());
///     }
/// }
///
/// let link = Latency::attach()?;
/// ```
///
/// # The two halves
///
/// `entry` takes what an [`fentry`](macro@fentry) probe takes, and returns `Option<State>`: the value of this call,
/// or `None` if `exit` is not to run for it. `exit` takes the context, that value, and then what an
/// [`fexit`](macro@fexit) probe takes. The value belongs to one call, on any thread and at any depth of recursion. It is
/// dropped exactly once, also where `exit` does not run because the link was detached meanwhile.
///
/// Options are those of `fentry`.
#[proc_macro_attribute]
pub fn fsession(attribute: TokenStream, item: TokenStream) -> TokenStream {
    probe::session(attribute.into(), item.into()).into()
}

/// Lets probes find the members of a type by name: `ctx.field("self.owner.id")`.
///
/// For structs and enums that have `Debug`. The members of a tuple struct are named by their numbers; those of an enum
/// are there while the value is of their variant. Members with a type that has this derive as well can be followed
/// further, also behind references, `Box`, `Rc`, `Arc` and in `Some(..)`.
///
/// ```ignore
/// #[derive(Debug, gtramp::Fields)]
/// struct Account {
///     id: u64,
///     owner: Owner,         // account.owner.name, if `Owner` has the derive
///     #[fields(redact)]
///     secret: String,       // account.secret is shown as <redacted>
///     #[fields(skip)]
///     cache: Cache,         // not a member as far as probes are concerned
/// }
/// ```
///
/// `redact` hides the member where it is asked for by its path. What the type's own `Debug` shows of it is shown with the
/// whole value all the same.
///
/// `#[fields(crate = path)]` on the type says where to find gtramp, if not at `::gtramp`.
#[proc_macro_derive(Fields, attributes(fields))]
pub fn derive_fields(item: TokenStream) -> TokenStream {
    fields::fields(item.into()).into()
}

/// A switch in the middle of a function, with values that probes see: a tracepoint.
///
/// ```ignore
/// use gtramp::tracepoint;
///
/// tracepoint!(posted, account: &str = &self.name, amount: u64); // what has its value's name needs no value
/// ```
///
/// It is listed beside functions, as `crate::module::posted`, and entry probes attach to it as to a function with these
/// arguments. While none is attached, the values are not made, and it costs two instructions without effect. It has
/// no end and no result: links with other probes leave tracepoints out.
///
/// It also leaves a note as `sys/sdt.h` does, with the crate as the provider, so `perf`, bpftrace and uftrace find
/// it: `readelf -n`, `perf probe sdt_bank:posted`. What they attach and what a link attaches can be there
/// at once. The note has no arguments, because there are none while the tracepoint is off.
///
/// A type parameter in a value's type has one letter and digits, as `T` and `K2`, or is bounded by `'static`; another
/// is taken for a type.
#[proc_macro]
pub fn tracepoint(tokens: TokenStream) -> TokenStream {
    tracepoint::tracepoint(tokens.into()).into()
}
