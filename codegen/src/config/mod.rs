//! What is to be generated: `gtramp.toml`, or its defaults.
//!
//! ```toml
//! max-args = 12                            # argument counts 0 to 12; at most 32
//! args = [0, 1, 2, 5]                      # or just these
//! kinds = ["fentry", "fexit", "fmod_ret"]  # the kinds of probe that can be attached
//! sleepable = true                         # also probes that block
//! lookup = "both"                          # "inline", "hash" or "both"
//! entry = "patch"                          # or "slot": no code is ever written
//! ```

mod parse;
mod values;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::shape::{Lookup, Shape};

/// The largest argument count that stubs can be generated for.
pub const MOST_ARGS: usize = 32;

/// The variable that names the configuration file.
pub const CONFIG_VARIABLE: &str = "GTRAMP_CONFIG";

/// The largest argument count when nothing else is asked for.
const DEFAULT_MAX_ARGS: usize = 12;

/// What is to be generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Argument counts of the functions that can be traced.
    pub args: BTreeSet<usize>,
    /// Kinds of probe that can be attached.
    pub kinds: BTreeSet<Kind>,
    /// Whether probes may block.
    pub sleepable: bool,
    /// How callers find metadata.
    pub lookups: BTreeSet<Lookup>,
    /// How a function is armed.
    pub entry: EntryMode,
}

/// A kind of probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// At a function's entry.
    Fentry,
    /// At its exit.
    Fexit,
    /// Instead of its body.
    FmodRet,
}

/// How a function is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryMode {
    /// By a store to its first instruction.
    Patch,
    /// By a store to its data; every call goes through a pointer.
    Slot,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            args: (0..=DEFAULT_MAX_ARGS).collect(),
            kinds: Kind::ALL.into(),
            sleepable: true,
            lookups: Lookup::ALL.into(),
            entry: EntryMode::Patch,
        }
    }
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or [`Error::Config`]: something in it is wrong.
    pub fn read(path: &Path) -> Result<Config, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        Config::parse(path, &text)
    }

    /// Reads the text of a configuration file; `path` is for messages.
    ///
    /// # Errors
    ///
    /// [`Error::Config`]: something in it is wrong.
    pub fn parse(path: &Path, text: &str) -> Result<Config, Error> {
        parse::entries(text).and_then(|entries| values::config(&entries)).map_err(|fault| {
            Error::Config { path: path.to_owned(), line: fault.line, message: fault.message }
        })
    }

    /// The text of a configuration file that says the same. What has its default is left out.
    #[must_use]
    pub fn to_toml(&self) -> String {
        values::to_toml(self)
    }

    /// The largest argument count.
    #[must_use]
    pub fn max_args(&self) -> usize {
        self.args.last().copied().unwrap_or(0)
    }

    /// The slot counts that occur: a return value that does not fit a register adds the slot of
    /// its out pointer.
    #[must_use]
    pub fn slots(&self) -> BTreeSet<usize> {
        self.args.iter().flat_map(|&args| [args, args + 1]).collect()
    }

    /// The shapes of the callers that are needed, ascending.
    #[must_use]
    pub fn shapes(&self) -> BTreeSet<Shape> {
        let sleepable = if self.sleepable { &[false, true][..] } else { &[false] };
        let mut shapes = BTreeSet::new();
        for slots in self.slots() {
            for &sleepable in sleepable {
                for origin in self.kinds.iter().map(|kind| kind.needs_origin()) {
                    shapes.insert(Shape { slots, sleepable, origin });
                }
            }
        }
        shapes
    }
}

impl Kind {
    /// Every kind, in ascending order.
    pub const ALL: [Kind; 3] = [Kind::Fentry, Kind::Fexit, Kind::FmodRet];

    /// Its name, as attributes and configuration have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Fentry => "fentry",
            Kind::Fexit => "fexit",
            Kind::FmodRet => "fmod_ret",
        }
    }

    /// Whether the caller has to call the function's body itself.
    #[must_use]
    pub fn needs_origin(self) -> bool {
        self != Kind::Fentry
    }
}

impl EntryMode {
    /// Both, in ascending order.
    pub const ALL: [EntryMode; 2] = [EntryMode::Patch, EntryMode::Slot];

    /// Its name, as configuration has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EntryMode::Patch => "patch",
            EntryMode::Slot => "slot",
        }
    }
}

impl serde::Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl serde::Serialize for EntryMode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

crate::serialize::serialize!(Config { args, kinds, sleepable, lookups, entry });

#[cfg(test)]
mod tests;
