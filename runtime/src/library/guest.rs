//! The library's side: probes that a program finds by name.

use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::probe::discard;

use super::abi::{
    ENDED, ENTRY, EXIT, Host, IS_ERR, IS_NONE, LibraryCall, Row, Sink, Table, Text, UNWOUND,
    VERSION, View,
};
use super::layout::Layout;
use super::shared::set_host;

/// Makes a shared library one whose probes a program finds by name: see [`ProbeLibrary`](crate::ProbeLibrary). To be
/// written once, in a crate of type `cdylib`.
///
/// Probes are functions of [`&LibraryCall`](crate::LibraryCall), those under `entry` for before, those under `exit` for after the functions to
/// which the program attaches them. One function may stand under both. They must not block.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// use gtramp::LibraryCall;
///
/// fn count(_: &LibraryCall) {
///     if let Ok(hits) = gtramp::shared::<AtomicU64>("audit", "hits") {
///         hits.fetch_add(1, Relaxed);
///     }
/// }
///
/// fn failures(call: &LibraryCall) {
///     if call.is_err() {
///         println!("{call}");
///     }
/// }
///
/// gtramp::probe_library! {
///     name: "audit",
///     entry: [count],
///     exit: [count, failures],
/// }
/// ```
#[macro_export]
macro_rules! probe_library {
    (
        name: $name:expr
        $(, entry: [$($entry:ident),* $(,)?])?
        $(, exit: [$($exit:ident),* $(,)?])?
        $(,)?
    ) => {
        const _: () = {
            static ROWS: &[$crate::__private::Row] = &[
                $($($crate::__private::Row::entry(::core::stringify!($entry), $entry),)*)?
                $($($crate::__private::Row::exit(::core::stringify!($exit), $exit),)*)?
            ];
            static TABLE: $crate::__private::Table = $crate::__private::Table::new($name, ROWS);

            #[unsafe(no_mangle)]
            unsafe extern "C" fn gtramp_probe_library(
                host: *const $crate::__private::Host,
            ) -> *const $crate::__private::Table {
                // SAFETY: who opens a library promises what this asks for.
                unsafe { $crate::__private::meet(host, &TABLE) }
            }
        };
    };
}

/// What a library does when it is opened.
///
/// # Safety
///
/// It is a program's host, which stays for as long as the library.
#[must_use]
pub unsafe fn meet(host: *const Host, table: &'static Table) -> *const Table {
    // SAFETY: every version begins with its number.
    if unsafe { host.cast::<u32>().read() } != VERSION {
        return core::ptr::null();
    }
    // SAFETY: the caller's promise.
    set_host(unsafe { &*host });
    table
}

impl Row {
    /// A probe for before its functions.
    #[must_use]
    pub const fn entry(name: &'static str, probe: fn(&LibraryCall<'_>)) -> Self {
        Self { name: Text::new(name), kind: ENTRY, run, probe }
    }

    /// A probe for after its functions.
    #[must_use]
    pub const fn exit(name: &'static str, probe: fn(&LibraryCall<'_>)) -> Self {
        Self { name: Text::new(name), kind: EXIT, run, probe }
    }
}

/// Runs a row's probe. A panic ends here: the program is told its text.
extern "C" fn run<'a>(row: &'a Row, view: &'a View<'a>) {
    let call = LibraryCall { view, of_this_thread: PhantomData };
    let Err(payload) = catch_unwind(AssertUnwindSafe(|| (row.probe)(&call))) else { return };
    let text = match payload.downcast_ref::<&str>() {
        Some(text) => text,
        None => payload.downcast_ref::<String>().map_or("a panic without a text", String::as_str),
    };
    // SAFETY: the stage is that of the view.
    unsafe { (view.ops.panicked)(view.stage, Text::new(text)) };
    discard(payload);
}

impl LibraryCall<'_> {
    /// The function's path.
    #[must_use]
    pub fn function(&self) -> &str {
        self.view.path.get()
    }

    /// The cookie that the program has given the function; 0 if it gave none.
    #[must_use]
    pub fn cookie(&self) -> u64 {
        self.view.cookie
    }

    /// A copy of the argument of this name; `None` if there is none, or if it is of another type. A reference to such a
    /// value is one of its type at entry alone.
    #[must_use]
    pub fn arg<T: Plain>(&self, name: &str) -> Option<T> {
        let mut value = MaybeUninit::<T>::uninit();
        let to = value.as_mut_ptr().cast::<c_void>();
        // SAFETY: the stage is that of the view, and there is room for what has this layout.
        unsafe { (self.view.ops.argument)(self.view.stage, Text::new(name), T::LAYOUT, to) }
            // SAFETY: it was written.
            .then(|| unsafe { value.assume_init() })
    }

    fn has(&self, bit: u32) -> bool {
        self.view.outcome & bit != 0
    }

    /// Whether the function has ended: whether this is a probe for after it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.has(ENDED)
    }

    /// Whether the result is `Err(..)`.
    #[must_use]
    pub fn is_err(&self) -> bool {
        self.has(IS_ERR)
    }

    /// Whether the result is `None`.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.has(IS_NONE)
    }

    /// Whether a panic is passing through the function.
    #[must_use]
    pub fn unwound(&self) -> bool {
        self.has(UNWOUND)
    }
}

impl fmt::Display for LibraryCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// # Safety
        ///
        /// `to` is the formatter's address.
        unsafe extern "C" fn write(to: *mut c_void, text: Text<'_>) -> bool {
            // SAFETY: the caller's promise.
            let f = unsafe { &mut *to.cast::<fmt::Formatter<'_>>() };
            f.write_str(text.get()).is_ok()
        }
        let to = core::ptr::from_mut(f).cast::<c_void>();
        let mut sink = Sink { to, write, of: PhantomData };
        // SAFETY: the stage is that of the view.
        let is_written = unsafe { (self.view.ops.show)(self.view.stage, &mut sink) };
        if is_written { Ok(()) } else { Err(fmt::Error) }
    }
}

/// As `Display`.
impl fmt::Debug for LibraryCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A type of arguments of which a library gets copies: numbers, `bool` and `char`.
///
/// # Safety
///
/// Its layout is the same whatever compiled it, and `LAYOUT` is that of no other type.
#[diagnostic::on_unimplemented(
    message = "a library gets no copy of a `{Self}`",
    label = "neither a number nor a `bool` nor a `char`"
)]
pub unsafe trait Plain: Copy + 'static {
    /// What it is.
    #[doc(hidden)]
    const LAYOUT: Layout;
}

/// The types and their numbers: see [`Shared`](super::Shared).
macro_rules! plain {
    ($again:ident) => {
        $again! {
            bool 1, char 2, u8 3, u16 4, u32 5, u64 6, u128 7, usize 8, i8 9, i16 10, i32 11, i64 12, i128 13,
            isize 14, f32 15, f64 16
        }
    };
}

pub(super) use plain;

macro_rules! implement {
    ($($ty:ident $kind:literal),*) => { $(
        // SAFETY: the language says so.
        unsafe impl Plain for $ty {
            const LAYOUT: Layout = Layout::of::<Self>($kind);
        }
    )* };
}

plain!(implement);
