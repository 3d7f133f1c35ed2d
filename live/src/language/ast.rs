//! A program as it was written, before anything is known of the functions.

use std::time::Duration;

use super::word::Term;

/// A part of a program, and the column at which it begins, from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct At<T> {
    pub(crate) what: T,
    pub(crate) column: usize,
}

/// One question: which calls, which of them are kept, and what is done with those.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Program {
    pub(crate) selection: Vec<At<String>>,
    pub(crate) point: Point,
    /// What the scope in force has to have: keys and values.
    pub(crate) scope: Vec<(String, String)>,
    pub(crate) predicate: Option<Expr>,
    pub(crate) actions: Vec<Action>,
    pub(crate) limits: Limits,
}

/// Where in a call the actions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// At the end if something asks for it, else at entry.
    Any,
    Entry,
    Exit,
    /// At the end of the lives of async functions alone.
    Life,
    /// At the end of each poll of their futures.
    Poll,
}

/// What bounds a program; `None` where it does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Limits {
    pub(crate) rate: Option<u64>,
    pub(crate) lasting: Option<Duration>,
    pub(crate) max: Option<u64>,
    pub(crate) every: Option<Duration>,
    /// Of the program's processor time, in percent.
    pub(crate) budget: Option<f64>,
    /// Mebibytes.
    pub(crate) keep: Option<u64>,
    pub(crate) slow: Option<Duration>,
    /// How many calls of the lease a call that is looked at is in, itself among them, at most.
    pub(crate) depth: Option<At<u64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Term(At<Term>),
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, At<Comparison>, Box<Expr>),
}

impl Expr {
    /// Every term in it.
    pub(crate) fn terms<'e>(&'e self, visit: &mut impl FnMut(&'e At<Term>)) {
        match self {
            Self::Term(term) => visit(term),
            Self::Not(inner) => inner.terms(visit),
            Self::And(left, right) | Self::Or(left, right) | Self::Compare(left, _, right) => {
                left.terms(visit);
                right.terms(visit);
            }
        }
    }

    /// Whether only the end of a call tells.
    pub(crate) fn is_of_end(&self) -> bool {
        let mut found = false;
        self.terms(&mut |term| found |= term.what.is_of_end());
        found
    }

    pub(crate) fn column(&self) -> usize {
        match self {
            Self::Term(term) => term.column,
            Self::Not(inner) => inner.column(),
            Self::And(left, _) | Self::Or(left, _) | Self::Compare(left, ..) => left.column(),
        }
    }
}

/// What is done with a call that is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// `@name[keys] = function(value)`.
    Aggregate { name: String, keys: Vec<At<Term>>, function: Aggregate, value: Option<At<Term>> },
    /// `print(items)`.
    Print(Vec<At<Term>>),
    /// `trace(items)`: every call, with its place among the calls around it.
    Trace(Vec<At<Term>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    /// Powers of two.
    Hist,
    /// Steps of one width.
    Lhist {
        from: u64,
        to: u64,
        step: u64,
    },
}

impl Aggregate {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Hist => "hist",
            Self::Lhist { .. } => "lhist",
        }
    }
}
