//! What a program and a library that it opens hand to each other.
//!
//! All of it has C's layout, and what is called C's calling convention. A change of anything here is another
//! [`VERSION`], and each side looks at the other's before at anything else.

use core::ffi::c_void;
use core::marker::PhantomData;

use super::layout::Layout;

/// Of all that is in this file and in the numbers of [`Layout`].
pub(super) const VERSION: u32 = 1;

/// What a library exports: it is handed the program's [`Host`], and returns what it has; null if it does not know such
/// a host.
pub type LibraryStart = unsafe extern "C" fn(*const Host) -> *const Table;

/// A text of the other side's.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Text<'t> {
    at: *const u8,
    bytes: usize,
    of: PhantomData<&'t str>,
}

// SAFETY: it is a `&str`.
unsafe impl Send for Text<'_> {}
// SAFETY: as above.
unsafe impl Sync for Text<'_> {}

impl<'t> Text<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { at: text.as_ptr(), bytes: text.len(), of: PhantomData }
    }

    pub(super) fn get(self) -> &'t str {
        // SAFETY: `new` took it apart.
        let bytes = unsafe { core::slice::from_raw_parts(self.at, self.bytes) };
        // SAFETY: as above.
        unsafe { core::str::from_utf8_unchecked(bytes) }
    }
}

/// What a program has for the libraries that it opens.
#[derive(Debug)]
#[repr(C)]
pub struct Host {
    pub(super) version: u32,
    pub(super) share: for<'a> extern "C" fn(&Ask<'a>) -> Answer<'static>,
}

/// A value is asked for.
#[repr(C)]
pub(super) struct Ask<'a> {
    pub(super) library: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) layout: Layout,
    pub(super) type_name: Text<'a>,
}

/// Where it is; null if there is no room for it, or if what is there has another layout.
#[repr(C)]
pub(super) struct Answer<'a> {
    pub(super) at: *mut c_void,
    pub(super) layout: Layout,
    pub(super) type_name: Text<'a>,
}

/// What a library has.
#[repr(C)]
pub struct Table {
    pub(super) version: u32,
    pub(super) name: Text<'static>,
    rows: *const Row,
    count: usize,
}

// SAFETY: it does not change.
unsafe impl Sync for Table {}

impl Table {
    /// Of a library of this name.
    #[must_use]
    pub const fn new(name: &'static str, rows: &'static [Row]) -> Self {
        Self { version: VERSION, name: Text::new(name), rows: rows.as_ptr(), count: rows.len() }
    }

    pub(super) fn rows(&self) -> &[Row] {
        // SAFETY: `new` took them apart.
        unsafe { core::slice::from_raw_parts(self.rows, self.count) }
    }
}

/// A row is a probe before its functions.
pub(super) const ENTRY: u32 = 1;

/// A row is a probe after its functions.
pub(super) const EXIT: u32 = 2;

/// One probe.
#[repr(C)]
pub struct Row {
    pub(super) name: Text<'static>,
    pub(super) kind: u32,
    pub(super) run: for<'a> extern "C" fn(&'a Row, &'a View<'a>),
    /// The library's own.
    pub(super) probe: fn(&LibraryCall<'_>),
}

/// The call, as a probe of a library sees it: [`probe_library!`](crate::probe_library).
///
/// As text it is [`Context::call`](crate::Context::call) of the program.
#[derive(Clone, Copy)]
pub struct LibraryCall<'c> {
    pub(super) view: &'c View<'c>,
    pub(super) of_this_thread: PhantomData<*const ()>,
}

/// One call, as a probe of a library is handed it.
#[repr(C)]
pub(super) struct View<'c> {
    pub(super) ops: &'c Ops,
    /// The program's own.
    pub(super) stage: *const c_void,
    pub(super) cookie: u64,
    pub(super) path: Text<'c>,
    /// The bits below.
    pub(super) outcome: u32,
}

/// The call has ended.
pub(super) const ENDED: u32 = 1;
/// Its result is an `Err`.
pub(super) const IS_ERR: u32 = 2;
/// Its result is `None`.
pub(super) const IS_NONE: u32 = 4;
/// It unwound.
pub(super) const UNWOUND: u32 = 8;

/// What a library can ask of a call. Each is handed the view's `stage`.
#[repr(C)]
pub(super) struct Ops {
    /// Writes the call as text to a sink; whether nothing went wrong.
    pub(super) show: unsafe extern "C" fn(*const c_void, &mut Sink<'_>) -> bool,
    /// Writes a copy of the argument of this name to an address, if it has this layout; whether it has.
    pub(super) argument: unsafe extern "C" fn(*const c_void, Text<'_>, Layout, *mut c_void) -> bool,
    /// Notes the text of the probe's panic.
    pub(super) panicked: unsafe extern "C" fn(*const c_void, Text<'_>),
}

/// Takes text.
#[repr(C)]
pub(super) struct Sink<'s> {
    pub(super) to: *mut c_void,
    pub(super) write: unsafe extern "C" fn(*mut c_void, Text<'_>) -> bool,
    pub(super) of: PhantomData<&'s mut ()>,
}

macro_rules! opaque {
    ($($ty:ident),*) => { $(
        impl core::fmt::Debug for $ty {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_tuple(stringify!($ty)).field(&self.name.get()).finish()
            }
        }
    )* };
}

opaque!(Table, Row);
