//! A call as text: what a probe can show of it without naming a type.

use core::fmt;
use core::marker::PhantomData;

use crate::site::{Shows, Variant};

use super::context::{ArgumentKey, Context, Exit};
use super::frame::Outcome;

/// How many bytes of a value are shown unless somebody says otherwise.
const LIMIT: usize = 200;

/// A call as text, such as `transfer(from=1, to=2, amount=500) -> Ok(17)`; before the function has run, without the
/// result.
///
/// A value is shown by its type's `Debug`, at most 200 bytes of it unless [`Call::limit`] says otherwise; `…` stands
/// for the rest. For `_` stands what cannot be shown: what has no `Debug` where the function was written (also a
/// type parameter that is not bounded by it), and at exit arguments that the function has taken; those that are
/// `Copy` and borrow nothing are still there. Of a poll none are. `<redacted>` stands for what [`#[traceable(redact(..))]`](macro@crate::traceable)
/// keeps back, `(unwound)` for the result of a call through which a panic passes, and `(cancelled)` for that of a future
/// which was dropped before its end. The result of an `async fn` is not shown.
///
/// The text is made while it is written: a probe that makes it and does not write it does next to nothing. A panic of a
/// type's `Debug` is one of the probe.
#[derive(Clone, Copy)]
pub struct Call<'c> {
    context: Context<'c>,
    limit: usize,
}

impl<'c> Context<'c> {
    /// The call as text.
    ///
    /// ```
    /// # use gtramp::{Exit, fexit, traceable};
    /// # use std::sync::Mutex;
    /// #[traceable]
    /// fn transfer(from: u32, to: u32, amount: u64) -> Result<u64, String> {
    ///     if from == to { Err("nothing to do".to_owned()) } else { Ok(amount / 100) }
    /// }
    ///
    /// # static SEEN: Mutex<String> = Mutex::new(String::new());
    /// # transfer(1, 2, 3);
    /// let link = gtramp::fexit("**::transfer", |ctx: &Exit| {
    ///     println!("{}", ctx.call()); // transfer(from=1, to=2, amount=500) -> Ok(5)
    ///     # *SEEN.lock().unwrap() = ctx.call().to_string();
    /// })?;
    /// transfer(1, 2, 500);
    /// # assert_eq!(*SEEN.lock().unwrap(), "transfer(from=1, to=2, amount=500) -> Ok(5)");
    /// # drop(link);
    /// # Ok::<(), gtramp::Error>(())
    /// ```
    #[must_use]
    pub fn call(&self) -> Call<'c> {
        Call { context: *self, limit: LIMIT }
    }
}

impl<'c> Call<'c> {
    /// The same with at most so many bytes of each value.
    #[must_use]
    pub fn limit(self, bytes: usize) -> Self {
        Self { limit: bytes, ..self }
    }

    /// The argument at this place (from 0) or of this name, as text; `None` if there is none.
    #[must_use]
    pub fn argument(&self, which: impl ArgumentKey) -> Option<Value<'c>> {
        let index = which.find(self.context.function())?;
        Some(self.value(self.context.argument_as_text(index)))
    }

    /// The result as text; `None` before the function has run, and if the call unwinds.
    #[must_use]
    pub fn result(&self) -> Option<Value<'c>> {
        let frame = self.context.frame();
        if !frame.outcome.has_result() {
            return None;
        }
        let function = self.context.function();
        let what = match function.shown()[function.argument_count()].shows() {
            Shows::Debug { show, .. } => What::Debug { show: *show, at: frame.ret.cast_const() },
            Shows::Redacted => What::Redacted,
            Shows::Nothing | Shows::Variant(_) => What::Nothing,
        };
        Some(self.value(what))
    }

    fn value(&self, what: What) -> Value<'c> {
        Value { what, limit: self.limit, call: PhantomData }
    }
}

impl Context<'_> {
    /// How the argument at `index`, of which there is one, is shown at this time of the call.
    fn argument_as_text(&self, index: usize) -> What {
        let function = self.function();
        match function.shown()[index].shows() {
            Shows::Debug { .. } if self.frame().outcome == Outcome::Polled => What::Nothing,
            Shows::Debug { show, copied } => {
                let description = function.description();
                // Its written identity is that of a type without lifetimes exactly if there are none in it.
                let is_still_there = self.frame().outcome == Outcome::Running
                    || copied.is_some_and(|id| description.source.arg_id(index) == Some(id()));
                if !is_still_there {
                    return What::Nothing;
                }
                let slot = self.slot(index);
                let at = if description.types.args[index].in_slot {
                    slot.cast()
                } else {
                    // SAFETY: the frame has a slot for every argument of its function.
                    let slot = unsafe { *slot };
                    // SAFETY: a large argument's slot holds its address.
                    unsafe { slot.address() }.cast_const()
                };
                What::Debug { show: *show, at }
            }
            Shows::Redacted => What::Redacted,
            Shows::Nothing | Shows::Variant(_) => What::Nothing,
        }
    }
}

impl Exit<'_> {
    /// Which variant the result is, if it is a `Result` or an `Option` and there is one.
    #[must_use]
    pub fn variant(&self) -> Option<Variant> {
        let frame = self.frame();
        if !frame.outcome.has_result() {
            return None;
        }
        let function = self.function();
        match function.shown()[function.argument_count() + 1].shows() {
            // SAFETY: the function has such a result, and it is there.
            Shows::Variant(variant) => Some(unsafe { variant(frame.ret.cast_const()) }),
            _ => None,
        }
    }

    /// Whether the result is `Err(..)`, of whatever types.
    ///
    /// ```
    /// # use gtramp::{Exit, fexit};
    /// #[fexit("bank::**")]
    /// fn failures(ctx: &Exit) {
    ///     if ctx.is_err() {
    ///         eprintln!("{}", ctx.call());
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn is_err(&self) -> bool {
        self.variant() == Some(Variant::Err)
    }

    /// Whether the result is `None`, of whatever type.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.variant() == Some(Variant::None)
    }
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let function = self.context.function();
        write!(f, "{}(", function.name())?;
        for index in 0..function.argument_count() {
            let comma = if index == 0 { "" } else { ", " };
            let value = self.value(self.context.argument_as_text(index));
            write!(f, "{comma}{}={value}", function.source().arg(index).0)?;
        }
        f.write_str(")")?;
        match (self.result(), self.context.frame().outcome) {
            (Some(result), _) => write!(f, " -> {result}"),
            (None, Outcome::Unwound) => f.write_str(" -> (unwound)"),
            (None, Outcome::Cancelled) => f.write_str(" -> (cancelled)"),
            (None, _) => Ok(()),
        }
    }
}

/// As `Display`.
impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One value of a call as text: see [`Call`].
#[derive(Clone, Copy)]
pub struct Value<'c> {
    what: What,
    limit: usize,
    call: PhantomData<&'c *const ()>,
}

/// What there is to be shown.
#[derive(Clone, Copy)]
enum What {
    Nothing,
    Redacted,
    /// The value at an address, which is there while the probe runs.
    Debug {
        show: crate::site::ShowFn,
        at: *const (),
    },
}

impl Value<'_> {
    /// Whether there is more to be seen of it than that it is there.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        matches!(self.what, What::Debug { .. })
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Nothing => f.write_str("_"),
            What::Redacted => f.write_str("<redacted>"),
            What::Debug { show, at } => {
                let mut limited = Limited { out: f, left: self.limit, cut: false, failed: false };
                let written =
                    fmt::Write::write_fmt(&mut limited, format_args!("{}", Raw(show, at)));
                if limited.failed {
                    return Err(fmt::Error);
                }
                // There was more, or the type's own `Debug` has given up.
                if limited.cut || written.is_err() { f.write_str("…") } else { Ok(()) }
            }
        }
    }
}

/// As `Display`.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A value of the call in whose probe this is.
struct Raw(crate::site::ShowFn, *const ());

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the context's function has a value of the function's type there, and it stays while the probe runs,
        // to which the context is bound.
        unsafe { (self.0)(self.1, f) }
    }
}

/// Takes so many bytes and no more.
struct Limited<'f, 'g> {
    out: &'f mut fmt::Formatter<'g>,
    left: usize,
    /// Whether there was more.
    cut: bool,
    /// Whether it was the other side that could not write.
    failed: bool,
}

impl fmt::Write for Limited<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fits = text.len() <= self.left;
        let mut end = text.len().min(self.left);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.left = if fits { self.left - end } else { 0 };
        self.cut |= !fits;
        if self.out.write_str(&text[..end]).is_err() {
            self.failed = true;
            return Err(fmt::Error);
        }
        if fits { Ok(()) } else { Err(fmt::Error) }
    }
}
