//! What lists ask of callers.

/// What a list asks of the caller that runs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Needs(u32);

impl Needs {
    /// Nothing: entry probes that do not block.
    pub(crate) const NOTHING: Self = Self(0);
    /// A caller that calls the origin itself.
    pub(crate) const ORIGIN: Self = Self(1);
    /// A caller whose probes may block.
    pub(crate) const SLEEP: Self = Self(2);
    /// A caller that keeps the values of sessions.
    pub(crate) const SESSION: Self = Self(4);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a caller that serves `served` can run a list with these needs.
    #[inline(always)]
    pub(crate) const fn within(self, served: Self) -> bool {
        self.0 & !served.0 == 0
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
