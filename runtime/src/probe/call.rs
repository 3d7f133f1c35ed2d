//! A call as text: what a probe can show of it without naming a type.

use core::fmt;

use crate::site::{Field, Fields, LIMIT, Shows, Value, Variant, What};

use super::context::{ArgumentKey, Context, Exit};
use super::frame::Outcome;

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
        Some(self.value(what_of(
            function.shown()[function.argument_count()].shows(),
            frame.ret.cast_const(),
        )))
    }

    fn value(&self, what: What<'c>) -> Value<'c> {
        // SAFETY: what a context finds in its frame stays there while the probe runs, to which it is bound.
        unsafe { Value::new(what, self.limit) }
    }
}

impl<'c> Context<'c> {
    /// A member of an argument, or of the result, by its path: the argument's name (`return` for the result) and
    /// the members' behind it, with dots between them, such as `self.owner.id` or `pair.0`.
    ///
    /// The types on the way have opted in with [`#[derive(Fields)]`](macro@crate::Fields). `None` if there is no such
    /// argument or member, if a value is of a variant without it, if a type on the way has not opted in, and for what
    /// is not there at this time of the call (see [`Call`]). An argument called `r#return` is not found.
    ///
    /// ```
    /// # use gtramp::{Entry, Fields, traceable};
    /// # use std::sync::atomic::{AtomicU64, Ordering};
    /// #[derive(Debug, Fields)]
    /// struct Account {
    ///     id: u64,
    ///     owner: String,
    /// }
    ///
    /// impl Account {
    ///     #[traceable]
    ///     fn pay(&self, amount: u64) -> u64 {
    ///         amount / 100
    ///     }
    /// }
    ///
    /// # static SEEN: AtomicU64 = AtomicU64::new(0);
    /// # let account = Account { id: 7, owner: "ann".to_owned() };
    /// # account.pay(1);
    /// let link = gtramp::fentry("**::Account::pay", |ctx: &Entry| {
    ///     let id: Option<u64> = ctx.field("self.id").and_then(|id| id.get().copied());
    ///     # SEEN.store(id.unwrap(), Ordering::Relaxed);
    ///     # assert_eq!(ctx.field("self.owner").unwrap().to_string(), "\"ann\"");
    /// })?;
    /// account.pay(500);
    /// # assert_eq!(SEEN.load(Ordering::Relaxed), 7);
    /// # Ok::<(), gtramp::Error>(())
    /// ```
    #[must_use]
    pub fn field(&self, path: &str) -> Option<Field<'c>> {
        let mut names = path.split('.');
        let root = names.next()?;
        let whole = if root == "return" { self.result_whole() } else { self.argument_whole(root) };
        names.try_fold(whole?, |field, name| field.field(name))
    }

    fn argument_whole(&self, name: &str) -> Option<Field<'c>> {
        let index = self.function().position(name)?;
        let shows = self.function().shown()[index].shows();
        let at = match shows {
            Shows::Debug { .. } => self.place_of(index, shows)?,
            _ => core::ptr::null(),
        };
        // SAFETY: it is there.
        Some(unsafe { whole(shows, at) })
    }

    fn result_whole(&self) -> Option<Field<'c>> {
        let (function, frame) = (self.function(), self.frame());
        if !frame.outcome.has_result() {
            return None;
        }
        // SAFETY: it is there.
        Some(unsafe {
            whole(function.shown()[function.argument_count()].shows(), frame.ret.cast_const())
        })
    }

    /// How the argument at `index`, of which there is one, is shown at this time of the call.
    fn argument_as_text(&self, index: usize) -> What<'c> {
        let shows = self.function().shown()[index].shows();
        match (shows, self.place_of(index, shows)) {
            (Shows::Debug { .. }, None) => What::Nothing,
            (_, at) => what_of(shows, at.unwrap_or(core::ptr::null())),
        }
    }

    /// Where the argument at `index` is, of which this can be shown, if it is still there.
    fn place_of(&self, index: usize, shows: &Shows) -> Option<*const ()> {
        let Shows::Debug { copied, .. } = shows else { return None };
        let description = self.function().description();
        // Its written identity is that of a type without lifetimes exactly if there are none in it.
        let is_still_there = match self.frame().outcome {
            Outcome::Polled => false,
            Outcome::Running => true,
            _ => copied.is_some_and(|id| description.source.arg_id(index) == Some(id())),
        };
        is_still_there.then(|| {
            let slot = self.slot(index);
            if description.types.args[index].in_slot {
                return slot.cast();
            }
            // SAFETY: the frame has a slot for every argument of its function.
            let slot = unsafe { *slot };
            // SAFETY: a large argument's slot holds its address.
            unsafe { slot.address() }.cast_const()
        })
    }
}

/// A whole argument or result, of which this can be shown.
///
/// # Safety
///
/// If this is something, the value is at this address, for as long as the context of which it is a part.
unsafe fn whole<'c>(shows: &Shows, at: *const ()) -> Field<'c> {
    // SAFETY: the caller's promise.
    let value = unsafe { Value::new(what_of(shows, at), LIMIT) };
    let fields = match shows {
        Shows::Debug { fields: Some(fields), .. } => Some(fields(at)),
        _ => None,
    };
    // SAFETY: the caller's promise.
    let fields = fields.map(|fields| unsafe { &*fields } as &'c (dyn Fields + 'c));
    Field::whole(value, fields)
}

/// How a value is shown of which this can be, at this address.
fn what_of<'c>(shows: &Shows, at: *const ()) -> What<'c> {
    match shows {
        Shows::Debug { show, .. } => What::Debug { show: *show, at },
        Shows::Redacted => What::Redacted,
        Shows::Nothing | Shows::Variant(_) => What::Nothing,
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
