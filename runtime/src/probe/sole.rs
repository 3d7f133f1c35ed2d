//! Which link has a caller to itself.

/// Which link is alone in a list that has a caller of its own, and with what: in one word, so that one
/// reading tells both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Sole(pub(crate) u64);

impl Sole {
    /// No link: the list has no caller of its own.
    pub(crate) const NOBODY: Self = Self(0);

    /// It is alone, with one exit probe: the only odd ones.
    const EXIT: u64 = 1;
    /// It is alone, with anything else.
    const OTHER: u64 = 2;

    /// The link of this attach number, alone, with so many probes of the three kinds.
    pub(crate) fn new(link: u64, entries: usize, mods: usize, exits: usize) -> Self {
        let with = if (entries, mods, exits) == (0, 0, 1) { Self::EXIT } else { Self::OTHER };
        Self(link << 2 | with)
    }

    /// The link's attach number; 0 if there is none.
    pub(crate) fn link(self) -> u64 {
        self.0 >> 2
    }

    /// The link, alone no more.
    pub(crate) fn joined(self) -> Self {
        Self(self.0 & !(Self::EXIT | Self::OTHER))
    }

    /// The link, alone, of which it is known that it has not one exit probe and nothing else.
    #[inline(always)]
    pub(crate) fn alone(self) -> Self {
        Self(self.0 | Self::OTHER)
    }
}
