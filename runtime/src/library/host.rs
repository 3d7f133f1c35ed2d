//! The program's side of a call of a library's probe.

use core::cell::RefCell;
use core::ffi::c_void;
use core::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::probe::{Context, Entry, Exit, Payload};

use super::abi::{ENDED, Host, IS_ERR, IS_NONE, Ops, Row, Sink, Text, UNWOUND, VERSION, View};
use super::guest::{Plain, plain};
use super::layout::Layout;
use super::shared::share;

/// What this program has for its libraries.
pub(super) static HOST: Host = Host { version: VERSION, share };

static OPS: Ops = Ops { show, argument, panicked };

/// Where in a call the probe is.
#[derive(Clone, Copy)]
pub(super) enum At<'c> {
    Entry(&'c Entry<'c>),
    Exit(&'c Exit<'c>),
}

/// A call, and what has gone wrong in it.
struct Stage<'c> {
    at: At<'c>,
    /// A panic of a `Debug` of the program's, or the text of one of the library's.
    panic: RefCell<Option<Payload>>,
}

impl At<'_> {
    fn context(&self) -> &Context<'_> {
        match self {
            At::Entry(ctx) => ctx,
            At::Exit(ctx) => ctx,
        }
    }

    fn outcome(&self) -> u32 {
        let At::Exit(ctx) = self else { return 0 };
        let bits = [(ctx.is_err(), IS_ERR), (ctx.is_none(), IS_NONE), (ctx.unwound(), UNWOUND)];
        bits.iter().fold(ENDED, |all, &(is_so, bit)| if is_so { all | bit } else { all })
    }

    fn copied<T: Plain>(&self, name: &str) -> Option<T> {
        match self {
            At::Entry(ctx) => ctx.arg::<T>(name).ok().copied(),
            At::Exit(ctx) => ctx.arg::<T>(name).ok(),
        }
    }
}

/// Runs a library's probe.
///
/// # Panics
///
/// If the probe has, with its text.
pub(super) fn run(row: &Row, at: At<'_>) {
    let stage = Stage { at, panic: RefCell::new(None) };
    let context = at.context();
    let view = View {
        ops: &OPS,
        stage: core::ptr::from_ref(&stage).cast(),
        cookie: context.cookie(),
        path: Text::new(context.function().path()),
        outcome: at.outcome(),
    };
    (row.run)(row, &view);
    if let Some(panic) = stage.panic.into_inner() {
        // It was said already.
        resume_unwind(panic);
    }
}

/// # Safety
///
/// It is that of a view of [`run`], which is running.
unsafe fn stage<'s>(stage: *const c_void) -> &'s Stage<'s> {
    // SAFETY: the caller's promise.
    unsafe { &*stage.cast::<Stage<'_>>() }
}

/// # Safety
///
/// As [`stage`].
unsafe extern "C" fn show(of: *const c_void, sink: &mut Sink<'_>) -> bool {
    struct Out<'a, 's>(&'a mut Sink<'s>);
    impl fmt::Write for Out<'_, '_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            // SAFETY: a sink's two parts belong together.
            let is_written = unsafe { (self.0.write)(self.0.to, Text::new(text)) };
            if is_written { Ok(()) } else { Err(fmt::Error) }
        }
    }
    // SAFETY: the caller's promise.
    let stage = unsafe { stage(of) };
    let shown = || write!(Out(sink), "{}", stage.at.context().call());
    match catch_unwind(AssertUnwindSafe(shown)) {
        Ok(result) => result.is_ok(),
        Err(payload) => {
            stage.panic.replace(Some(payload));
            false
        }
    }
}

/// # Safety
///
/// As [`stage`], and there is room for a value of this layout.
unsafe extern "C" fn argument(
    of: *const c_void,
    name: Text<'_>,
    layout: Layout,
    to: *mut c_void,
) -> bool {
    // SAFETY: the caller's promise.
    let stage = unsafe { stage(of) };
    let name = name.get();
    macro_rules! each {
        ($($ty:ident $_kind:literal),*) => { $(
            if layout == <$ty as Plain>::LAYOUT {
                return match stage.at.copied::<$ty>(name) {
                    Some(value) => {
                        // SAFETY: there is room for it.
                        unsafe { to.cast::<$ty>().write(value) };
                        true
                    }
                    None => false,
                };
            }
        )* };
    }
    plain!(each);
    false
}

/// # Safety
///
/// As [`stage`].
unsafe extern "C" fn panicked(of: *const c_void, text: Text<'_>) {
    // SAFETY: the caller's promise.
    let stage = unsafe { stage(of) };
    let mut panic = stage.panic.borrow_mut();
    // The one of a `Debug` came first.
    if panic.is_none() {
        *panic = Some(Box::new(text.get().to_owned()));
    }
}
