//! Adds up what was seen: in one file, on one thread, in all.

use std::fmt;
use std::path::Path;

use gtramp::traceable;

use super::facts::{Facts, MAX_ARGUMENTS, Obstacle, Place, Property};
use super::histogram::{Histogram, Largest};
use super::text::Lines;
use crate::trace::own::ran;

/// Cells for `0..=12` arguments and one for all above.
pub(crate) const CELLS: usize = MAX_ARGUMENTS as usize + 2;

/// What was seen.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// Functions with a body, by argument count.
    pub(crate) functions: Histogram<CELLS>,
    /// Calls of functions and methods, by argument count.
    pub(crate) calls: Histogram<CELLS>,
    pub(crate) places: Histogram<{ Place::ALL.len() }>,
    pub(crate) properties: Histogram<{ Property::ALL.len() }>,
    pub(crate) obstacles: Histogram<{ Obstacle::ALL.len() }>,
    /// The function with the most arguments, by package.
    pub(crate) largest: Largest<String, Location>,
    pub(crate) lines: Lines,
    /// Functions without a body: required by a trait, or foreign.
    pub(crate) declared: u64,
    pub(crate) closures: u64,
    pub(crate) macros: u64,
    pub(crate) statements: u64,
    pub(crate) expressions: u64,
}

#[traceable]
impl Tally {
    pub(crate) fn new() -> Self {
        ran!("Tally::new");
        Self {
            functions: Histogram::new(),
            calls: Histogram::new(),
            places: Histogram::new(),
            properties: Histogram::new(),
            obstacles: Histogram::new(),
            largest: Largest::new(),
            lines: Lines::default(),
            declared: 0,
            closures: 0,
            macros: 0,
            statements: 0,
            expressions: 0,
        }
    }

    /// Adds one function.
    pub(crate) fn add(&mut self, facts: Facts) {
        ran!("Tally::add");
        self.functions.bump(facts.arguments as usize);
        self.places.bump(facts.place as usize);
        for property in Property::ALL {
            if facts.properties.has(property) {
                self.properties.bump(property as usize);
            }
        }
        if let Some(obstacle) = facts.obstacle() {
            self.obstacles.bump(obstacle as usize);
        }
    }

    /// Both tallies in one.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        ran!("Tally::merge");
        self.functions.merge(&other.functions);
        self.calls.merge(&other.calls);
        self.places.merge(&other.places);
        self.properties.merge(&other.properties);
        self.obstacles.merge(&other.obstacles);
        self.largest.merge(other.largest);
        self.lines = self.lines.plus(other.lines);
        self.declared += other.declared;
        self.closures += other.closures;
        self.macros += other.macros;
        self.statements += other.statements;
        self.expressions += other.expressions;
        self
    }
}

/// Where a function is written: its name, file, line and column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Location(String);

#[traceable]
impl Location {
    pub(crate) fn new(root: &Path, file: &Path, line: u32, column: u32, name: &str) -> Self {
        ran!("Location::new");
        let file = file.strip_prefix(root).unwrap_or(file).display();
        Self(format!("{name}, {file}:{line}:{column}"))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
