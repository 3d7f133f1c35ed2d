//! A program, checked against the functions it selects: everything that can be refused is refused here.

use std::time::Duration;

use gtramp::{Function, Selector};

use super::ast::{Action, Aggregate, At, Comparison, Expr, Point, Program, Term};
use super::compile::Compiler;
use super::error::Wrong;
use super::value::{Kept, Reader};

/// What is attached and what it does.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) functions: Vec<Planned>,
    /// Whether something is asked for that only the end of a call tells.
    pub(crate) at_end: bool,
    /// What is asked at entry: a call of which it is not true is not followed.
    pub(crate) entry: Option<Test>,
    /// What is asked at the end.
    pub(crate) end: Option<Test>,
    pub(crate) steps: Vec<Step>,
    /// The arguments that are kept until the end, by their places in [`Planned::arguments`].
    pub(crate) kept: Vec<usize>,
    pub(crate) wants: Wants,
    pub(crate) limits: Bounds,
}

/// What costs something and is done only if asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    pub(crate) clock: bool,
    pub(crate) depth: bool,
    pub(crate) args: bool,
}

/// One function of a plan.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) function: &'static Function,
    /// Its call is the life of a future, on any number of threads.
    pub(crate) is_async: bool,
    /// Where the arguments are that the program names, in its order.
    pub(crate) arguments: Box<[(usize, Reader)]>,
    pub(crate) ret: Option<Reader>,
}

/// A value of a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Literal(Kept),
    Func,
    Thread,
    Latency,
    Depth,
    Panic,
    Cancelled,
    Err,
    Ret,
    /// By its place in [`Planned::arguments`].
    Arg(usize),
    /// Texts.
    Args,
    Stack,
}

/// A predicate.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Is(Operand),
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Compare(Operand, Comparison, Operand),
}

/// What is done with a call that is kept.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Aggregate {
        name: String,
        keys: Vec<(String, Operand)>,
        function: Aggregate,
        value: Option<Value>,
    },
    /// Shows a call, and if it is traced, its place among those around it.
    Show { items: Vec<(String, Operand)>, traced: bool },
}

/// A value that is added up, with its name.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) operand: Operand,
}

impl core::fmt::Display for Bounds {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { rate, max, lasting, every, budget } = self;
        write!(f, "for {lasting:?} rate {rate}/s max {max} budget {}%", budget * 100.0)?;
        every.map_or(Ok(()), |every| write!(f, " every {every:?}"))
    }
}

/// What bounds a program. There is no program without.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    /// Events that are shown in a second.
    pub(crate) rate: u64,
    /// Events that are shown in all.
    pub(crate) max: u64,
    pub(crate) lasting: Duration,
    pub(crate) every: Option<Duration>,
    /// How much of the program's processor time the probes may take: 0.1 is a tenth.
    pub(crate) budget: f64,
}

/// How long a lease lasts unless it says.
pub(crate) const LASTING: Duration = Duration::from_secs(60);
/// How long it may last.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// In percent of the program's processor time.
const BUDGET: f64 = 10.0;
const RATE: u64 = 1_000;
const MAX: u64 = 10_000;
/// Of events of `trace()`, which are small and many.
const TRACE_RATE: u64 = 1_000_000;
const TRACE_MAX: u64 = 10_000_000;

impl Plan {
    /// Resolves and checks; nothing is attached.
    pub(crate) fn of(program: &Program) -> Result<Self, Wrong> {
        let functions = select(&program.selection)?;
        let mut compiler = Compiler::new(functions);
        let mut at_end = program.point == Point::Exit;
        let mut each_term = |term: &At<Term>| {
            at_end |= term.what.is_of_end();
            if program.point == Point::Entry && term.what.is_of_end() {
                let message = format!("`{}` is not known at .entry", term.what.text());
                return Err(Wrong::at(term.column, message));
            }
            compiler.declare(term)
        };
        let mut result = Ok(());
        if let Some(predicate) = &program.predicate {
            predicate.terms(&mut |term| {
                if result.is_ok() {
                    result = each_term(term);
                }
            });
        }
        result?;
        let mut traces = false;
        for action in &program.actions {
            match action {
                Action::Aggregate { keys, value, .. } => {
                    keys.iter().chain(value).try_for_each(&mut each_term)?;
                }
                Action::Print(items) => items.iter().try_for_each(&mut each_term)?,
                Action::Trace(items) => {
                    traces = true;
                    items.iter().try_for_each(&mut each_term)?;
                }
            }
        }
        at_end |= traces;
        compiler.check_declared()?;

        let (mut entry, mut end) = (None, None);
        if let Some(predicate) = &program.predicate {
            conjunction(predicate, &mut |part| {
                let test = compiler.predicate(part)?;
                let side = if at_end && part.is_of_end() { &mut end } else { &mut entry };
                *side = Some(match side.take() {
                    Some(before) => Test::And(Box::new(before), Box::new(test)),
                    None => test,
                });
                Ok(())
            })?;
        }
        let steps: Vec<Step> =
            program.actions.iter().map(|action| compiler.step(action)).collect::<Result<_, _>>()?;
        let mut plan = Self {
            functions: compiler.into_functions(),
            at_end,
            entry,
            end,
            steps,
            kept: Vec::new(),
            wants: Wants { clock: traces, depth: traces, args: false },
            limits: bounds(program, traces)?,
        };
        plan.look_at_operands();
        Ok(plan)
    }

    /// What the operands ask for.
    fn look_at_operands(&mut self) {
        let (mut wants, mut kept) = (self.wants, Vec::new());
        let mut look = |operand: &Operand, late: bool| match operand {
            Operand::Latency => wants.clock = true,
            Operand::Depth => wants.depth = true,
            Operand::Args => wants.args = true,
            Operand::Arg(place) if late && !kept.contains(place) => kept.push(*place),
            _ => {}
        };
        if let Some(test) = &self.entry {
            test.operands(&mut |operand| look(operand, false));
        }
        if let Some(test) = &self.end {
            test.operands(&mut |operand| look(operand, true));
        }
        for step in &self.steps {
            match step {
                Step::Aggregate { keys, value, .. } => {
                    let operands = keys.iter().map(|(_, operand)| operand);
                    let value = value.as_ref().map(|value| &value.operand);
                    operands.chain(value).for_each(|operand| look(operand, self.at_end));
                }
                Step::Show { items, .. } => {
                    items.iter().for_each(|(_, operand)| look(operand, self.at_end));
                }
            }
        }
        kept.sort_unstable();
        (self.wants, self.kept) = (wants, kept);
    }
}

impl Test {
    fn operands(&self, visit: &mut impl FnMut(&Operand)) {
        match self {
            Self::Is(operand) => visit(operand),
            Self::Not(inner) => inner.operands(visit),
            Self::And(left, right) | Self::Or(left, right) => {
                left.operands(visit);
                right.operands(visit);
            }
            Self::Compare(left, _, right) => {
                visit(left);
                visit(right);
            }
        }
    }
}

/// Each part of `a && b && c`: those that can be answered at entry are.
fn conjunction<'e>(
    expr: &'e Expr,
    each: &mut impl FnMut(&'e Expr) -> Result<(), Wrong>,
) -> Result<(), Wrong> {
    match expr {
        Expr::And(left, right) => {
            conjunction(left, each)?;
            conjunction(right, each)
        }
        part => each(part),
    }
}

fn select(selection: &[At<String>]) -> Result<Vec<&'static Function>, Wrong> {
    let mut selector = Selector::default();
    for pattern in selection {
        let one = match pattern.what.strip_prefix(':') {
            Some(file) if !file.starts_with(':') => Selector::file(file),
            _ => Selector::from(pattern.what.as_str()),
        };
        // Each by itself first, so that the message has a column.
        if !pattern.what.starts_with('!') {
            one.resolve().map_err(|error| Wrong::at(pattern.column, error.to_string()))?;
        }
        selector = selector.and(one);
    }
    selector.resolve().map_err(|error| Wrong::whole(error.to_string()))
}

fn bounds(program: &Program, traces: bool) -> Result<Bounds, Wrong> {
    let limits = &program.limits;
    let lasting = limits.lasting.unwrap_or(LASTING);
    if lasting > LONGEST || lasting.is_zero() {
        return Err(Wrong::whole(format!("`for {lasting:?}`: from 1ns to {LONGEST:?}")));
    }
    let budget = limits.budget.unwrap_or(BUDGET) / 100.0;
    let every = limits.every.map(|every| every.max(Duration::from_millis(10)));
    Ok(Bounds {
        rate: limits.rate.unwrap_or(if traces { TRACE_RATE } else { RATE }),
        max: limits.max.unwrap_or(if traces { TRACE_MAX } else { MAX }),
        lasting,
        every,
        budget,
    })
}
