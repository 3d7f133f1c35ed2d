//! Names to places: which argument of which function a name is, and whether it can be asked what it is asked.

use gtramp::Function;

use super::ast::{Action, Aggregate, At, Expr};
use super::error::{Wrong, near};
use super::plan::{Place, Planned, Step, Test, Value};
use super::value::{Argument, Class, Return};
use super::word::{Compared, Term, Word, root};

/// So many arguments can a program name.
pub(crate) const MOST_ARGUMENTS: usize = 16;

/// The functions of a program, and the arguments that it names.
pub(super) struct Compiler {
    functions: Vec<Planned>,
    /// Name, and the column of the first mention.
    arguments: Vec<At<String>>,
    optional: Vec<bool>,
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
        Self { functions, arguments: Vec::new(), optional: Vec::new() }
    }

    /// Leaves out what is no async function, because of this point.
    pub(super) fn only_lives(&mut self, point: &str) -> Result<(), Wrong> {
        self.functions.retain(|planned| planned.is_async);
        match self.functions.is_empty() {
            true => Err(Wrong::whole(format!(
                "`{point}` is of async functions, and none of these is one"
            ))),
            false => Ok(()),
        }
    }

    /// What whoever reads the results of this program has to know.
    pub(super) fn note(&self, asks_for_err: bool) -> Option<String> {
        let count = self.functions.iter().filter(|planned| planned.is_async).count();
        let note = format!(
            "of {count} async function(s) it is not known whether a result is an `Err`: `err` is false there"
        );
        (asks_for_err && count > 0).then_some(note)
    }

    pub(super) fn into_functions(self) -> Vec<Planned> {
        self.functions
    }

    /// Notes that a term is asked for.
    pub(super) fn declare(&mut self, term: &At<Term>) -> Result<(), Wrong> {
        match &term.what {
            Term::Arg(argument) => match self.place(&argument.name) {
                Some(place) => self.optional[place] |= argument.optional,
                None if self.arguments.len() == MOST_ARGUMENTS => {
                    let message = format!("{MOST_ARGUMENTS} arguments are looked at, at most");
                    return Err(Wrong::at(term.column, message));
                }
                None => {
                    self.arguments.push(At { what: argument.name.clone(), column: term.column });
                    self.optional.push(argument.optional);
                }
            },
            Term::Word(word) if word.is_of_lives() => {
                if let Some(other) = self.functions.iter().find(|planned| !planned.is_async) {
                    let (word, path) = (word.text(), other.function.path());
                    let message = format!(
                        "`{word}` is of async functions, and {path} is none: `.life` leaves out such functions"
                    );
                    return Err(Wrong::at(term.column, message));
                }
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
            planned.ret = Return::of(planned.function);
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
                if let (Some(one), Some(other)) = (one, other)
                    && one != other
                {
                    let message = format!("{one} is compared with {other}");
                    return Err(Wrong::at(how.column, message));
                }
                Test::Compare(self.operand(left)?, how.what, self.operand(right)?)
            }
            Expr::Term(_) => match self.class(expr)? {
                None | Some(Class::Bool) => Test::Is(self.operand(expr)?),
                Some(class) => {
                    let message = format!("{class} is neither true nor false: compare it");
                    return Err(Wrong::at(expr.column(), message));
                }
            },
        })
    }

    fn operand(&self, expr: &Expr) -> Result<Term<usize>, Wrong> {
        match expr {
            Expr::Term(term) => Ok(self.term(&term.what)),
            other => Err(Wrong::at(other.column(), "only names and values are compared")),
        }
    }

    fn term(&self, term: &Term) -> Term<usize> {
        term.map(|argument| self.place(&argument.name).unwrap_or_default())
    }

    /// Its class; `None` for a member, whose type a call tells.
    fn class(&self, expr: &Expr) -> Result<Option<Class>, Wrong> {
        let Expr::Term(term) = expr else { return Ok(Some(Class::Bool)) };
        let class = match &term.what {
            Term::Arg(argument) if root(&argument.name).1 => return Ok(None),
            Term::Literal(literal) => Ok(literal.class()),
            Term::Scope(_) => Ok(Class::Text),
            Term::Word(word) => match (word.class(), word.class().class()) {
                (_, Some(class)) => Ok(class),
                (Compared::Result, None) => self.class_in_all(term.column, "the result", |of| {
                    (of.ret.as_ref().map(Return::class), of.function.return_type())
                }),
                (_, None) => {
                    let message = format!("`{}` is for printing", word.text());
                    Err(Wrong::at(term.column, message))
                }
            },
            Term::Arg(argument) => {
                let place = self.place(&argument.name).unwrap_or_default();
                self.class_in_all(term.column, &format!("`{}`", argument.name), |planned| {
                    let Place { index, reader, .. } = &planned.arguments[place];
                    let type_name = planned.function.argument(*index);
                    let type_name = type_name.map_or("", |argument| argument.type_name());
                    (reader.as_ref().map(Argument::class), type_name)
                })
            }
        };
        class.map(Some)
    }

    /// The class that something has in every function.
    fn class_in_all(
        &self,
        column: usize,
        what: &str,
        of: impl Fn(&Planned) -> (Option<Class>, &'static str),
    ) -> Result<Class, Wrong> {
        let mut first: Option<(Class, &Planned)> = None;
        for planned in &self.functions {
            let (class, type_name) = of(planned);
            let Some(class_here) = class else {
                return Err(not_read(column, what, planned.function, type_name));
            };
            match first {
                Some((class, before)) if class != class_here => {
                    let (one, other) = (before.function.path(), planned.function.path());
                    let message = format!("{what} is {class} in {one} and {class_here} in {other}");
                    return Err(Wrong::at(column, message));
                }
                _ => first = Some((class_here, planned)),
            }
        }
        Ok(first.map_or(Class::Number, |(class, _)| class))
    }

    pub(super) fn step(&self, action: &Action) -> Result<Step, Wrong> {
        let named = |terms: &[At<Term>]| -> Vec<(String, Term<usize>)> {
            terms.iter().map(|term| (term.what.text(), self.term(&term.what))).collect()
        };
        match action {
            // Frames are no text before somebody reads them.
            Action::Trace(items) => Ok(Step::Show {
                traced: items.iter().all(|item| item.what != Term::Word(Word::Stack)),
                items: named(items),
            }),
            Action::Print(items) => Ok(Step::Show { items: named(items), traced: false }),
            Action::Aggregate { name, keys, function, value } => {
                for key in keys {
                    if matches!(key.what, Term::Word(word) if word.is_fleeting()) {
                        let message = format!("`{}` is too many things for a key", key.what.text());
                        return Err(Wrong::at(key.column, message));
                    }
                }
                if let Some(value) = value {
                    self.number(value, *function)?;
                }
                let value = value.as_ref().map(|value| Value {
                    name: value.what.text(),
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
            None | Some(Class::Number) => Ok(()),
            Some(class) => {
                let (function, value_text) = (function.text(), value.what.text());
                let message = format!("`{function}` is of numbers, and `{value_text}` is {class}");
                Err(Wrong::at(value.column, message))
            }
        }
    }
}

fn index_of(function: &Function, path: &str) -> Option<usize> {
    function.arguments().position(|argument| argument.name() == root(path).0)
}

fn find(function: &'static Function, argument: &At<String>) -> Result<Place, Wrong> {
    let At { what: path, column } = argument;
    let (name, is_member) = root(path);
    let Some(index) = index_of(function, name) else {
        let names: Vec<&str> = function.arguments().map(|argument| argument.name()).collect();
        let words = Word::ALL.iter().map(|word| word.text());
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
    let argument = function.argument(index);
    if argument.is_some_and(|argument| argument.is_redacted()) {
        let path = function.path();
        return Err(Wrong::at(*column, format!("`{name}` of {path} is redacted: it is not shown")));
    }
    if !is_member {
        return Ok(Place { index, reader: Argument::of(function, index), member: None });
    }
    if let Some(argument) = argument.filter(|argument| !argument.has_fields()) {
        let (of, type_name) = (function.path(), argument.type_name());
        let message = format!(
            "`{name}` of {of} is `{type_name}`, whose members are not known: put #[derive(gtramp::Fields)] on it"
        );
        return Err(Wrong::at(*column, message));
    }
    Ok(Place { index, reader: None, member: Some(path.as_str().into()) })
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
