//! A program, checked against the functions it selects: everything that can be refused is refused here.

use gtramp::{Function, Selector};

use super::ast::{Action, Aggregate, At, Comparison, Expr, Point, Program};
use super::bounds::{Bounds, bounds};
use super::compile::Compiler;
use super::error::Wrong;
use super::value::{Argument, Return};
use super::word::{Term, Word};

/// What is attached and what it does.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) functions: Vec<Planned>,
    /// Whether something is asked for that only the end of a call tells.
    pub(crate) at_end: bool,
    /// Whether it looks at the polls of futures, each when it ends. Then all is asked there, as if it were an entry.
    pub(crate) of_polls: bool,
    /// What the scope in force at entry has to have: keys and values.
    pub(crate) scope: Vec<(String, String)>,
    /// What is asked at entry: a call of which it is not true is not followed.
    pub(crate) entry: Option<Test>,
    /// What is asked at the end.
    pub(crate) end: Option<Test>,
    pub(crate) steps: Vec<Step>,
    /// The arguments that are kept until the end, by their places in [`Planned::arguments`].
    pub(crate) kept: Vec<usize>,
    pub(crate) wants: Wants,
    pub(crate) limits: Bounds,
    /// What whoever reads the results has to know.
    pub(crate) note: Option<String>,
}

/// What costs something and is done only if asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    pub(crate) clock: bool,
    pub(crate) depth: bool,
    pub(crate) args: bool,
    /// Whether the result is an error.
    pub(crate) err: bool,
    pub(crate) self_time: bool,
}

/// One function of a plan.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) function: &'static Function,
    /// Its call is the life of a future, on any number of threads.
    pub(crate) is_async: bool,
    /// Where the arguments are that the program names, in its order.
    pub(crate) arguments: Box<[Place]>,
    /// How the result is read; else there is only its text.
    pub(crate) ret: Option<Return>,
}

/// An argument of a function, or a member of it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) index: usize,
    /// How it is read; else there is only its text.
    pub(crate) reader: Option<Argument>,
    /// The path of a member, with the argument's name; then there is no reader.
    pub(crate) member: Option<Box<str>>,
}

/// A predicate.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Is(Term<usize>),
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Compare(Term<usize>, Comparison, Term<usize>),
}

/// What is done with a call that is kept.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Aggregate {
        name: String,
        keys: Vec<(String, Term<usize>)>,
        function: Aggregate,
        value: Option<Value>,
    },
    /// Shows a call, and if it is traced, its place among those around it.
    Show { items: Vec<(String, Term<usize>)>, traced: bool },
}

/// A value that is added up, with its name.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) operand: Term<usize>,
}

impl Plan {
    /// Resolves and checks; nothing is attached.
    pub(crate) fn of(program: &Program) -> Result<Self, Wrong> {
        let functions = select(&program.selection)?;
        let mut compiler = Compiler::new(functions);
        match program.point {
            Point::Life => compiler.only_lives(".life")?,
            Point::Poll => compiler.only_lives(".poll")?,
            Point::Any | Point::Entry | Point::Exit => {}
        }
        let of_polls = program.point == Point::Poll;
        let mut at_end = matches!(program.point, Point::Exit | Point::Life);
        let mut each_term = |term: &At<Term>| {
            if of_polls {
                return at_poll(term).and_then(|()| compiler.declare(term));
            }
            if let Term::Word(word) = term.what
                && word.is_of_polls()
            {
                let message = format!("`{}` is of single polls: write `.poll`", word.text());
                return Err(Wrong::at(term.column, message));
            }
            // How deep a call is tells who sees those around it end.
            at_end |= term.what.is_of_end() || term.what == Term::Word(Word::Depth);
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
                Action::Trace(_) if of_polls => {
                    return Err(Wrong::whole(
                        "`trace()` shows calls with those within them: `print(..)` shows single polls",
                    ));
                }
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
            functions: Vec::new(),
            at_end,
            of_polls,
            scope: program.scope.clone(),
            entry,
            end,
            steps,
            kept: Vec::new(),
            wants: Wants { clock: traces, depth: traces, err: traces, ..Wants::default() },
            limits: bounds(&program.limits, traces)?,
            note: None,
        };
        plan.look_at_operands();
        plan.note = compiler.note(plan.wants.err && !traces);
        plan.functions = compiler.into_functions();
        Ok(plan)
    }

    /// What the operands ask for.
    fn look_at_operands(&mut self) {
        let (mut wants, mut kept) = (self.wants, Vec::new());
        let mut look = |operand: &Term<usize>, late: bool| match operand {
            Term::Word(Word::Latency) => wants.clock = true,
            Term::Word(Word::SelfTime) => {
                (wants.clock, wants.depth, wants.self_time) = (true, true, true);
            }
            Term::Word(Word::Depth) => wants.depth = true,
            Term::Word(Word::Args) => wants.args = true,
            Term::Word(Word::Err) => wants.err = true,
            Term::Arg(place) if late && !kept.contains(place) => kept.push(*place),
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
    fn operands(&self, visit: &mut impl FnMut(&Term<usize>)) {
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

/// Whether a poll has it.
fn at_poll(term: &At<Term>) -> Result<(), Wrong> {
    let message = match &term.what {
        Term::Arg(argument) => format!(
            "`{}` is not known of a poll: the future has taken its arguments; `.entry` and `.life` have them",
            argument.name
        ),
        Term::Word(word) if !word.is_known_of_polls() => {
            format!("`{}` is not known of a poll", word.text())
        }
        _ => return Ok(()),
    };
    Err(Wrong::at(term.column, message))
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
