//! Selections of functions.

use core::any::type_name;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;
use std::sync::Arc;

use crate::error::Error;
use crate::site::Function;
use crate::sys::{OutOfMemory, push, reserve};

use super::functions::Registry;
use super::glob::Glob;
use super::known::{known, note};
use super::near::near;

/// Which functions a link is attached to.
///
/// Made of patterns (`"bank::**"`, `["bank::**", "!bank::audit::*"]`; `!` excludes, and the last
/// pattern that matches a function decides), of a [`Site`], or by one of the functions below.
///
/// ```
/// use gtramp::Selector;
///
/// let by_path = Selector::from("bank::Ledger::fee");
/// let most = Selector::from(["bank::**", "!bank::audit::*"]);
/// let small = Selector::matching(|function| function.argument_count() < 3);
/// let here = Selector::module("bank::ledger");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Selector {
    rules: Vec<Rule>,
}

#[derive(Clone)]
enum Rule {
    /// A pattern as written, with its `!`.
    Pattern(String),
    /// The compiler's name of a function item.
    Site(&'static str),
    Module(String),
    File(String),
    Matching(Arc<dyn Fn(&Function) -> bool + Send + Sync>),
    Functions(Vec<&'static Function>),
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Rule {
    fn text(&self) -> String {
        match self {
            Self::Pattern(pattern) => pattern.clone(),
            Self::Site(name) => format!("site!({name})"),
            Self::Module(module) => format!("module {module}"),
            Self::File(file) => format!("file {file}"),
            Self::Matching(_) => "a predicate".to_owned(),
            Self::Functions(functions) => format!("{} functions", functions.len()),
        }
    }
}

impl Selector {
    fn of(rule: Rule) -> Self {
        Self { rules: vec![rule] }
    }

    /// The functions of which `predicate` says so.
    pub fn matching(predicate: impl Fn(&Function) -> bool + Send + Sync + 'static) -> Self {
        Self::of(Rule::Matching(Arc::new(predicate)))
    }

    /// The functions written in a module or in one below it.
    pub fn module(path: impl Into<String>) -> Self {
        Self::of(Rule::Module(path.into()))
    }

    /// The functions written in a file: `src/ledger.rs` means every file whose path ends with
    /// these components.
    pub fn file(path: impl Into<String>) -> Self {
        Self::of(Rule::File(path.into()))
    }

    /// Both selections; where they disagree, `other` decides.
    #[must_use]
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        other.into().rules.into_iter().for_each(|rule| self.push(rule));
        self
    }

    /// Adds a rule. Functions after functions are one rule.
    fn push(&mut self, rule: Rule) {
        match (self.rules.last_mut(), rule) {
            (Some(Rule::Functions(before)), Rule::Functions(more)) => before.extend(more),
            (_, rule) => self.rules.push(rule),
        }
    }

    /// Whether it says nothing, so that it cannot select anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The functions, in the order of [`functions`](super::functions).
    ///
    /// # Errors
    ///
    /// [`Error::NoMatch`] if the selection is empty, or one of its rules matches nothing at all;
    /// [`Error::BadPattern`], [`Error::NotTraceable`] and [`Error::OutOfMemory`] as they say.
    pub fn resolve(&self) -> Result<Vec<&'static Function>, Error> {
        let registry = Registry::get().map_err(no_memory)?;
        let mut chosen = Chosen::default();
        for rule in &self.rules {
            match rule.choice(registry)? {
                Choice::Of(indices) if indices.is_empty() => {
                    return Err(rule.no_match(registry.functions()));
                }
                Choice::Of(indices) => chosen.add(indices).map_err(no_memory)?,
                Choice::NotBelow(range, glob) => chosen.remove(range, |index| {
                    glob.matches_rest(registry.functions()[index as usize].path())
                }),
            }
        }
        let chosen = chosen.sorted();
        match (chosen.is_empty(), self.rules.last()) {
            (false, _) => {
                let mut functions = Vec::new();
                reserve(&mut functions, chosen.len()).map_err(no_memory)?;
                functions.extend(chosen.iter().map(|&index| &registry.functions()[index as usize]));
                Ok(functions)
            }
            (true, None) => Err(Error::NoFunctions),
            (true, Some(_)) => Err(Error::NoMatch { pattern: self.text(), near: Vec::new() }),
        }
    }

    fn text(&self) -> String {
        self.rules.iter().map(Rule::text).collect::<Vec<_>>().join(", ")
    }
}

fn no_memory(refused: OutOfMemory) -> Error {
    Error::OutOfMemory { function: None, what: "the list of functions", bytes: refused.bytes }
}

/// What a rule does with functions, which are named by their place in the listing.
enum Choice {
    /// It chooses these, in order unless they are functions that somebody had in his hands.
    Of(Vec<u32>),
    /// It leaves out those of a range that the glob matches.
    NotBelow(Range<usize>, Glob),
}

/// So many functions are few.
const FEW: usize = 1024;

impl Rule {
    /// That it chooses none of these functions, which are all.
    fn no_match(&self, all: &'static [Function]) -> Error {
        match self {
            Self::Site(name) => Error::NotTraceable { function: (*name).to_owned() },
            Self::Pattern(pattern) => {
                Error::NoMatch { pattern: pattern.clone(), near: near(pattern, all) }
            }
            _ => Error::NoMatch { pattern: self.text(), near: Vec::new() },
        }
    }

    fn choice(&self, registry: &'static Registry) -> Result<Choice, Error> {
        let all = registry.functions();
        let within = |range: Range<usize>, matches: &dyn Fn(&Function) -> bool| {
            let begin = u32::try_from(range.start).expect("fewer than 2^32 functions");
            // Most that are asked for are wanted, if few are asked for.
            let mut indices = Vec::new();
            reserve(&mut indices, range.len().min(FEW)).map_err(no_memory)?;
            for (index, function) in (begin..).zip(&all[range]) {
                if matches(function) {
                    push(&mut indices, index).map_err(no_memory)?;
                }
            }
            Ok(Choice::Of(indices))
        };
        Ok(match self {
            Self::Pattern(pattern) => match pattern.strip_prefix('!') {
                Some(excluded) => {
                    let glob = Glob::new(excluded)?;
                    Choice::NotBelow(registry.beginning_with(glob.prefix()), glob)
                }
                None => {
                    let glob = Glob::new(pattern)?;
                    let range = registry.beginning_with(glob.prefix());
                    within(range, &|function| glob.matches_rest(function.path()))?
                }
            },
            Self::Site(name) => Choice::Of(registry.by_type_name(name).map_err(no_memory)?),
            Self::Module(module) => within(0..all.len(), &|function| {
                let below = function.module().strip_prefix(module.as_str());
                below.is_some_and(|below| below.is_empty() || below.starts_with("::"))
            })?,
            Self::File(file) => within(0..all.len(), &|function| {
                std::path::Path::new(function.file()).ends_with(file)
            })?,
            Self::Matching(predicate) => within(0..all.len(), &**predicate)?,
            Self::Functions(functions) => {
                let mut indices = Vec::new();
                reserve(&mut indices, functions.len()).map_err(no_memory)?;
                let places = functions.iter().map(|function| registry.index_of(function));
                indices.extend(places.flatten());
                // One of another shared object's chooses nothing.
                Choice::Of(if indices.len() == functions.len() { indices } else { Vec::new() })
            }
        })
    }
}

/// The functions chosen so far, by their places in the listing.
#[derive(Default)]
struct Chosen {
    /// In any order, some of them several times.
    indices: Vec<u32>,
}

impl Chosen {
    fn add(&mut self, indices: Vec<u32>) -> Result<(), OutOfMemory> {
        if self.indices.is_empty() {
            self.indices = indices;
        } else {
            reserve(&mut self.indices, indices.len())?;
            self.indices.extend(indices);
        }
        Ok(())
    }

    fn remove(&mut self, range: Range<usize>, is_one: impl Fn(u32) -> bool) {
        self.indices.retain(|&index| !(range.contains(&(index as usize)) && is_one(index)));
    }

    /// In order, each once.
    fn sorted(mut self) -> Vec<u32> {
        // Patterns that are written in order choose in order: then there is nothing to sort.
        self.indices.sort_unstable();
        self.indices.dedup();
        self.indices
    }
}

impl From<&str> for Selector {
    fn from(pattern: &str) -> Self {
        Self::of(Rule::Pattern(pattern.to_owned()))
    }
}

impl From<String> for Selector {
    fn from(pattern: String) -> Self {
        Self::of(Rule::Pattern(pattern))
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for Selector {
    fn from(parts: [T; N]) -> Self {
        parts.into_iter().collect()
    }
}

impl From<&[&str]> for Selector {
    fn from(patterns: &[&str]) -> Self {
        patterns.iter().copied().collect()
    }
}

impl<T: Into<Self>> From<Vec<T>> for Selector {
    fn from(parts: Vec<T>) -> Self {
        parts.into_iter().collect()
    }
}

impl<T: Into<Self>> FromIterator<T> for Selector {
    fn from_iter<I: IntoIterator<Item = T>>(parts: I) -> Self {
        parts.into_iter().fold(Self::default(), Self::and)
    }
}

impl From<&'static Function> for Selector {
    fn from(function: &'static Function) -> Self {
        Self::of(Rule::Functions(vec![function]))
    }
}

/// One function, named by its path in the program: what [`site!`](crate::site!) makes.
///
/// `F` is the type of the function item, which lets the compiler check what can be checked of
/// the types before the program runs.
pub struct Site<F> {
    function: PhantomData<fn() -> F>,
}

impl<F> Site<F> {
    /// The site of a function item. Use [`site!`](crate::site!).
    #[doc(hidden)]
    #[must_use]
    pub fn new(_: &F) -> Self {
        Self { function: PhantomData }
    }

    /// The function.
    ///
    /// # Errors
    ///
    /// [`Error::NotTraceable`] if it has no site.
    pub fn function(&self) -> Result<&'static Function, Error> {
        let name = type_name::<F>();
        if let Some(function) = known(name) {
            return Ok(function);
        }
        let function = Selector::from(*self).resolve()?[0];
        note(name, function);
        Ok(function)
    }
}

impl<F> Clone for Site<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Site<F> {}

impl<F> fmt::Debug for Site<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "site!({})", type_name::<F>())
    }
}

impl<F> From<Site<F>> for Selector {
    fn from(_: Site<F>) -> Self {
        Self::of(Rule::Site(type_name::<F>()))
    }
}
