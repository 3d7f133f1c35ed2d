//! Which link has a caller to itself, and the numbers of links.

/// How many bits of a link's number say how often its probes were exchanged.
const EXCHANGES: u32 = 24;

/// The number of a link that is the `attach`-th of the process: of its first probes.
pub(crate) fn number_of(attach: u64) -> u64 {
    attach << EXCHANGES
}

/// The number for the next probes of the link with this number; `None` if it has no more.
///
/// What runs, and what is waited for, are the probes of one number: so those that were exchanged are told from
/// those that came in their place, though both are probes of one link.
pub(crate) fn next_number(number: u64) -> Option<u64> {
    let next = number + 1;
    is_one_link(number, next).then_some(next)
}

/// Whether both are numbers of one link.
#[inline(always)]
pub(crate) fn is_one_link(a: u64, b: u64) -> bool {
    a >> EXCHANGES == b >> EXCHANGES
}

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

    /// The link of this number, alone, with so many probes of the three kinds.
    pub(crate) fn new(link: u64, entries: usize, mods: usize, exits: usize) -> Self {
        let with = if (entries, mods, exits) == (0, 0, 1) { Self::EXIT } else { Self::OTHER };
        Self(link << 2 | with)
    }

    /// The link's number; 0 if there is none.
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
