//! Names to places: which argument of which function a name is, and whether it can be asked what it is asked.

use gtramp::Function;

use super::ast::{Action, Aggregate, At, Expr, Term};
use super::error::{Wrong, near};
use super::plan::{Operand, Planned, Step, Test, Value};
use super::value::{Class, Reader};

/// The functions of a program, and the arguments that it names.
pub(super) struct Compiler {
    functions: Vec<Planned>,
    /// Name, and the column of the first mention.
    arguments: Vec<At<String>>,
    optional: Vec<bool>,
    /// Where the result is asked for.
    ret: Option<usize>,
}

impl Compiler {
    pub(super) fn new(functions: Vec<&'static Function>) -> Self {
        let planned = |function: &'static Function| Planned {
            function,
            is_async: function.is_async(),
            arguments: Box::default(),
            ret: None,
        };
        let functions = functions.into_iter().map(planned).collect();
        Self { functions, arguments: Vec::new(), optional: Vec::new(), ret: None }
    }

    pub(super) fn into_functions(self) -> Vec<Planned> {
        self.functions
    }

    /// Notes that a term is asked for.
    pub(super) fn declare(&mut self, term: &At<Term>) -> Result<(), Wrong> {
        match &term.what {
            Term::Err => {
                let message = "whether a result is an error cannot be told yet; `panic` can, and a result \
                               that is a number, true or false, or a text, as `ret`";
                return Err(Wrong::at(term.column, message));
            }
            Term::Arg { name, optional } => match self.place(name) {
                Some(place) => self.optional[place] |= optional,
                None if self.arguments.len() == 16 => {
                    return Err(Wrong::at(term.column, "16 arguments are looked at, at most"));
                }
                None => {
                    self.arguments.push(At { what: name.clone(), column: term.column });
                    self.optional.push(*optional);
                }
            },
            Term::Ret => {
                self.ret.get_or_insert(term.column);
            }
            _ => {}
        }
        Ok(())
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.arguments.iter().position(|argument| argument.what == name)
    }

    /// Finds every argument in every function, or leaves out the functions without it.
    pub(super) fn check_declared(&mut self) -> Result<(), Wrong> {
        for place in 0..self.arguments.len() {
            if self.optional[place] {
                let name = self.arguments[place].what.clone();
                self.functions.retain(|planned| index_of(planned.function, &name).is_some());
            }
        }
        if let (true, Some(first)) = (self.functions.is_empty(), self.arguments.first()) {
            let message = format!("none of the functions has an argument `{}`", first.what);
            return Err(Wrong::at(first.column, message));
        }
        let arguments = &self.arguments;
        for planned in &mut self.functions {
            let found = arguments.iter().map(|argument| find(planned.function, argument));
            planned.arguments = found.collect::<Result<_, _>>()?;
            let function = planned.function;
            planned.ret =
                Reader::of(function.return_type()).filter(|_| !function.is_result_redacted());
        }
        Ok(())
    }

    pub(super) fn predicate(&self, expr: &Expr) -> Result<Test, Wrong> {
        Ok(match expr {
            Expr::Not(inner) => Test::Not(Box::new(self.predicate(inner)?)),
            Expr::And(left, right) => {
                Test::And(Box::new(self.predicate(left)?), Box::new(self.predicate(right)?))
            }
            Expr::Or(left, right) => {
                Test::Or(Box::new(self.predicate(left)?), Box::new(self.predicate(right)?))
            }
            Expr::Compare(left, how, right) => {
                let (one, other) = (self.class(left)?, self.class(right)?);
                if one != other {
                    let message = format!("{one} is compared with {other}");
                    return Err(Wrong::at(how.column, message));
                }
                Test::Compare(self.operand(left)?, how.what, self.operand(right)?)
            }
            Expr::Term(_) | Expr::Literal(_) => match self.class(expr)? {
                Class::Bool => Test::Is(self.operand(expr)?),
                class => {
                    let message = format!("{class} is neither true nor false: compare it");
                    return Err(Wrong::at(expr.column(), message));
                }
            },
        })
    }

    fn operand(&self, expr: &Expr) -> Result<Operand, Wrong> {
        match expr {
            Expr::Literal(literal) => Ok(Operand::Literal(literal.what.value().keep())),
            Expr::Term(term) => Ok(self.term(&term.what)),
            other => Err(Wrong::at(other.column(), "only names and values are compared")),
        }
    }

    fn term(&self, term: &Term) -> Operand {
        match term {
            Term::Func => Operand::Func,
            Term::Thread => Operand::Thread,
            Term::Latency => Operand::Latency,
            Term::Depth => Operand::Depth,
            Term::Panic => Operand::Panic,
            Term::Cancelled => Operand::Cancelled,
            Term::Err => Operand::Err,
            Term::Ret => Operand::Ret,
            Term::Args => Operand::Args,
            Term::Stack => Operand::Stack,
            Term::Arg { name, .. } => Operand::Arg(self.place(name).unwrap_or_default()),
        }
    }

    fn class(&self, expr: &Expr) -> Result<Class, Wrong> {
        match expr {
            Expr::Literal(literal) => Ok(literal.what.class()),
            Expr::Term(term) => match &term.what {
                Term::Func | Term::Thread => Ok(Class::Text),
                Term::Latency | Term::Depth => Ok(Class::Number),
                Term::Panic | Term::Cancelled | Term::Err => Ok(Class::Bool),
                Term::Args | Term::Stack => {
                    let message = format!("`{}` is for printing", term.what.text());
                    Err(Wrong::at(term.column, message))
                }
                Term::Ret => self.class_in_all(term.column, "the result", |planned| {
                    (planned.ret, planned.function.return_type())
                }),
                Term::Arg { name, .. } => {
                    let place = self.place(name).unwrap_or_default();
                    self.class_in_all(term.column, &format!("`{name}`"), |planned| {
                        let (index, reader) = planned.arguments[place];
                        let type_name = planned.function.argument(index);
                        (Some(reader), type_name.map_or("", |argument| argument.type_name()))
                    })
                }
            },
            Expr::Not(_) | Expr::And(..) | Expr::Or(..) | Expr::Compare(..) => Ok(Class::Bool),
        }
    }

    /// The class that something has in every function.
    fn class_in_all(
        &self,
        column: usize,
        what: &str,
        of: impl Fn(&Planned) -> (Option<Reader>, &'static str),
    ) -> Result<Class, Wrong> {
        let mut first: Option<(Class, &Planned)> = None;
        for planned in &self.functions {
            let (reader, type_name) = of(planned);
            let Some(reader) = reader else {
                return Err(not_read(column, what, planned.function, type_name));
            };
            match first {
                Some((class, before)) if class != reader.class() => {
                    let (one, other) = (before.function.path(), planned.function.path());
                    let class_here = reader.class();
                    let message = format!("{what} is {class} in {one} and {class_here} in {other}");
                    return Err(Wrong::at(column, message));
                }
                _ => first = Some((reader.class(), planned)),
            }
        }
        Ok(first.map_or(Class::Number, |(class, _)| class))
    }

    pub(super) fn step(&self, action: &Action) -> Result<Step, Wrong> {
        let named = |terms: &[At<Term>]| -> Vec<(String, Operand)> {
            terms.iter().map(|term| (term.what.text().to_owned(), self.term(&term.what))).collect()
        };
        match action {
            Action::Trace(items) => Ok(Step::Show { items: named(items), traced: true }),
            Action::Print(items) => Ok(Step::Show { items: named(items), traced: false }),
            Action::Aggregate { name, keys, function, value } => {
                for key in keys {
                    if matches!(key.what, Term::Latency | Term::Args | Term::Stack) {
                        let message = format!("`{}` is too many things for a key", key.what.text());
                        return Err(Wrong::at(key.column, message));
                    }
                    self.class(&Expr::Term(key.clone()))?;
                }
                if let Some(value) = value {
                    self.number(value, *function)?;
                }
                let value = value.as_ref().map(|value| Value {
                    name: value.what.text().to_owned(),
                    operand: self.term(&value.what),
                });
                Ok(Step::Aggregate {
                    name: name.clone(),
                    keys: named(keys),
                    function: *function,
                    value,
                })
            }
        }
    }

    fn number(&self, value: &At<Term>, function: Aggregate) -> Result<(), Wrong> {
        match self.class(&Expr::Term(value.clone()))? {
            Class::Number => Ok(()),
            class => {
                let (function, value_text) = (function.text(), value.what.text());
                let message = format!("`{function}` is of numbers, and `{value_text}` is {class}");
                Err(Wrong::at(value.column, message))
            }
        }
    }
}

fn index_of(function: &Function, name: &str) -> Option<usize> {
    function.arguments().position(|argument| argument.name() == name)
}

fn find(function: &'static Function, argument: &At<String>) -> Result<(usize, Reader), Wrong> {
    let At { what: name, column } = argument;
    let Some(index) = index_of(function, name) else {
        let names: Vec<&str> = function.arguments().map(|argument| argument.name()).collect();
        let words = ["func", "thread", "latency", "depth", "panic", "cancelled", "ret"];
        let hint = near(name, names.iter().copied().chain(words));
        let all = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let path = function.path();
        return Err(Wrong::at(
            *column,
            format!(
                "{path} has no argument `{name}`{hint} It has: {all}. `{name}?` leaves out functions without it"
            ),
        ));
    };
    if function.argument(index).is_some_and(|argument| argument.is_redacted()) {
        let path = function.path();
        return Err(Wrong::at(*column, format!("`{name}` of {path} is redacted: it is not shown")));
    }
    let type_name = function.argument(index).map_or("", |argument| argument.type_name());
    let reader = Reader::of(type_name)
        .ok_or_else(|| not_read(*column, &format!("`{name}`"), function, type_name))?;
    Ok((index, reader))
}

fn not_read(column: usize, what: &str, function: &Function, type_name: &str) -> Wrong {
    let path = function.path();
    Wrong::at(
        column,
        format!(
            "{what} of {path} is `{type_name}`: numbers, bool, str, String and Duration are compared"
        ),
    )
}
