//! Selections of functions.

use core::any::type_name;
use core::fmt;
use core::marker::PhantomData;
use std::sync::Arc;

use crate::error::Error;
use crate::site::Function;

use super::functions::Registry;
use super::glob::Glob;

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
        self.rules.extend(other.into().rules);
        self
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
    /// [`Error::BadPattern`] and [`Error::NotTraceable`] as they say.
    pub fn resolve(&self) -> Result<Vec<&'static Function>, Error> {
        let all = Registry::get().functions();
        let mut chosen = vec![false; all.len()];
        for rule in &self.rules {
            let (choose, matches) = rule.matcher()?;
            let mut any = false;
            for (chosen, function) in chosen.iter_mut().zip(all) {
                if matches(function) {
                    any = true;
                    *chosen = choose;
                }
            }
            if choose && !any {
                return Err(self.no_match(rule));
            }
        }
        let selected: Vec<_> =
            all.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(f, _)| *f).collect();
        match (selected.is_empty(), self.rules.last()) {
            (false, _) => Ok(selected),
            (true, None) => Err(Error::NoFunctions),
            (true, Some(_)) => Err(Error::NoMatch { pattern: self.text(), near: Vec::new() }),
        }
    }

    fn text(&self) -> String {
        self.rules.iter().map(Rule::text).collect::<Vec<_>>().join(", ")
    }

    fn no_match(&self, rule: &Rule) -> Error {
        match rule {
            Rule::Site(name) => Error::NotTraceable { function: (*name).to_owned() },
            Rule::Pattern(pattern) => {
                Error::NoMatch { pattern: pattern.clone(), near: near(pattern) }
            }
            _ => Error::NoMatch { pattern: rule.text(), near: Vec::new() },
        }
    }
}

type Matches<'r> = Box<dyn Fn(&'static Function) -> bool + 'r>;

impl Rule {
    /// Whether it chooses or excludes, and what.
    fn matcher(&self) -> Result<(bool, Matches<'_>), Error> {
        Ok(match self {
            Self::Pattern(pattern) => {
                let (choose, glob) = match pattern.strip_prefix('!') {
                    Some(excluded) => (false, Glob::new(excluded)?),
                    None => (true, Glob::new(pattern)?),
                };
                (choose, Box::new(move |function| glob.matches(function.path())))
            }
            Self::Site(name) => {
                let functions = Registry::get().by_type_name(name);
                (true, Box::new(|function| contains(functions, function)))
            }
            Self::Module(module) => {
                let below = format!("{module}::");
                (
                    true,
                    Box::new(move |function| {
                        function.module() == module || function.module().starts_with(&below)
                    }),
                )
            }
            Self::File(file) => (
                true,
                Box::new(move |function| std::path::Path::new(function.file()).ends_with(file)),
            ),
            Self::Matching(predicate) => (true, Box::new(|function| predicate(function))),
            Self::Functions(functions) => {
                (true, Box::new(|function| contains(functions, function)))
            }
        })
    }
}

fn contains(functions: &[&'static Function], function: &'static Function) -> bool {
    functions.iter().any(|candidate| core::ptr::eq(*candidate, function))
}

/// The paths most like a pattern.
fn near(pattern: &str) -> Vec<String> {
    const SHOWN: usize = 3;
    const ALIKE: f64 = 0.7;
    let wanted = pattern.trim_end_matches(['*', ':']);
    let wanted_name = wanted.rsplit("::").next().unwrap_or(wanted);
    let likeness = |function: &Function| {
        let whole = strsim::jaro_winkler(wanted, function.path());
        // A right name under a wrong path helps more than a right crate with a wrong name.
        let name = strsim::normalized_damerau_levenshtein(wanted_name, function.name());
        whole.max(name * 0.99)
    };
    let mut scored: Vec<(f64, &str)> = Registry::get()
        .functions()
        .iter()
        .map(|function| (likeness(function), function.path()))
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(SHOWN).map(|(_, path)| path.to_owned()).collect()
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
        let rules = parts.into_iter().flat_map(|part| part.into().rules).collect();
        Self { rules }
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
        Ok(Selector::from(*self).resolve()?[0])
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
