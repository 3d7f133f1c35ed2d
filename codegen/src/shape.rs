//! What distinguishes one caller from another.

use crate::serialize::serialize;

/// What a caller has to know about the functions it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// Argument slots, the out pointer of a large return value included.
    pub slots: usize,
    /// The caller may run probes that block.
    pub sleepable: bool,
    /// The caller calls the function's body itself, to run probes after it.
    pub origin: bool,
}

serialize!(Shape { slots, sleepable, origin });

/// How a caller finds the metadata of the function it was entered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lookup {
    /// The site's data points at it.
    Inline,
    /// The function's address is looked up in the hash table.
    Hash,
}

impl Lookup {
    /// Every way, in ascending order.
    pub const ALL: [Lookup; 2] = [Lookup::Inline, Lookup::Hash];

    /// The name of the variant, as Rust text has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Lookup::Inline => "Inline",
            Lookup::Hash => "Hash",
        }
    }
}

impl serde::Serialize for Lookup {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
