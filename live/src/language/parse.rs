//! Text to [`Program`]: recursive descent, of bounded depth.
//!
//! ```text
//! program    = pattern+ [ '.' point ] [ '/' or '/' ] '{' action (';' action)* '}' limit*
//! action     = [ '@' name? [ '[' term (',' term)* ']' ] '=' ] function '(' .. ')'
//! or         = and ('||' and)*            and = not ('&&' not)*            not = '!'* compare
//! compare    = primary [ ('==' | '!=' | '<' | '<=' | '>' | '>=') primary ]
//! primary    = '(' or ')' | literal | term
//! term       = word | ['args.'] argument ['?']
//! limit      = 'rate' N '/s' | 'for' time | 'max' N | 'every' time | 'budget' N '%'
//! ```

use super::ast::{Action, Aggregate, At, Comparison, Expr, Limits, Literal, Point, Program, Term};
use super::cursor::Cursor;
use super::error::{Wrong, near};

/// So deep may expressions be.
const DEPTH: usize = 32;
/// So long may programs be, in bytes.
const LONGEST: usize = 8 * 1024;

const WORDS: [(&str, Term); 9] = [
    ("func", Term::Func),
    ("thread", Term::Thread),
    ("latency", Term::Latency),
    ("depth", Term::Depth),
    ("panic", Term::Panic),
    ("err", Term::Err),
    ("ret", Term::Ret),
    ("args", Term::Args),
    ("stack", Term::Stack),
];

const FUNCTIONS: [&str; 9] =
    ["count", "sum", "avg", "min", "max", "hist", "lhist", "print", "trace"];

/// Reads a program.
pub(crate) fn parse(text: &str) -> Result<Program, Wrong> {
    if text.len() > LONGEST {
        return Err(Wrong::whole(format!(
            "a program of {} bytes; {LONGEST} are read at most",
            text.len()
        )));
    }
    let mut cursor = Cursor::new(text);
    let (selection, point) = selection(&mut cursor)?;
    let predicate = if cursor.eat("/") {
        let predicate = or(&mut cursor, DEPTH)?;
        cursor.expect("/", "after the predicate")?;
        Some(predicate)
    } else {
        None
    };
    let actions = actions(&mut cursor)?;
    let limits = limits(&mut cursor)?;
    Ok(Program { selection, point, predicate, actions, limits })
}

fn selection(cursor: &mut Cursor<'_>) -> Result<(Vec<At<String>>, Point), Wrong> {
    let mut patterns = Vec::new();
    let mut point = Point::Any;
    loop {
        cursor.spaces();
        let column = cursor.column();
        // Between them a brace opens the actions, within one it is a choice.
        let is_file = cursor.peek() == Some(':');
        let word = match cursor.peek() {
            None | Some('{' | '/') => "",
            _ => pattern(cursor, is_file),
        };
        if word.is_empty() {
            break;
        }
        let pattern = match word.rsplit_once('.') {
            Some((pattern, name)) if !is_file => {
                point = match name {
                    "entry" => Point::Entry,
                    "exit" => Point::Exit,
                    _ => {
                        let hint = near(name, ["entry", "exit"]);
                        let column = column + pattern.chars().count() + 1;
                        let message = format!("no point `.{name}`{hint}; there are .entry, .exit");
                        return Err(Wrong::at(column, message));
                    }
                };
                pattern
            }
            _ => word,
        };
        patterns.push(At { what: pattern.to_owned(), column });
    }
    if patterns.is_empty() {
        return Err(Wrong::at(
            1,
            "no functions: a program begins with a pattern, such as `bank::**`",
        ));
    }
    Ok((patterns, point))
}

/// Takes a pattern, which may contain choices in braces.
fn pattern<'t>(cursor: &mut Cursor<'t>, is_file: bool) -> &'t str {
    let rest = cursor.rest();
    let mut end = 0;
    while let Some(c) = rest[end..].chars().next() {
        let is_end = match c {
            '/' => !is_file,
            '{' => match rest[end..].split_once('}') {
                Some((choice, _)) if !choice.contains([' ', '(', '@']) => {
                    end += choice.len();
                    false
                }
                _ => true,
            },
            c => c.is_whitespace(),
        };
        if is_end {
            break;
        }
        end += rest[end..].chars().next().map_or(0, char::len_utf8);
    }
    cursor.skip(end);
    &rest[..end]
}

fn or(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expr, Wrong> {
    let mut left = and(cursor, depth)?;
    while cursor.eat("||") {
        left = Expr::Or(Box::new(left), Box::new(and(cursor, depth)?));
    }
    Ok(left)
}

fn and(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expr, Wrong> {
    let mut left = not(cursor, depth)?;
    while cursor.eat("&&") {
        left = Expr::And(Box::new(left), Box::new(not(cursor, depth)?));
    }
    Ok(left)
}

fn not(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expr, Wrong> {
    let depth = depth.checked_sub(1).ok_or_else(|| {
        cursor.wrong(format!("the predicate is deeper than {DEPTH} parentheses and `!`"))
    })?;
    if cursor.eat("!") {
        return Ok(Expr::Not(Box::new(not(cursor, depth)?)));
    }
    let left = primary(cursor, depth)?;
    cursor.spaces();
    let column = cursor.column();
    let comparisons = [
        ("==", Comparison::Equal),
        ("!=", Comparison::Unequal),
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    for (text, what) in comparisons {
        if cursor.eat(text) {
            let right = primary(cursor, depth)?;
            return Ok(Expr::Compare(Box::new(left), At { what, column }, Box::new(right)));
        }
    }
    if cursor.rest().starts_with('=') {
        return Err(cursor.wrong("`=` compares nothing; write `==`"));
    }
    Ok(left)
}

fn primary(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expr, Wrong> {
    if cursor.eat("(") {
        let inner = or(cursor, depth)?;
        cursor.expect(")", "to close the parenthesis")?;
        return Ok(inner);
    }
    if let Some(literal) = cursor.literal()? {
        return Ok(Expr::Literal(literal));
    }
    let before = *cursor;
    if let Some(At { what: what @ ("true" | "false"), column }) = cursor.name() {
        return Ok(Expr::Literal(At { what: Literal::Bool(what == "true"), column }));
    }
    *cursor = before;
    term(cursor).map(Expr::Term)
}

fn term(cursor: &mut Cursor<'_>) -> Result<At<Term>, Wrong> {
    let Some(At { what, column }) = cursor.name() else {
        return Err(cursor.wrong(format!("expected a name or a value, found {}", cursor.found())));
    };
    let word = WORDS.iter().find(|(word, _)| *word == what).map(|(_, term)| term.clone());
    // What else has the name of a word is reached as `args.name`.
    let name = match word {
        Some(Term::Args) if cursor.rest().starts_with('.') => {
            cursor.skip(1);
            let name = cursor.name().ok_or_else(|| cursor.wrong("expected an argument's name"))?;
            name.what
        }
        Some(term) => return Ok(At { what: term, column }),
        None => what,
    };
    let optional = cursor.rest().starts_with('?');
    cursor.skip(usize::from(optional));
    Ok(At { what: Term::Arg { name: name.to_owned(), optional }, column })
}

fn list(cursor: &mut Cursor<'_>, end: &str) -> Result<Vec<At<Term>>, Wrong> {
    let mut terms = Vec::new();
    if cursor.eat(end) {
        return Ok(terms);
    }
    loop {
        terms.push(term(cursor)?);
        if cursor.eat(end) {
            return Ok(terms);
        }
        cursor.expect(",", &format!("or `{end}`"))?;
    }
}

fn actions(cursor: &mut Cursor<'_>) -> Result<Vec<Action>, Wrong> {
    cursor.expect("{", "and what to do, such as `{ count() }`")?;
    let mut actions = Vec::new();
    loop {
        while cursor.eat(";") {}
        if cursor.eat("}") {
            break;
        }
        actions.push(action(cursor)?);
        if !cursor.eat(";") {
            cursor.expect("}", "or `;` after an action")?;
            break;
        }
    }
    match actions.len() {
        0 => Err(cursor.wrong("nothing to do: `{ count() }` counts, `{ print(func) }` shows")),
        1..=8 => Ok(actions),
        more => Err(cursor.wrong(format!("{more} actions; 8 are done at most"))),
    }
}

fn action(cursor: &mut Cursor<'_>) -> Result<Action, Wrong> {
    let assigned = cursor.eat("@");
    let (mut name, mut keys) = (String::new(), Vec::new());
    if assigned {
        if let Some(given) = cursor.name() {
            given.what.clone_into(&mut name);
        }
        if cursor.eat("[") {
            keys = list(cursor, "]")?;
            if keys.len() > 4 {
                return Err(Wrong::at(keys[4].column, "4 keys are kept at most"));
            }
        }
        cursor.expect("=", "and what is kept, such as `@[func] = count()`")?;
    }
    let Some(At { what, column }) = cursor.name() else {
        return Err(cursor.wrong(format!("expected an action, found {}", cursor.found())));
    };
    if !FUNCTIONS.contains(&what) {
        let hint = near(what, FUNCTIONS);
        let all = FUNCTIONS.join(", ");
        return Err(Wrong::at(column, format!("no action `{what}`{hint}; there are {all}")));
    }
    cursor.expect("(", &format!("after `{what}`"))?;
    if matches!(what, "print" | "trace") && assigned {
        return Err(Wrong::at(column, format!("`{what}` keeps nothing to be assigned")));
    }
    let (function, value) = match what {
        "print" => {
            let items = list(cursor, ")")?;
            if items.is_empty() {
                return Err(Wrong::at(column, "nothing to print: `print(func, latency)`"));
            }
            return Ok(Action::Print(items));
        }
        "trace" => {
            return Ok(Action::Trace(list(cursor, ")")?));
        }
        "count" => {
            cursor.expect(")", "after `count(`: it counts calls")?;
            return Ok(Action::Aggregate { name, keys, function: Aggregate::Count, value: None });
        }
        _ => (what, term(cursor)?),
    };
    let function = match function {
        "sum" => Aggregate::Sum,
        "avg" => Aggregate::Avg,
        "min" => Aggregate::Min,
        "max" => Aggregate::Max,
        "hist" => Aggregate::Hist,
        _ => lhist(cursor, column)?,
    };
    cursor.expect(")", &format!("after the value of `{what}`"))?;
    Ok(Action::Aggregate { name, keys, function, value: Some(value) })
}

fn lhist(cursor: &mut Cursor<'_>, column: usize) -> Result<Aggregate, Wrong> {
    let mut bound = |of: &str| -> Result<u64, Wrong> {
        cursor.expect(",", "and `lhist(value, from, to, step)`")?;
        match cursor.literal()? {
            Some(At { what: Literal::Int(bound), column }) => u64::try_from(bound)
                .map_err(|_| Wrong::at(column, format!("{of} of `lhist` is not negative"))),
            _ => Err(cursor.wrong(format!("expected {of} of `lhist`, a number or a time"))),
        }
    };
    let (from, to, step) = (bound("the beginning")?, bound("the end")?, bound("the step")?);
    if step == 0 || to <= from || (to - from).div_ceil(step) > 1000 {
        return Err(Wrong::at(
            column,
            "`lhist` has 1 to 1000 steps between its beginning and its end",
        ));
    }
    Ok(Aggregate::Lhist { from, to, step })
}

fn limits(cursor: &mut Cursor<'_>) -> Result<Limits, Wrong> {
    let mut limits = Limits::default();
    while let Some(At { what, column }) = cursor.name() {
        match what {
            "rate" => {
                limits.rate = Some(cursor.whole("for `rate`")?);
                cursor.expect("/s", "after the number of `rate`")?;
            }
            "for" => limits.lasting = Some(cursor.duration("for `for`")?),
            "max" => limits.max = Some(cursor.whole("for `max`")?),
            "every" => limits.every = Some(cursor.duration("for `every`")?),
            "budget" => {
                limits.budget = Some(cursor.percent("for `budget`")?);
                cursor.expect("%", "after the number of `budget`")?;
            }
            _ => {
                let all = ["rate", "for", "max", "every", "budget"];
                let hint = near(what, all);
                let message = format!("no limit `{what}`{hint}; there are {}", all.join(", "));
                return Err(Wrong::at(column, message));
            }
        }
    }
    cursor.spaces();
    if cursor.rest().is_empty() {
        return Ok(limits);
    }
    Err(cursor.wrong(format!("expected a limit or the end, found {}", cursor.found())))
}
