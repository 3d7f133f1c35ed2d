//! One value as text, whatever its type.

use core::fmt;

/// Shows the value at an address.
///
/// Contract: the value is of the type that the function was made for, and is not changed meanwhile.
pub(crate) type ShowFn = unsafe fn(*const (), &mut fmt::Formatter<'_>) -> fmt::Result;

/// How many bytes of a value are shown unless somebody says otherwise.
pub(crate) const LIMIT: usize = 200;

/// One value of a call as text: see [`Call`](crate::Call).
#[derive(Clone, Copy)]
pub struct Value<'c> {
    what: What<'c>,
    limit: usize,
}

/// What there is to be shown.
#[derive(Clone, Copy)]
pub(crate) enum What<'c> {
    Nothing,
    Redacted,
    /// The value at an address.
    Debug {
        show: ShowFn,
        at: *const (),
    },
    /// What somebody has a reference to.
    Reference(&'c dyn fmt::Debug),
}

impl<'c> Value<'c> {
    /// At most `limit` bytes of it.
    ///
    /// # Safety
    ///
    /// What is at an address stays there for `'c`, and is of the type that it is shown as.
    pub(crate) unsafe fn new(what: What<'c>, limit: usize) -> Self {
        Self { what, limit }
    }

    /// What has `Debug`, if this has.
    pub(crate) fn of(value: Option<&'c dyn fmt::Debug>) -> Self {
        Self { what: value.map_or(What::Nothing, What::Reference), limit: LIMIT }
    }

    /// What is kept back.
    pub(crate) fn redacted() -> Self {
        Self { what: What::Redacted, limit: LIMIT }
    }

    /// Whether there is more to be seen of it than that it is there.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        matches!(self.what, What::Debug { .. } | What::Reference(_))
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut limited = Limited { out: f, left: self.limit, cut: false, failed: false };
        let written = match self.what {
            What::Nothing => return f.write_str("_"),
            What::Redacted => return f.write_str("<redacted>"),
            What::Debug { show, at } => {
                fmt::Write::write_fmt(&mut limited, format_args!("{}", Raw(show, at)))
            }
            What::Reference(value) => {
                fmt::Write::write_fmt(&mut limited, format_args!("{value:?}"))
            }
        };
        if limited.failed {
            return Err(fmt::Error);
        }
        // There was more, or the type's own `Debug` has given up.
        if limited.cut || written.is_err() { f.write_str("…") } else { Ok(()) }
    }
}

/// As `Display`.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The value at an address, which is there.
struct Raw(ShowFn, *const ());

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: who made the `Value` has promised it.
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
